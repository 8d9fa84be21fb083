// SPDX-License-Identifier: Apache-2.0
// The lines that muscles draw into skin: furrows between lowered brows, folds of a raised forehead, a wrinkled nose,
// the fold from nose to mouth, crow's feet, the drop of the mouth's corners. What geometry alone does not say, light
// and shade do: the skin of the texture darkens in a crease and shines beside it. Soft, no deeper than a face of middle
// age shows, and only on what has the colour of skin: hair, brows and glasses stay as they are.
//
//   Creases creases(texture, mesh, skin, rest);   // once per person
//   Texture own = texture;                        // one per avatar
//   creases.paint(pose, state, own);              // each tick; writes only when a muscle has moved
//
// Threads: constant after making; paint() writes only what it is given.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/mesh/colour.h"
#include "engine/mesh/face_mesh.h"
#include "engine/mesh/layers.h"
#include "types/portrait.h"
#include "types/pose.h"

namespace avatar::mesh {

class Creases {
 public:
  /// What draws a family of lines, both sides alike.
  enum Family : uint8_t { furrow, forehead_inner, forehead_outer, nose, cheeks, corners, smoothed, kFamilies };
  /// How deep each family was drawn last, 0..kFull.
  using Depths = std::array<uint8_t, kFamilies>;

  /// texture: the face at rest. skin: its colour, 0..255.
  Creases(const Texture& texture, const FaceMesh& mesh, Rgb skin, const RestFace& rest);

  /// Brings the creases of `texture`, a copy of the one at rest, to what `pose` says. [tick]
  void paint(const Pose& pose, Depths& drawn, Texture& texture) const;

 private:
  static constexpr int kFull = 64;
  struct Run {
    uint32_t to;    // texel of the texture
    uint32_t from;  // of the arrays below
    uint32_t count;
  };
  [[nodiscard]] Depths depths(const Pose& pose) const;

  std::vector<Run> runs_;
  std::vector<uint32_t> plain_;                       // texels without creases
  std::array<std::vector<int8_t>, kFamilies> shade_;  // light at full depth, 1/256 of what is there
  float smile_ = 0;                                   // the picture's own
};

}  // namespace avatar::mesh
