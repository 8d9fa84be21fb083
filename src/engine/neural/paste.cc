// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/paste.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace avatar::neural {
namespace {

constexpr int kRim = 26;  // px: the published mask is 460 px wide in 512
// How far beyond the person's outline the drawn picture still shows, and how soft it ends, in sides of the crop: 12 px
// of 512 each; chosen by eye. Hair and collar move a little with the head.
constexpr double kBeyondPerson = 12.0 / kDrawnSide;

// The person's matte, wider and softer: the largest value within `reach` px, then the mean within `reach`.
std::vector<float> wide_matte(const Mask& person, int reach) {
  const int w = person.width, h = person.height;
  std::vector<float> a(static_cast<size_t>(w) * h), b(a.size());
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(person.value[i]) / 255;
  // Along rows, then along columns: each pass writes the other array turned by a quarter.
  const auto pass = [reach](const std::vector<float>& from, std::vector<float>& to, int width, int height,
                            bool largest) {
    for (int y = 0; y < height; ++y) {
      const float* row = &from[static_cast<size_t>(y) * width];
      double sum = 0;
      const auto at = [&](int x) { return static_cast<double>(row[std::clamp(x, 0, width - 1)]); };
      for (int x = -reach; x <= reach; ++x) sum += at(x);
      for (int x = 0; x < width; ++x) {
        float& out = to[static_cast<size_t>(x) * height + y];
        if (largest) {
          out = *std::max_element(row + std::max(0, x - reach), row + std::min(width, x + reach + 1));
        } else {
          out = static_cast<float>(sum / (2 * reach + 1));
          sum += at(x + reach + 1) - at(x - reach);
        }
      }
    }
  };
  pass(a, b, w, h, true);
  pass(b, a, h, w, true);
  pass(a, b, w, h, false);
  pass(b, a, h, w, false);
  return a;
}

float sample(const std::vector<float>& plane, int width, int height, Point p) {
  const int x = std::clamp(static_cast<int>(std::lround(p.x)), 0, width - 1);
  const int y = std::clamp(static_cast<int>(std::lround(p.y)), 0, height - 1);
  return plane[static_cast<size_t>(y) * width + x];
}

uint8_t byte(float value, float low, float high) {
  return static_cast<uint8_t>(std::clamp(value, low, high) + 0.5F);  // NaN became `low` before
}

}  // namespace

float rim_mask(int row, int column) {
  constexpr float kRamp = kRim - 1;
  const int u = std::min(row, kDrawnSide - 1 - row), v = std::min(column, kDrawnSide - 1 - column);
  if (u >= kRim && v >= kRim) return 1;
  if (u >= kRim) return static_cast<float>(v) / kRamp;
  if (v >= kRim) return static_cast<float>(u) / kRamp;
  const float du = (kRamp - static_cast<float>(u)) / kRamp, dv = (kRamp - static_cast<float>(v)) / kRamp;
  return 1 - std::min(1.0F, std::sqrt(du * du + dv * dv));
}

// `step` 1: luma; 2: chroma, whose samples lie in the middle of four pixels.
std::vector<Paste::Spot> Paste::spots(const Portrait& portrait, const Framing& framing, const Affine& to_crop,
                                      int step) {
  const double crop_px = std::hypot(to_crop.m[0], to_crop.m[3]);  // of the crop, per px of the picture
  const int reach = std::max(1, static_cast<int>(std::lround(kBeyondPerson * kDrawnSide / crop_px)));
  const bool has_matte = portrait.person.width == portrait.picture.width &&
                         portrait.person.height == portrait.picture.height && portrait.person.width > 0;
  const std::vector<float> matte = has_matte ? wide_matte(portrait.person, reach) : std::vector<float>();

  std::vector<Spot> spots;
  const int width = framing.width / step, height = framing.height / step;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Point in_picture{(x + 0.5) * step / framing.scale + framing.origin_x - 0.5,
                             (y + 0.5) * step / framing.scale + framing.origin_y - 0.5};
      const Point p = to_crop(in_picture);
      if (!(p.x >= 0 && p.y >= 0 && p.x <= kDrawnSide - 1 && p.y <= kDrawnSide - 1)) continue;
      const int px = std::min(static_cast<int>(p.x), kDrawnSide - 2),
                py = std::min(static_cast<int>(p.y), kDrawnSide - 2);
      const double fx = p.x - px, fy = p.y - py;
      double share = (1 - fy) * ((1 - fx) * rim_mask(py, px) + fx * rim_mask(py, px + 1)) +
                     fy * ((1 - fx) * rim_mask(py + 1, px) + fx * rim_mask(py + 1, px + 1));
      if (has_matte) share *= sample(matte, portrait.person.width, portrait.person.height, in_picture);
      const auto parts = static_cast<uint16_t>(std::lround(share * 256));
      if (parts == 0) continue;
      spots.push_back({static_cast<uint32_t>(y * width + x), static_cast<uint32_t>(py * kDrawnSide + px),
                       static_cast<uint8_t>(std::lround(fx * 32)), static_cast<uint8_t>(std::lround(fy * 32)), parts});
    }
  }
  return spots;
}

Paste::Paste(const Portrait& portrait, const Framing& framing, const Affine& to_crop, const Frame& still)
    : still_(still), luma_(spots(portrait, framing, to_crop, 1)), chroma_(spots(portrait, framing, to_crop, 2)) {
  CHECK(still.width() == framing.width && still.height() == framing.height);
}

void Paste::onto(std::span<const float> drawn, Scratch& scratch, Frame& frame) const {
  constexpr size_t kPixels = static_cast<size_t>(kDrawnSide) * kDrawnSide;
  CHECK(drawn.size() == 3 * kPixels && frame.width() == still_.width() && frame.height() == still_.height());
  uint8_t* const y = scratch.ycc.data();
  uint8_t* const u = y + kPixels;
  uint8_t* const v = u + kPixels;
  const float *red = drawn.data(), *green = red + kPixels, *blue = green + kPixels;
  for (size_t i = 0; i < kPixels; ++i) {
    // What is no number compares false and becomes 0.
    const auto unit = [](float c) { return c > 0 ? std::min(c, 1.0F) : 0.0F; };
    const float r = unit(red[i]), g = unit(green[i]), b = unit(blue[i]);
    // BT.601, limited range (ITU-R BT.601-7, 2.5).
    y[i] = byte(16 + 65.481F * r + 128.553F * g + 24.966F * b, 16, 235);
    u[i] = byte(128 - 37.797F * r - 74.203F * g + 112.0F * b, 16, 240);
    v[i] = byte(128 + 112.0F * r - 93.786F * g - 18.214F * b, 16, 240);
  }
  std::copy(still_.bytes().begin(), still_.bytes().end(), frame.y());
  const auto lay = [](const std::vector<Spot>& spots, const uint8_t* plane, uint8_t* to) {
    for (const Spot& s : spots) {
      const uint8_t* p = plane + s.from;
      const int top = p[0] * (32 - s.fx) + p[1] * s.fx;
      const int low = p[kDrawnSide] * (32 - s.fx) + p[kDrawnSide + 1] * s.fx;
      const int value = top * (32 - s.fy) + low * s.fy;  // of 1,024
      to[s.to] = static_cast<uint8_t>((value / 4 * s.share + to[s.to] * 256 * (256 - s.share) + (1 << 15)) >> 16);
    }
  };
  lay(luma_, y, frame.y());
  lay(chroma_, u, frame.u());
  lay(chroma_, v, frame.v());
}

}  // namespace avatar::neural
