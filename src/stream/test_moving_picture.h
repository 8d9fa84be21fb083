// SPDX-License-Identifier: Apache-2.0
// For tests: a picture that moves a little, as a talking head does: soft texture that stands still, and a textured
// disc that sways before it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "types/image.h"

namespace avatar {

inline void paint_moving_picture(Frame& frame, int64_t index) {
  const int w = frame.width(), h = frame.height();
  const float sway = std::sin(static_cast<float>(index) * 0.15F);
  const float cx = static_cast<float>(w) * (0.5F + 0.03F * sway), cy = static_cast<float>(h) * 0.5F;
  const float radius = static_cast<float>(std::min(w, h)) * 0.3F;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const float dx = static_cast<float>(x) - cx, dy = static_cast<float>(y) - cy;
      const bool inside = dx * dx + dy * dy < radius * radius;
      const float value = inside ? 140 + 40 * std::sin(dx * 0.2F) * std::cos(dy * 0.17F)
                                 : 70 + 30 * std::sin(static_cast<float>(x) * 0.05F + static_cast<float>(y) * 0.03F);
      frame.y()[static_cast<size_t>(y) * w + x] = static_cast<uint8_t>(value);
    }
  }
  for (int y = 0; y < h / 2; ++y) {
    for (int x = 0; x < w / 2; ++x) {
      const size_t at = static_cast<size_t>(y) * (w / 2) + x;
      frame.u()[at] = static_cast<uint8_t>(100 + 50 * x / w);
      frame.v()[at] = static_cast<uint8_t>(150 - 50 * y / h);
    }
  }
}

/// Luma, in dB; 100 when equal. `stride` of b.
inline double luma_psnr(const Frame& a, const uint8_t* b, int stride) {
  double sum = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      const double d = a.y()[static_cast<size_t>(y) * a.width() + x] - b[static_cast<ptrdiff_t>(y) * stride + x];
      sum += d * d;
    }
  }
  if (sum == 0) return 100;
  return 10 * std::log10(255.0 * 255.0 * a.width() * a.height() / sum);
}

}  // namespace avatar
