// SPDX-License-Identifier: Apache-2.0
// The eyeball behind the lids: white and iris taken from the picture, completed where lids hid them, turned by the
// gaze. At rest it is the picture itself.
// Threads: constant after making; paint() writes only its patch.
#pragma once

#include "engine/mesh/aperture.h"
#include "engine/mesh/layers.h"
#include "engine/mesh/raster.h"
#include "engine/mesh/rig.h"

namespace avatar::mesh {

class Eye {
 public:
  /// canvas: the picture at `scale` texels per frame px with `margin` frame px round it. iris: centre, then four rim
  /// points, frame px.
  Eye(const Canvas& canvas, float scale, float margin, const FaceMesh& mesh, const Seam& seam, const Point3 (&iris)[5],
      float px_per_cm);

  /// Paints the eye for a shape. gaze in degrees (right, up). [tick]
  void paint(const Shape& shape, const Affine& place, float gaze_yaw_deg, float gaze_pitch_deg, Patch& patch) const;

  /// A patch large enough for every pose.
  [[nodiscard]] Patch patch() const;

  /// The white of the eye in the light of the picture, 0..255; what teeth are measured against.
  [[nodiscard]] Rgb white() const { return white_; }

 private:
  const Seam* seam_;
  float x0_ = 0, y0_ = 0;  // of the textures, frame px
  float scale_ = 1;        // texels per frame px
  int width_ = 0, height_ = 0;
  std::vector<uint32_t> ball_;                       // the eye without its iris
  std::vector<uint32_t> iris_;                       // the iris alone, alpha soft at its rim; same box
  float iris_x_ = 0, iris_y_ = 0, iris_radius_ = 0;  // frame px
  float gaze_px_ = 0;                                // travel of the iris for one radian
  Rgb white_;
};

}  // namespace avatar::mesh
