// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/raster.h"

#include <gtest/gtest.h>

#include <cmath>

namespace avatar::mesh {
namespace {

uint32_t word(uint32_t y, uint32_t u, uint32_t v, uint32_t a = 255) { return y | u << 8 | v << 16 | a << 24; }

// A grid of triangles over the whole frame, its vertices moved about; texture coordinates as given.
struct Grid {
  std::vector<float> x, y, u, v, cover;
  std::vector<Triangle> triangles;

  Grid(int width, int height, int step, float wobble) {
    const int nx = width / step + 1, ny = height / step + 1;
    uint32_t seed = 7;
    const auto random = [&] {
      seed = seed * 1664525U + 1013904223U;
      return (static_cast<float>(seed >> 8) / 8388608.0F - 1) * wobble;
    };
    for (int j = 0; j < ny; ++j) {
      for (int i = 0; i < nx; ++i) {
        const bool rim = i == 0 || j == 0 || i == nx - 1 || j == ny - 1;
        x.push_back(static_cast<float>(i * step) + (rim ? 0 : random()));
        y.push_back(static_cast<float>(j * step) + (rim ? 0 : random()));
        u.push_back(x.back());
        v.push_back(y.back());
        cover.push_back(1);
      }
    }
    for (int j = 0; j + 1 < ny; ++j) {
      for (int i = 0; i + 1 < nx; ++i) {
        const auto a = static_cast<Index>(j * nx + i), b = static_cast<Index>(a + 1), c = static_cast<Index>(a + nx),
                   d = static_cast<Index>(c + 1);
        triangles.push_back({a, b, c});
        triangles.push_back({b, d, c});
      }
    }
  }
  [[nodiscard]] ScreenMesh mesh() const { return {x, y, u, v, triangles, {}, {}, cover}; }
};

Texture ramp(int width, int height) {
  Texture t;
  t.width = width;
  t.height = height;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      t.texels.push_back(word(static_cast<uint32_t>(16 + (x * 7 + y * 13) % 200), static_cast<uint32_t>(60 + x % 100),
                              static_cast<uint32_t>(60 + y % 100)));
    }
  }
  return t;
}

TEST(Raster, unmoved_mesh_shows_the_texture_exactly) {
  const int w = 96, h = 64;
  const Texture texture = ramp(w, h);
  const Plate plate(w, h, std::vector<uint32_t>(static_cast<size_t>(w) * h, word(16, 128, 128)));
  Raster raster(plate);
  const Grid grid(w, h, 8, 0);
  Frame frame(w, h);
  raster.draw(grid.mesh(), texture, {}, frame);
  for (int y = 1; y < h - 1; ++y) {
    for (int x = 1; x < w - 1; ++x) {
      ASSERT_EQ(frame.y()[y * w + x], texture.texels[static_cast<size_t>(y) * w + x] & 0xff) << x << "," << y;
    }
  }
  // Chroma is the rounded mean of each 2x2.
  for (int y = 2; y < h - 2; y += 2) {
    for (int x = 2; x < w - 2; x += 2) {
      uint32_t u = 2, v = 2;
      for (int k = 0; k < 4; ++k) {
        u += texture.texels[static_cast<size_t>(y + k / 2) * w + x + k % 2] >> 8 & 0xff;
        v += texture.texels[static_cast<size_t>(y + k / 2) * w + x + k % 2] >> 16 & 0xff;
      }
      ASSERT_EQ(frame.u()[(y / 2) * (w / 2) + x / 2], u >> 2);
      ASSERT_EQ(frame.v()[(y / 2) * (w / 2) + x / 2], v >> 2);
    }
  }
}

TEST(Raster, no_pixel_is_missed_between_triangles_of_any_shape) {
  const int w = 128, h = 128;
  Texture white = ramp(w, h);
  for (uint32_t& t : white.texels) t = word(235, 128, 128);
  const Plate plate(w, h, std::vector<uint32_t>(static_cast<size_t>(w) * h, word(16, 128, 128)));
  Raster raster(plate);
  for (const float wobble : {0.5F, 2.0F, 3.9F}) {
    const Grid grid(w, h, 8, wobble);
    Frame frame(w, h);
    raster.draw(grid.mesh(), white, {}, frame);
    for (int i = 0; i < w * h; ++i) ASSERT_EQ(frame.y()[i], 235) << i % w << "," << i / w << " at wobble " << wobble;
  }
}

