// SPDX-License-Identifier: Apache-2.0
#include "stream/frame_colour.h"

#include <algorithm>

namespace avatar {
namespace {

// 16.16 fixed point: R = 255/219 (Y-16) + 255/112 (1-Kr) (Cr-128), and so on; Kr = 0.299, Kb = 0.114.
constexpr int fixed(double x) { return static_cast<int>(x * 65536 + 0.5); }  // NOLINT(bugprone-incorrect-roundings)
constexpr double kKr = 0.299, kKb = 0.114, kKg = 1 - kKr - kKb;
constexpr int kY = fixed(255.0 / 219);
constexpr int kCrToR = fixed(255.0 / 112 * (1 - kKr));
constexpr int kCbToB = fixed(255.0 / 112 * (1 - kKb));
constexpr int kCrToG = fixed(255.0 / 112 * (1 - kKr) * kKr / kKg);
constexpr int kCbToG = fixed(255.0 / 112 * (1 - kKb) * kKb / kKg);

uint8_t byte_of(int fixed_point) { return static_cast<uint8_t>(std::clamp((fixed_point + 32768) >> 16, 0, 255)); }

}  // namespace

Image rgb_of(const Frame& frame) {
  Image image(frame.width(), frame.height());
  const int half = frame.width() / 2;
  for (int y = 0; y < frame.height(); ++y) {
    const uint8_t* luma = frame.y() + static_cast<size_t>(y) * frame.width();
    const uint8_t* cb = frame.u() + static_cast<size_t>(y / 2) * half;
    const uint8_t* cr = frame.v() + static_cast<size_t>(y / 2) * half;
    uint8_t* out = image.at(0, y);
    for (int x = 0; x < frame.width(); ++x, out += 3) {
      const int l = kY * (luma[x] - 16);
      const int b = cb[x / 2] - 128, r = cr[x / 2] - 128;
      out[0] = byte_of(l + kCrToR * r);
      out[1] = byte_of(l - kCbToG * b - kCrToG * r);
      out[2] = byte_of(l + kCbToB * b);
    }
  }
  return image;
}

}  // namespace avatar
