// SPDX-License-Identifier: Apache-2.0
// Packed texels one at a time, for the small patches (eyes, mouth): sampling, blending, darkening; and the filling of
// unknown pixels from known ones.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/mesh/colour.h"

namespace avatar::mesh {

/// Bilinear, in texels (centre of the first at 0.5); beyond the rim the rim is repeated.
struct TexelSampler {
  const uint32_t* texels;
  int width, height;

  uint32_t operator()(float u, float v) const {
    const float x = std::clamp(u - 0.5F, 0.0F, static_cast<float>(width) - 1.001F);
    const float y = std::clamp(v - 0.5F, 0.0F, static_cast<float>(height) - 1.001F);
    const int x0 = static_cast<int>(x), y0 = static_cast<int>(y);
    const auto fx = static_cast<uint32_t>((x - static_cast<float>(x0)) * 256),
               fy = static_cast<uint32_t>((y - static_cast<float>(y0)) * 256);
    const uint32_t* p = texels + static_cast<ptrdiff_t>(y0) * width + x0;
    const uint32_t w11 = fx * fy >> 8, w10 = fx - w11, w01 = fy - w11, w00 = 256 - fx - w01;
    const auto pair = [&](uint32_t shift) {
      const auto c = [&](ptrdiff_t k) { return p[k] >> shift & 0x00ff00ffU; };
      return (c(0) * w00 + c(1) * w10 + c(width) * w01 + c(width + 1) * w11 + 0x00800080U) >> 8 & 0x00ff00ffU;
    };
    return pair(0) | pair(8) << 8;
  }
};

/// under * (1 - alpha) + over * alpha, alpha 0..255; the result's own alpha is meaningless.
inline uint32_t blend(uint32_t under, uint32_t over, uint32_t alpha) {
  const uint32_t a = alpha + (alpha >> 7);
  const uint32_t even = ((over & 0x00ff00ffU) * a + (under & 0x00ff00ffU) * (256 - a) + 0x00800080U) >> 8 & 0x00ff00ffU;
  const uint32_t odd = ((over >> 8 & 0xffU) * a + (under >> 8 & 0xffU) * (256 - a) + 0x80U) & 0xff00U;
  return even | odd;
}

/// Less light: Y towards black (16), Cb and Cr towards grey (128). light 0..1.
inline uint32_t dim(uint32_t t, float light) {
  return blend(0x00808010U, t, static_cast<uint32_t>(std::clamp(light, 0.0F, 1.0F) * 255));
}

/// A pixel to be filled: known 0..1.
struct Filled {
  Rgb colour;
  float known = 0;
};

/// Fills what is not known from what is round it, smoothly (pull-push; Gortler et al., "The Lumigraph", 1996, 3.4.2).
/// Afterwards every pixel is known, if one was.
void fill_unknown(std::vector<Filled>& pixels, int width, int height);

}  // namespace avatar::mesh
