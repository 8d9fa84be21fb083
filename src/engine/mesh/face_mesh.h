// SPDX-License-Identifier: Apache-2.0
// The mesh of one person: the landmark network's canonical face, refined once, with holes for mouth and eyes, and rings
// of larger triangles round it for hair, neck and shoulders out to the frame. It shares the face-oval vertices, so no
// seam can open. Vertices carry their place in the frame, their place on the canonical face (where muscles are
// written), and how much head and breath move them.
// Threads: constant after making.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/framing.h"
#include "types/portrait.h"

namespace avatar::mesh {

using Index = uint16_t;
using Triangle = std::array<Index, 3>;

/// A mouth or an eye: two curves of vertices from corner to corner that can meet. Column i pairs upper[i] with
/// lower[i]; the first and the last column are the corners, where both are the same vertex. Image left to image right.
struct Seam {
  std::vector<Index> upper;
  std::vector<Index> lower;
};

struct FaceMesh {
  // Rest place of each vertex; frame px, z away from the viewer, same scale.
  std::vector<float> x, y, z;
  // Place on the canonical face, cm: x to the image's right, y up, z towards the viewer.
  std::vector<Point3> canonical;
  std::vector<float> head;    ///< 0..1: share of the head's motion (neck fades to 0 at the shoulders)
  std::vector<float> breath;  ///< 0..1: share of the breath's rise
  size_t face_vertices = 0;   ///< the first ones lie on the face
  std::vector<Triangle> triangles;
  Seam mouth, eye_right, eye_left;  ///< "right" is the person's own: on the image's left

  [[nodiscard]] size_t size() const { return x.size(); }
};

/// margin_px: how far beyond the frame the mesh must reach.
[[nodiscard]] FaceMesh make_face_mesh(const Portrait& portrait, const Framing& framing, float margin_px);

}  // namespace avatar::mesh
