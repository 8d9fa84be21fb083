// SPDX-License-Identifier: Apache-2.0
#include "face/pyramid.h"

#include <gtest/gtest.h>

#include <numbers>
#include <vector>

namespace avatar {
namespace {

/// Red = x / 2, green = y / 2, blue = 100.
Image ramps(int width, int height) {
  Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.at(x, y)[0] = static_cast<uint8_t>(x / 2);
      picture.at(x, y)[1] = static_cast<uint8_t>(y / 2);
      picture.at(x, y)[2] = 100;
    }
  }
  return picture;
}

TEST(Crop, maps_there_and_back) {
  const Crop crop{120, 80, 60, 0.7f};
  const Point2 there = crop.to_picture(0.2f, 0.9f);
  const Point2 back = crop.from_picture(there.x, there.y);
  EXPECT_NEAR(back.x, 0.2f, 1e-5);
  EXPECT_NEAR(back.y, 0.9f, 1e-5);
  const Point2 centre = crop.to_picture(0.5f, 0.5f);
  EXPECT_FLOAT_EQ(centre.x, 120);
  EXPECT_FLOAT_EQ(centre.y, 80);
}

TEST(Crop, turns_clockwise_in_the_picture) {
  const Point2 right = Crop{0, 0, 2, std::numbers::pi_v<float> / 2}.to_picture(1, 0.5f);  // the crop's right edge ...
  EXPECT_NEAR(right.x, 0, 1e-6);
  EXPECT_NEAR(right.y, 1, 1e-6);  // ... lies below
}

TEST(Pyramid, cuts_at_every_scale_and_angle_what_lies_there) {
  const Image picture = ramps(500, 500);
  const Pyramid pyramid(picture);
  constexpr int kSize = 24;
  std::vector<float> cut(3 * kSize * kSize);
  for (const Crop crop : {Crop{250, 250, 24, 0}, Crop{250, 240, 100, 0.5f}, Crop{260, 250, 300, -2}}) {
    pyramid.cut(crop, kSize, Beyond::nearest, 1, 0, cut);
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        const Point2 at =
            crop.to_picture((static_cast<float>(x) + 0.5f) / kSize, (static_cast<float>(y) + 0.5f) / kSize);
        const auto i = static_cast<size_t>(y * kSize + x);
        // A pixel holds floor(x / 2): 0.25 below x / 2 in the mean of its two, at the pixel's centre x + 0.5.
        EXPECT_NEAR(cut[i], (at.x - 1) / 2, 0.8);
        EXPECT_NEAR(cut[kSize * kSize + i], (at.y - 1) / 2, 0.8);
        EXPECT_NEAR(cut[2 * kSize * kSize + i], 100, 0.01);
      }
    }
  }
}

TEST(Pyramid, shows_black_or_the_nearest_pixel_beyond_the_edge) {
  const Image picture = ramps(100, 100);
  const Pyramid pyramid(picture);
  std::vector<float> cut(3 * 4 * 4);
  const Crop outside{-200, 50, 40, 0};
  pyramid.cut(outside, 4, Beyond::black, 2 / 255.0f, -1, cut);
  for (const float v : cut) EXPECT_FLOAT_EQ(v, -1);
  pyramid.cut(outside, 4, Beyond::nearest, 1, 0, cut);
  EXPECT_NEAR(cut[32], 100, 0.01);
}

}  // namespace
}  // namespace avatar
