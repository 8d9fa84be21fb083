// SPDX-License-Identifier: Apache-2.0
#include "face/pyramid.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace avatar {
namespace {

Image half(const Image& from) {
  Image to((from.width + 1) / 2, (from.height + 1) / 2);
  for (int y = 0; y < to.height; ++y) {
    const uint8_t* a = from.at(0, 2 * y);
    const uint8_t* b = from.at(0, std::min(2 * y + 1, from.height - 1));
    uint8_t* out = to.at(0, y);
    for (int x = 0; x < to.width; ++x, out += 3) {
      const int left = 6 * x, right = 3 * std::min(2 * x + 1, from.width - 1);
      for (int c = 0; c < 3; ++c) {
        out[c] = static_cast<uint8_t>((a[left + c] + a[right + c] + b[left + c] + b[right + c] + 2) / 4);
      }
    }
  }
  return to;
}

}  // namespace

Point2 Crop::to_picture(float u, float v) const {
  const float c = std::cos(angle) * side, s = std::sin(angle) * side;
  return {x + c * (u - 0.5f) - s * (v - 0.5f), y + s * (u - 0.5f) + c * (v - 0.5f)};
}

Point2 Crop::from_picture(float px, float py) const {
  const float c = std::cos(angle) / side, s = std::sin(angle) / side;
  return {0.5f + c * (px - x) + s * (py - y), 0.5f - s * (px - x) + c * (py - y)};
}

Pyramid::Pyramid(const Image& picture) : picture_(picture) {
  CHECK(!picture.empty());
  const Image* last = &picture_;
  smaller_.reserve(16);
  while (std::min(last->width, last->height) >= 32) {
    smaller_.push_back(half(*last));
    last = &smaller_.back();
  }
}

Crop Pyramid::whole(float factor) const {
  const float w = static_cast<float>(picture_.width), h = static_cast<float>(picture_.height);
  return {w / 2, h / 2, std::max(w, h) * factor, 0};
}

void Pyramid::cut(const Crop& crop, int size, Beyond beyond, float gain, float offset, std::span<float> planes) const {
  const size_t plane = static_cast<size_t>(size) * size;
  CHECK(planes.size() == 3 * plane);
  const float step = crop.side / static_cast<float>(size);  // picture pixels per pixel of the crop
  const int which =
      std::clamp(static_cast<int>(std::lround(std::log2(std::max(step, 1e-6f)))), 0, static_cast<int>(smaller_.size()));
  const Image& from = level(which);
  const float shrunk = std::ldexp(1.0f, -which);
  const Point2 start = crop.to_picture(0.5f / static_cast<float>(size), 0.5f / static_cast<float>(size));
  const float dx = std::cos(crop.angle) * step * shrunk, dy = std::sin(crop.angle) * step * shrunk;
  const float right = static_cast<float>(from.width - 1), bottom = static_cast<float>(from.height - 1);
  float* out = planes.data();
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column, ++out) {
      float x = start.x * shrunk - 0.5f + static_cast<float>(column) * dx - static_cast<float>(row) * dy;
      float y = start.y * shrunk - 0.5f + static_cast<float>(column) * dy + static_cast<float>(row) * dx;
      if (beyond == Beyond::black && (x < -0.5f || y < -0.5f || x > right + 0.5f || y > bottom + 0.5f)) {
        out[0] = out[plane] = out[2 * plane] = offset;
        continue;
      }
      x = std::clamp(x, 0.0f, right);
      y = std::clamp(y, 0.0f, bottom);
      const int x0 = static_cast<int>(x), y0 = static_cast<int>(y);
      const float fx = x - static_cast<float>(x0), fy = y - static_cast<float>(y0);
      const uint8_t* a = from.at(x0, y0);
      const uint8_t* b = from.at(x0, std::min(y0 + 1, from.height - 1));
      const int next = x0 + 1 < from.width ? 3 : 0;
      for (size_t c = 0; c < 3; ++c) {
        const float top = static_cast<float>(a[c]) + fx * static_cast<float>(a[c + static_cast<size_t>(next)] - a[c]);
        const float low = static_cast<float>(b[c]) + fx * static_cast<float>(b[c + static_cast<size_t>(next)] - b[c]);
        out[c * plane] = (top + fy * (low - top)) * gain + offset;
      }
    }
  }
}

}  // namespace avatar
