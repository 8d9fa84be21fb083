// SPDX-License-Identifier: Apache-2.0
#include "face/resize.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/check.h"

namespace avatar {
namespace {

constexpr double kLobes = 3;

double lanczos(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double p = std::numbers::pi * x;
  return kLobes * std::sin(p) * std::sin(p / kLobes) / (p * p);
}

/// Which sources make one output sample, and with which weights (sum 1).
struct Taps {
  int first = 0;
  std::vector<float> weight;
};

std::vector<Taps> taps_for(int from, int to) {
  const double ratio = static_cast<double>(from) / to;
  std::vector<Taps> all(static_cast<size_t>(to));
  for (int i = 0; i < to; ++i) {
    Taps& t = all[static_cast<size_t>(i)];
    const double centre = (i + 0.5) * ratio;
    t.first = std::max(0, static_cast<int>(std::floor(centre - kLobes * ratio)));
    const int end = std::min(from, static_cast<int>(std::ceil(centre + kLobes * ratio)));
    double sum = 0;
    for (int s = t.first; s < end; ++s) {
      const double w = lanczos((s + 0.5 - centre) / ratio);
      t.weight.push_back(static_cast<float>(w));
      sum += w;
    }
    for (float& w : t.weight) w = static_cast<float>(w / sum);
  }
  return all;
}

}  // namespace

Image shrink(const Image& picture, int width, int height) {
  CHECK(width >= 1 && height >= 1 && width <= picture.width && height <= picture.height);
  const auto across = taps_for(picture.width, width);
  const auto down = taps_for(picture.height, height);
  size_t most = 0;
  for (const Taps& t : down) most = std::max(most, t.weight.size());

  CHECK(most > 0);

  // Rows already shrunk across, in a ring as high as the tallest column of taps.
  const size_t row_size = static_cast<size_t>(width) * 3;
  std::vector<std::vector<float>> ring(most, std::vector<float>(row_size));
  std::vector<float> sum(row_size);
  int ready = 0;  // rows 0..ready-1 of the picture have passed through the ring
  Image out(width, height);
  for (int y = 0; y < height; ++y) {
    const Taps& t = down[static_cast<size_t>(y)];
    for (; ready < t.first + static_cast<int>(t.weight.size()); ++ready) {
      float* row = ring[static_cast<size_t>(ready) % most].data();
      for (int x = 0; x < width; ++x, row += 3) {
        const Taps& h = across[static_cast<size_t>(x)];
        const uint8_t* p = picture.at(h.first, ready);
        float r = 0, g = 0, b = 0;
        for (const float w : h.weight) {
          r += w * p[0], g += w * p[1], b += w * p[2];
          p += 3;
        }
        row[0] = r, row[1] = g, row[2] = b;
      }
    }
    std::fill(sum.begin(), sum.end(), 0.5f);  // rounds
    for (size_t k = 0; k < t.weight.size(); ++k) {
      const float* row = ring[(static_cast<size_t>(t.first) + k) % most].data();
      for (size_t i = 0; i < row_size; ++i) sum[i] += t.weight[k] * row[i];
    }
    uint8_t* to = out.at(0, y);
    for (size_t i = 0; i < row_size; ++i) to[i] = static_cast<uint8_t>(std::clamp(sum[i], 0.0f, 255.0f));
  }
  return out;
}

}  // namespace avatar
