// SPDX-License-Identifier: Apache-2.0
// The inside of the mouth: upper teeth fixed to the skull, lower teeth and tongue to the jaw, gums, a dark throat; lit
// like the face, shadowed by the lips. Teeth that show in the picture are kept where they are and continued; otherwise
// they are made, with real proportions (crown widths and heights: Wheeler's Dental Anatomy, tables of the permanent
// teeth; seen from the front, so narrower towards the corners).
// Lengths in canonical centimetres (about a real face's), x to the image's right, y up.
// Threads: constant after making; paint() writes only its patch.
#pragma once

#include "engine/mesh/aperture.h"
#include "engine/mesh/layers.h"
#include "engine/mesh/raster.h"
#include "engine/mesh/rig.h"

namespace avatar::mesh {

class Mouth {
 public:
  /// canvas as for Eye. white: the white of the eyes; skin: the cheeks. Both say how much light there is.
  Mouth(const Canvas& canvas, float scale, float margin, const Rig& rig, const RestFace& rest, Rgb white, Rgb skin);

  /// Paints what shows between the lips of a shape; of the pose it reads the tongue and how far the lips are pushed
  /// out. [tick]
  void paint(const Shape& shape, const Pose& pose, Patch& patch) const;

  /// A patch large enough for every pose.
  [[nodiscard]] Patch patch() const;

 private:
  // A picture in cm: texel (i, j) is at x = x0 + (i + .5) / density, y = y1 - (j + .5) / density.
  struct Sprite {
    float x0 = 0, y1 = 0;
    int width = 0, height = 0;
    std::vector<uint32_t> texels;
  };
  [[nodiscard]] Sprite blank(float x0, float x1, float y0, float y1) const;

  const Rig* rig_;
  float density_ = 28;    // texels per cm
  float upper_edge_ = 0;  // y of the upper incisors' edge, cm
  float lower_edge_ = 0;  // y of the lower incisors' edge at jaw_open 0
  Sprite upper_, lower_, tongue_;
  uint32_t throat_ = 0;
};

}  // namespace avatar::mesh
