// SPDX-License-Identifier: Apache-2.0
// Expected numbers: a run of the published formulas in another language (docs/neural.md).
#include "engine/neural/crop.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace avatar::neural {
namespace {

std::array<Point, 203> spiral() {
  std::array<Point, 203> p;
  for (int i = 0; i < 203; ++i) {
    p[static_cast<size_t>(i)] = {300 + 120 * std::cos(0.7 * i) + 0.1 * i, 260 + 150 * std::sin(0.9 * i) - 0.05 * i};
  }
  return p;
}

void expect_matrix(const Affine& got, const std::array<double, 6>& right) {
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(got.m[i], right[i], 1e-5 * std::max(1.0, std::fabs(right[i]))) << i;
}

TEST(Crop, lies_where_the_published_one_does) {
  const CropPlace place = crop_round(points_of(spiral()), {512, 2.3, -0.125});
  EXPECT_NEAR(place.middle.x, 407.98855, 1e-4);
  EXPECT_NEAR(place.middle.y, 297.31136, 1e-4);
  EXPECT_NEAR(place.size, 853.45578, 1e-4);
  EXPECT_NEAR(place.angle, 1.9953039, 1e-6);
  expect_matrix(place.to_crop, {-0.24708779, 0.54666656, 194.27881, -0.54666656, -0.24708779, 552.49573});
  expect_matrix(place.to_picture, {-0.68655197, -1.51895405, 972.59812, 1.51895405, -0.68655197, 84.216443});
}

TEST(Crop, for_the_landmark_network_is_tighter) {
  const CropPlace place = crop_round(points_of(spiral()), {224, 1.5, -0.1});
  EXPECT_NEAR(place.middle.x, 361.49535, 1e-4);
  EXPECT_NEAR(place.middle.y, 276.29690, 1e-4);
  EXPECT_NEAR(place.size, 556.60160, 1e-4);
  expect_matrix(place.to_crop, {-0.16575474, 0.36672214, 70.595367, -0.36672214, -0.16575474, 290.36588});
}

TEST(Crop, one_way_and_back_is_where_it_was) {
  const CropPlace place = crop_round(points_of(spiral()), {});
  const Point p = place.to_picture(place.to_crop({123, 45}));
  EXPECT_NEAR(p.x, 123, 1e-9);
  EXPECT_NEAR(p.y, 45, 1e-9);
  const Point q = place.to_picture.after(place.to_crop)({7, 8});
  EXPECT_NEAR(q.x, 7, 1e-9);
  EXPECT_NEAR(q.y, 8, 1e-9);
}

TEST(Crop, all_points_in_one_place_still_have_a_crop) {
  std::array<Point, 203> same;
  same.fill({5, 5});
  const FacePoints face = points_of(same);
  EXPECT_EQ(crop_round(face, {}).angle, 0);
}

TEST(Crop, samples_between_pixels_and_black_outside) {
  Image picture(2, 2);
  picture.at(0, 0)[0] = 100;
  picture.at(1, 0)[0] = 200;
  picture.at(0, 1)[0] = 100;
  picture.at(1, 1)[0] = 200;
  const Image moved = warp(picture, {{1, 0, 0.25, 0, 1, 0.5}}, 3, 1);
  EXPECT_EQ(moved.at(0, 0)[0], 125);
  EXPECT_EQ(moved.at(1, 0)[0], 150);  // 3/4 of 200, the rest lies outside
  EXPECT_EQ(moved.at(2, 0)[0], 0);
  EXPECT_EQ(warp(picture, {}, 2, 2).rgb, picture.rgb);
}

TEST(Crop, halves_with_halves_upwards) {
  Image picture(4, 2);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = static_cast<uint8_t>(i * 7 % 251);
  const Image half = halved(picture);
  ASSERT_EQ(half.width, 2);
  for (int x = 0; x < 2; ++x) {
    for (int c = 0; c < 3; ++c) {
      const int sum =
          picture.at(2 * x, 0)[c] + picture.at(2 * x + 1, 0)[c] + picture.at(2 * x, 1)[c] + picture.at(2 * x + 1, 1)[c];
      EXPECT_EQ(half.at(x, 0)[c], (sum + 2) / 4);
    }
  }
  std::vector<float> planes(6);
  planes_of(half, planes);
  EXPECT_FLOAT_EQ(planes[1], static_cast<float>(half.at(1, 0)[0]) / 255);
  EXPECT_FLOAT_EQ(planes[2], static_cast<float>(half.at(0, 0)[1]) / 255);
}

TEST(EyeMeasures, of_a_drawn_eye) {
  std::array<Point3, kLandmarks> p{};
  const auto put = [&](int i, float x, float y, float z) { p[static_cast<size_t>(i)] = {x, y, z}; };
  // Left of the picture: 40 px wide, gaps of 8, 10 and 12 px; the iris 4 px right of the middle and 3 px deeper.
  put(33, 100, 200, 0);
  put(133, 140, 200, 0);
  put(159, 120, 195, 0);
  put(145, 120, 205, 0);
  put(160, 110, 196, 0);
  put(144, 110, 204, 0);
  put(158, 130, 194, 0);
  put(153, 130, 206, 0);
  put(468, 124, 200, 3);
  const EyeMeasures eyes = measure_eyes(p, 512);
  EXPECT_NEAR(eyes.open[0], 30.0 / 40, 1e-6);
  EXPECT_EQ(eyes.open[1], 0);
  // off = (4, 0, 3) px, length 5: direction (0.8, 0, 0.6); from 133 to 33 it is (-1, 0, 0).
  EXPECT_NEAR(eyes.ball[0], 1.8 * 5 / 512, 1e-7);
  EXPECT_NEAR(eyes.ball[2], 0, 1e-7);
  EXPECT_NEAR(eyes.ball[4], 0.6 * 5 / 512, 1e-7);
}

}  // namespace
}  // namespace avatar::neural
