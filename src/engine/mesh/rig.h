// SPDX-License-Identifier: Apache-2.0
// From a Pose to the place of every vertex: muscles, then lips and lids that meet, then the head, neck and breath.
//
//   Rig rig(portrait, framing, margin);       // once per person and size
//   Shape shape = rig.shape();                // once per avatar
//   rig.pose(pose, shape);                    // each tick; does not allocate
//
// Threads: the Rig is constant and shared; a Shape belongs to one avatar.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "engine/framing.h"
#include "engine/mesh/face_mesh.h"
#include "types/pose.h"

namespace avatar::mesh {

/// screen = origin + x_axis * a + y_axis * b, px of the frame.
struct Affine {
  float origin_x = 0, origin_y = 0;
  float xx = 1, xy = 0;  ///< x_axis
  float yx = 0, yy = 1;  ///< y_axis

  /// The (a, b) of a screen point.
  void invert(float x, float y, float& a, float& b) const {
    const float det = xx * yy - xy * yx;
    const float dx = x - origin_x, dy = y - origin_y;
    a = (dx * yy - dy * yx) / det;
    b = (dy * xx - dx * xy) / det;
  }
};

/// The rigid motion of the head: p -> R (p - pivot) + pivot + shift, frame px.
struct HeadMotion {
  std::array<float, 9> r{1, 0, 0, 0, 1, 0, 0, 0, 1};
  Point3 pivot;
  float shift_x = 0, shift_y = 0;

  [[nodiscard]] Point3 operator()(Point3 p) const {
    const float x = p.x - pivot.x, y = p.y - pivot.y, z = p.z - pivot.z;
    return {r[0] * x + r[1] * y + r[2] * z + pivot.x + shift_x, r[3] * x + r[4] * y + r[5] * z + pivot.y + shift_y,
            r[6] * x + r[7] * y + r[8] * z + pivot.z};
  }
};

/// One picture's geometry.
struct Shape {
  // Per mesh vertex: place before the head moves (local, frame px), then on the screen.
  std::vector<float> x, y, z;
  std::vector<float> screen_x, screen_y;
  HeadMotion head;
  Affine upper_teeth;  ///< canonical cm (x right, y up) at the depth of the teeth -> screen
  Affine lower_teeth;  ///< the same, fixed to the jaw
  Affine eye_right;    ///< frame px at rest -> screen, at the depth of the eye
  Affine eye_left;
};

class Rig {
 public:
  Rig(const Portrait& portrait, const Framing& framing, float margin_px);

  [[nodiscard]] const FaceMesh& mesh() const { return mesh_; }
  [[nodiscard]] float px_per_cm() const { return px_per_cm_; }
  [[nodiscard]] Shape shape() const;

  /// Poses `shape`. Values beyond the ranges of types/pose.h are clamped, NaN counts as 0. [tick]
  void pose(const Pose& pose, Shape& shape) const;

  /// A canonical point of the unmoved face, in frame px.
  [[nodiscard]] Point3 to_frame(Point3 canonical) const { return framing_.to_frame(fit_.to_picture(canonical)); }

 private:
  // Vertices that one muscle moves, and how far at activation 1; frame px.
  struct Pull {
    std::vector<Index> vertex;
    std::vector<float> dx, dy, dz;
  };
  // Vertices that follow a lip or lid as it meets the other.
  struct Follower {
    Index vertex;
    Index column;  // of the seam; between it and the next
    float fraction;
    float weight;
    float tuck;  // px towards the rim when shut: lashes and waterline fold into the line between the lids
  };
  struct SeamField {
    const Seam* seam = nullptr;
    std::vector<Follower> upper, lower;
    float upper_share = 0;  // of the way, that the upper one goes
  };

  [[nodiscard]] Point3 vector_to_frame(Point3 canonical) const;
  [[nodiscard]] Pull make_pull(const std::function<Point3(Point3)>& displacement_of) const;
  // How far the skin round a seam follows: fully within `plateau`, no more beyond `reach` (cm from the curve).
  struct SeamReach {
    float upper_share;
    float plateau_up, reach_up, plateau_down, reach_down;
    float tuck_up, tuck_down;  // cm of skin next to the curve that is folded to 2/5 when shut
  };
  [[nodiscard]] SeamField make_seam_field(const Seam& seam, const SeamReach& reach) const;
  void meet(const SeamField& field, float closed, float raise_upper, float raise_lower, Shape& shape) const;

  Framing framing_;
  FaceFit fit_;
  FaceMesh mesh_;
  float px_per_cm_ = 1;
  RestFace rest_;
  float rest_yaw_ = 0;
  Point3 pivot_;
  Point3 down_;  // unit vector from brow to chin in the frame
  std::array<Pull, kMuscleCount> pull_;
  Pull relax_left_, relax_right_;                   // the picture's smile taken back
  float brow_room_left_ = 1, brow_room_right_ = 1;  // how far brows can come down, of the ordinary way
  SeamField mouth_, eye_right_, eye_left_;
};

}  // namespace avatar::mesh
