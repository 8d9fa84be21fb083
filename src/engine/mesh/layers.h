// SPDX-License-Identifier: Apache-2.0
// The picture taken apart: what moves (the skin texture, with the person's matte as alpha) and what never does (the
// plate: the background, filled in where the person stood).
// Threads: constant after making.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/framing.h"
#include "engine/mesh/colour.h"
#include "types/image.h"

namespace avatar::mesh {

/// Packed texels (colour.h), [row][column]. A point of the frame (px) lies at frame * scale + margin_texels.
struct Texture {
  int width = 0;
  int height = 0;
  float scale = 1;          ///< texels per frame px
  float margin_texels = 0;  ///< around the frame, so that what comes in from outside has colour
  std::vector<uint32_t> texels;

  [[nodiscard]] float u(float frame_x) const { return frame_x * scale + margin_texels; }
  [[nodiscard]] float v(float frame_y) const { return frame_y * scale + margin_texels; }
};

/// A picture in floats for the work of preparing: [row][column].
struct Canvas {
  int width = 0;
  int height = 0;
  std::vector<Rgb> colour;
  std::vector<float> person;    ///< 0..1
  std::vector<uint8_t> inside;  ///< 1: the pixel lies inside the picture

  [[nodiscard]] size_t at(int x, int y) const { return static_cast<size_t>(y) * width + x; }
  [[nodiscard]] Rgb sample(float x, float y) const;  ///< bilinear, clamped; px of this canvas
};

/// The picture and its matte, seen through the frame with `margin` frame px around it, at `scale` texels per frame px.
/// Outside the picture colours are mirrored and the matte repeats its rim: a few pixels come in as the person moves.
[[nodiscard]] Canvas resample(const Portrait& portrait, const Framing& framing, float scale, float margin);

/// The background alone, at the frame's size: everything near the person and beyond the picture's rim is filled from
/// what is round it.
[[nodiscard]] std::vector<uint32_t> make_plate(const Canvas& frame, float reach_px);

/// The matte as it is drawn: a little wider than the person, soft, so that hair brings the air round it along.
void soften_matte(Canvas& canvas, float grow_px);

[[nodiscard]] Texture make_texture(const Canvas& canvas, float scale, float margin);

}  // namespace avatar::mesh