TEST(Raster, where_the_matte_is_clear_the_plate_is_untouched) {
  const int w = 64, h = 64;
  Texture clear = ramp(w, h);
  for (uint32_t& t : clear.texels) t &= 0x00ffffffU;
  std::vector<uint32_t> texels;
  for (int i = 0; i < w * h; ++i) texels.push_back(word(static_cast<uint32_t>(16 + i % 220), 128, 128));
  const Plate plate(w, h, texels);
  Raster raster(plate);
  Frame frame(w, h);
  raster.draw(Grid(w, h, 8, 2).mesh(), clear, {}, frame);
  for (int i = 0; i < w * h; ++i) ASSERT_EQ(frame.y()[i], texels[static_cast<size_t>(i)] & 0xff);
}

TEST(Raster, half_a_pixel_of_motion_is_the_mean_of_two_texels) {
  const int w = 64, h = 32;
  Texture t = ramp(w, h);
  for (int i = 0; i < w * h; ++i) t.texels[static_cast<size_t>(i)] = word(i % 2 ? 200 : 100, 128, 128);
  const Plate plate(w, h, std::vector<uint32_t>(static_cast<size_t>(w) * h, word(16, 128, 128)));
  Raster raster(plate);
  Grid grid(w, h, 8, 0);
  for (float& u : grid.u) u += 0.5F;
  Frame frame(w, h);
  raster.draw(grid.mesh(), t, {}, frame);
  for (int x = 2; x < w - 2; ++x) ASSERT_EQ(frame.y()[8 * w + x], 150);  // (100 + 200) / 2
}

TEST(Raster, vertices_far_outside_or_degenerate_do_no_harm) {
  const int w = 64, h = 64;
  const Texture texture = ramp(w, h);
  const Plate plate(w, h, std::vector<uint32_t>(static_cast<size_t>(w) * h, word(16, 128, 128)));
  Raster raster(plate);
  Grid grid(w, h, 16, 0);
  grid.x[6] = 1e6F;
  grid.y[7] = -1e6F;
  grid.x[8] = grid.x[12];
  grid.y[8] = grid.y[12];
  Frame frame(w, h);
  raster.draw(grid.mesh(), texture, {}, frame);
}

TEST(Raster, a_fringe_never_covers_what_is_opaque) {
  const int w = 32, h = 32;
  Texture t = ramp(w, h);
  for (int i = 0; i < w * h; ++i) t.texels[static_cast<size_t>(i)] = word(i % w < 16 ? 200 : 100, 128, 128);
  const Plate plate(w, h, std::vector<uint32_t>(static_cast<size_t>(w) * h, word(16, 128, 128)));
  Raster raster(plate);
  // Opaque left half, from texels of value 200; a fringe over the whole frame, from texels of value 100, half covering.
  const std::vector<float> x{0, 16, 0, 16, 0, 32, 0, 32}, y{0, 0, 32, 32, 0, 0, 32, 32};
  const std::vector<float> u{4, 4, 4, 4, 24, 24, 24, 24}, v{8, 8, 8, 8, 8, 8, 8, 8},
      cover{1, 1, 1, 1, 0.5F, 0.5F, 0.5F, 0.5F};
  const std::vector<Triangle> solid{{0, 1, 2}, {1, 3, 2}}, fringe{{4, 5, 6}, {5, 7, 6}};
  Frame frame(w, h);
  raster.draw({x, y, u, v, solid, fringe, {}, cover}, t, {}, frame);
  EXPECT_EQ(frame.y()[10 * w + 5], 200);
  EXPECT_EQ(frame.y()[10 * w + 25], 58);  // (100 + 16) / 2
}

TEST(Raster, an_overlay_lies_over_what_is_opaque) {
  const int w = 32, h = 32;
  Texture t = ramp(w, h);
  for (int i = 0; i < w * h; ++i) t.texels[static_cast<size_t>(i)] = word(i % w < 16 ? 200 : 100, 128, 128);
  const Plate plate(w, h, std::vector<uint32_t>(static_cast<size_t>(w) * h, word(16, 128, 128)));
  Raster raster(plate);
  const std::vector<float> x{0, 32, 0, 32, 0, 16, 0, 16}, y{0, 0, 32, 32, 0, 0, 32, 32};
  const std::vector<float> u{4, 4, 4, 4, 24, 24, 24, 24}, v{8, 8, 8, 8, 8, 8, 8, 8},
      cover{1, 1, 1, 1, 0.5F, 0.5F, 0.5F, 0.5F};
  const std::vector<Triangle> solid{{0, 1, 2}, {1, 3, 2}}, overlay{{4, 5, 6}, {5, 7, 6}};
  Frame frame(w, h);
  raster.draw({x, y, u, v, solid, {}, overlay, cover}, t, {}, frame);
  EXPECT_EQ(frame.y()[10 * w + 5], 150);  // (200 + 100) / 2
  EXPECT_EQ(frame.y()[10 * w + 25], 200);
}

}  // namespace
}  // namespace avatar::mesh
