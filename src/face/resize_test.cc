// SPDX-License-Identifier: Apache-2.0
#include "face/resize.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace avatar {
namespace {

TEST(Shrink, keeps_an_even_colour_and_the_asked_size) {
  Image even(300, 200);
  for (size_t i = 0; i < even.rgb.size(); ++i) even.rgb[i] = static_cast<uint8_t>(40 + 70 * (i % 3));
  const Image small = shrink(even, 77, 51);
  ASSERT_EQ(small.width, 77);
  ASSERT_EQ(small.height, 51);
  for (size_t i = 0; i < small.rgb.size(); ++i) ASSERT_EQ(small.rgb[i], 40 + 70 * (i % 3));
}

TEST(Shrink, leaves_a_picture_of_the_same_size_as_it_is) {
  Image picture(31, 17);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = static_cast<uint8_t>(i * 89);
  EXPECT_EQ(shrink(picture, 31, 17).rgb, picture.rgb);
}

TEST(Shrink, shows_no_pattern_where_lines_are_too_fine) {
  Image lines(640, 64);  // black and white columns, one pixel each: grey at a third of the size
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 640; ++x) std::fill_n(lines.at(x, y), 3, static_cast<uint8_t>(x % 2 * 255));
  }
  const Image small = shrink(lines, 213, 21);
  for (int x = 4; x < 209; ++x) EXPECT_NEAR(small.at(x, 10)[1], 127, 6);
}

TEST(Shrink, does_not_shift_the_picture) {
  Image ramp(400, 8);  // brightness = place
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 400; ++x) std::fill_n(ramp.at(x, y), 3, static_cast<uint8_t>(x / 2));
  }
  const Image small = shrink(ramp, 100, 2);
  // Column i covers 4i .. 4i + 3, whose mean brightness is 2i + 0.5.
  for (int i = 5; i < 95; ++i) EXPECT_NEAR(small.at(i, 1)[0], 2 * i + 0.5, 0.6);
}

}  // namespace
}  // namespace avatar
