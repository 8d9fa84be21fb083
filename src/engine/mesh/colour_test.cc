// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/colour.h"

#include <gtest/gtest.h>

#include "engine/mesh/texels.h"

namespace avatar::mesh {
namespace {

void expect_texel(Rgb c, uint32_t y, uint32_t cb, uint32_t cr) {
  const uint32_t t = texel(c);
  EXPECT_EQ(t & 0xff, y);
  EXPECT_EQ(t >> 8 & 0xff, cb);
  EXPECT_EQ(t >> 16 & 0xff, cr);
  EXPECT_EQ(t >> 24, 255U);
}

// The colour bars of ITU-R BT.601 at full amplitude, 8 bits, limited range.
TEST(Colour, bars_of_bt601_have_their_published_values) {
  expect_texel({255, 255, 255}, 235, 128, 128);
  expect_texel({255, 255, 0}, 210, 16, 146);
  expect_texel({0, 255, 255}, 170, 166, 16);
  expect_texel({0, 255, 0}, 145, 54, 34);
  expect_texel({255, 0, 255}, 106, 202, 222);
  expect_texel({255, 0, 0}, 81, 90, 240);
  expect_texel({0, 0, 255}, 41, 240, 110);
  expect_texel({0, 0, 0}, 16, 128, 128);
}

TEST(Colour, out_of_range_is_clamped) {
  expect_texel({400, 300, 256}, 235, 128, 128);
  expect_texel({-5, -1, -300}, 16, 128, 128);
}

TEST(Colour, of_a_texel_is_the_one_it_was_made_of) {
  for (const Rgb c : {Rgb{224, 172, 148}, Rgb{12, 200, 90}, Rgb{255, 255, 255}, Rgb{0, 0, 0}}) {
    const Rgb back = colour_of(texel(c));
    EXPECT_NEAR(back.r, c.r, 2);
    EXPECT_NEAR(back.g, c.g, 2);
    EXPECT_NEAR(back.b, c.b, 2);
  }
}

TEST(Texels, blending_by_nothing_and_by_all_is_exact) {
  const uint32_t a = texel({200, 30, 90}), b = texel({10, 220, 130});
  EXPECT_EQ(blend(a, b, 0) & 0xffffff, a & 0xffffff);
  EXPECT_EQ(blend(a, b, 255) & 0xffffff, b & 0xffffff);
}

TEST(Texels, dimming_ends_in_black) { EXPECT_EQ(dim(texel({200, 30, 90}), 0) & 0xffffff, 0x808010U); }

TEST(Texels, sampling_a_texel_s_centre_gives_the_texel) {
  const uint32_t t[4] = {texel({10, 20, 30}), texel({200, 20, 30}), texel({10, 220, 30}), texel({10, 20, 230})};
  const TexelSampler sample{t, 2, 2};
  EXPECT_EQ(sample(0.5F, 0.5F), t[0]);
}

TEST(Texels, unknown_pixels_take_the_colour_of_the_known_ones_round_them) {
  std::vector<Filled> p(8 * 8);
  for (int x = 0; x < 8; ++x) p[static_cast<size_t>(x)] = {{100, 50, 20}, 1};
  fill_unknown(p, 8, 8);
  for (const Filled& f : p) {
    EXPECT_NEAR(f.colour.r, 100, 0.01);
    EXPECT_NEAR(f.colour.b, 20, 0.01);
    EXPECT_GE(f.known, 0.99F);
  }
}

}  // namespace
}  // namespace avatar::mesh
