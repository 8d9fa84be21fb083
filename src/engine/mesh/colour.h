// SPDX-License-Identifier: Apache-2.0
// Texels: Y, Cb, Cr and alpha in one word, already in the range of the output (BT.601, limited), so that drawing needs
// no colour conversion. Interpolation and blending are linear, hence the same in YCbCr as in R'G'B'.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace avatar::mesh {

/// R'G'B', 0..255 each, not clamped.
struct Rgb {
  float r = 0, g = 0, b = 0;
  Rgb operator+(Rgb o) const { return {r + o.r, g + o.g, b + o.b}; }
  Rgb operator*(float k) const { return {r * k, g * k, b * k}; }
  Rgb operator*(Rgb o) const { return {r * o.r, g * o.g, b * o.b}; }
  [[nodiscard]] float luma() const { return 0.299F * r + 0.587F * g + 0.114F * b; }
};

inline Rgb mix(Rgb a, Rgb b, float t) { return a * (1 - t) + b * t; }

/// Y | Cb << 8 | Cr << 16 | A << 24. Recommendation ITU-R BT.601-7, 2.5.1-2.5.3, for 8 bits.
inline uint32_t texel(Rgb c, float alpha /*0..1*/ = 1) {
  const float r = std::clamp(c.r, 0.0F, 255.0F) / 255, g = std::clamp(c.g, 0.0F, 255.0F) / 255,
              b = std::clamp(c.b, 0.0F, 255.0F) / 255;
  const float y = 16 + 65.481F * r + 128.553F * g + 24.966F * b;
  const float u = 128 - 37.797F * r - 74.203F * g + 112.0F * b;
  const float v = 128 + 112.0F * r - 93.786F * g - 18.214F * b;
  // Never negative here, and lround is five times as slow. NOLINTNEXTLINE(bugprone-incorrect-roundings)
  const auto byte = [](float f) { return static_cast<uint32_t>(f + 0.5F); };
  return byte(y) | byte(u) << 8 | byte(v) << 16 | byte(std::clamp(alpha, 0.0F, 1.0F) * 255) << 24;
}

/// The colour that texel() was given, but for rounding; alpha is left out.
inline Rgb colour_of(uint32_t texel) {
  const float y = 1.164F * (static_cast<float>(texel & 0xff) - 16), u = static_cast<float>(texel >> 8 & 0xff) - 128,
              v = static_cast<float>(texel >> 16 & 0xff) - 128;
  return {y + 1.596F * v, y - 0.392F * u - 0.813F * v, y + 2.017F * u};
}

inline float smoothstep(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

}  // namespace avatar::mesh
