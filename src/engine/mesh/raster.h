// SPDX-License-Identifier: Apache-2.0
// The software rasteriser: a textured mesh over a still plate, straight to I420.
//
// The frame is drawn in bands of a few rows that stay in the first-level cache. In each band the triangles first write
// where every pixel comes from (the warp map: texture coordinates and coverage); then whole rows are sampled, blended
// over what lies below and converted. So triangles of a few pixels cost little, and the heavy part runs with full
// vectors whatever the mesh. What never moves is copied from a ready I420 plate.
//
// All arithmetic on pixels is in integers: the same bytes on every machine and vector width.
// Threads: a Raster belongs to one avatar; draw() allocates nothing once its bins have grown.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/mesh/face_mesh.h"
#include "engine/mesh/layers.h"
#include "types/image.h"

namespace avatar::mesh {

/// Vertices on the screen and in the texture.
struct ScreenMesh {
  std::span<const float> x, y;          ///< frame px
  std::span<const float> u, v;          ///< texels
  std::span<const Triangle> triangles;  ///< opaque; later ones win
  /// Soft rims of the holes: drawn only where they cover more than what is there.
  std::span<const Triangle> fringe;
  /// Soft rims that lie over everything else: an upper lip or lid over the lower one it meets.
  std::span<const Triangle> overlay;
  std::span<const float> cover;  ///< of each vertex, 0..1; read for fringe and overlay only
};

/// A small opaque picture under the skin: an eye, the mouth's inside. Texels with alpha 0 are left out.
struct Patch {
  int x = 0, y = 0, width = 0, height = 0;  ///< frame px
  std::vector<uint32_t> texels;             ///< [row][column]
};

/// What never moves, in both forms that drawing needs. Constant, shared by all avatars of a person.
struct Plate {
  Plate(int width, int height, std::vector<uint32_t> packed);

  std::vector<uint32_t> texels;  ///< packed (colour.h), [row][column]
  Frame i420;
};

class Raster {
 public:
  /// The plate must outlive the raster.
  explicit Raster(const Plate& plate);

  void draw(const ScreenMesh& mesh, const Texture& texture, std::span<const Patch* const> patches, Frame& frame);

  /// Rows of a band; even.
  static constexpr int kBandRows = 8;

  // One band's worth of working memory; rows are `stride` apart.
  struct Band {
    int stride = 0;
    int left = 0, right = 0;     // columns that were touched
    std::vector<int32_t> u, v;   // 16.16 texels, of the sample's top-left texel
    std::vector<int32_t> cover;  // 0..256
    std::vector<uint32_t> row;   // the picture so far
  };

 private:
  void bin(const ScreenMesh& mesh);

  int width_, height_;
  const Plate* plate_;
  Band band_;
  struct Reach {
    int16_t first, last;  // bands
  };
  std::vector<Reach> reach_;         // of each triangle: the opaque, the fringe, the overlay
  std::vector<int> bin_start_;       // [band + 1]
  std::vector<uint32_t> bin_items_;  // triangle indices in that order
};

}  // namespace avatar::mesh
