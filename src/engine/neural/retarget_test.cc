// SPDX-License-Identifier: Apache-2.0
// Expected numbers: a run of the published formulas in another language (docs/neural.md).
#include "engine/neural/retarget.h"

#include <gtest/gtest.h>

#include <cmath>

namespace avatar::neural {
namespace {

std::array<float, kAngleBins> bump(float middle) {
  std::array<float, kAngleBins> logits;
  for (size_t i = 0; i < logits.size(); ++i) {
    const float d = static_cast<float>(i) - middle;
    logits[i] = -d * d / 8;
  }
  return logits;
}

TEST(Retarget, tells_degrees_from_bins) {
  EXPECT_NEAR(degrees(bump(32.5F)), 0, 1e-4);
  EXPECT_NEAR(degrees(bump(40)), 22.5, 1e-4);
  EXPECT_NEAR(degrees(bump(20)), -37.5, 1e-4);
  EXPECT_NEAR(degrees(std::array<float, kAngleBins>{}), 0, 1e-4);
}

TEST(Retarget, turns_as_published) {
  const double right[] = {0.93611681, -0.08189961, -0.34202014, 0.14499682, 0.97588398,
                          0.16317591, 0.32040794,  -0.20234355, 0.92541658};
  const auto r = rotation(10, 20, -5);
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(r[i], right[i], 1e-6) << i;
}

Source example() {
  Source s;
  for (size_t j = 0; j < s.points.size(); ++j) {
    s.points[j] = static_cast<float>(j) / 63 - 0.5F;
    s.expression[j] = 0.01F * std::sin(static_cast<float>(j));
  }
  s.scale = 1.3F;
  s.shift = {0.05F, -0.02F, 0.3F};
  s.pitch = bump(40);
  s.yaw = bump(20);
  s.roll = bump(33);
  return s;
}

TEST(Retarget, places_the_points_as_published) {
  const Source s = example();
  Points points{};
  transform(s, rest_look(s), points);
  const double first[] = {0.0324345, -0.3581469, -1.0211278}, last[] = {0.0084172, 0.2881112, 0.9945140};
  for (size_t axis = 0; axis < 3; ++axis) {
    EXPECT_NEAR(points[axis], first[axis], 1e-5);
    EXPECT_NEAR(points[60 + axis], last[axis], 1e-5);
  }
}

TEST(Retarget, the_first_vector_of_a_clip_is_the_picture_itself) {
  const Source s = example();
  MotionVector any;
  for (size_t i = 0; i < any.size(); ++i) any[i] = std::sin(static_cast<float>(i));
  const Look look = follow(any, any, s, 1.2F), rest = rest_look(s);
  EXPECT_EQ(look.expression, rest.expression);
  EXPECT_EQ(look.pitch_deg, rest.pitch_deg);
  EXPECT_EQ(look.shift, rest.shift);
}

TEST(Retarget, moves_lips_alone_by_the_difference_times_the_gain) {
  const Source s = example();
  MotionVector first{}, v{};
  for (size_t i = 0; i < v.size(); ++i) v[i] = 0.1F + 0.001F * static_cast<float>(i);
  const Look look = follow(v, first, s, 1.2F);
  for (int p = 0; p < kPoints; ++p) {
    for (int axis = 0; axis < 3; ++axis) {
      const auto i = static_cast<size_t>(3 * p + axis);
      const float moved = look.expression[i] - s.expression[i];
      EXPECT_NEAR(moved, is_lip(p) ? 1.2F * v[kExpressionAt + i] : 0, 1e-6) << p;
    }
  }
  EXPECT_NEAR(look.shift[0], s.shift[0] + v[kShiftAt], 1e-6);  // the shift has no gain
}

TEST(Retarget, mixes_head_angles_before_they_become_degrees) {
  Source s;
  s.yaw = bump(30);
  MotionVector first{}, v{};
  // Adding a slope k to logits -(i-mu)^2/8 moves their middle by 4k bins, 12k degrees.
  for (size_t i = 0; i < kAngleBins; ++i) v[kYawAt + i] = 0.25F * static_cast<float>(i);
  EXPECT_NEAR(follow(v, first, s, 1).yaw_deg, 3 * 31 - 97.5, 1e-3);
  EXPECT_NEAR(follow(v, first, s, 2).yaw_deg, 3 * 32 - 97.5, 1e-3);
}

TEST(Retarget, turns_eyes_as_published) {
  Points e{};
  turn_eyes(5, 3, e);
  EXPECT_NEAR(e[33], 0.0035, 1e-8);
  EXPECT_NEAR(e[34], -0.003, 1e-8);
  EXPECT_NEAR(e[45], 0.005, 1e-8);
  EXPECT_NEAR(e[46], -0.003, 1e-8);
  e = {};
  turn_eyes(-5, 3, e);
  EXPECT_NEAR(e[33], -0.005, 1e-8);
  EXPECT_NEAR(e[45], -0.0035, 1e-8);
}

TEST(Retarget, keeps_a_vector_within_its_limits) {
  MotionVector v, low, high;
  v.fill(3);
  low.fill(-1);
  high.fill(2);
  v[5] = -4;
  v[6] = 1;
  const MotionVector kept = limited(v, low, high);
  EXPECT_EQ(kept[0], 2);
  EXPECT_EQ(kept[5], -1);
  EXPECT_EQ(kept[6], 1);
}

TEST(Retarget, a_vector_holds_what_the_picture_shows) {
  const MotionVector v = example().as_vector();
  EXPECT_NEAR(v[0], 0.3, 1e-6);
  EXPECT_EQ(v[kPitchAt + 40], 0);  // the top of its bump
  EXPECT_EQ(v[kYawAt + 20], 0);
  EXPECT_EQ(v[kRollAt + 33], 0);
  EXPECT_EQ(v[kShiftAt + 2], 0.3F);
  EXPECT_EQ(v[kExpressionAt + 1], 0.01F * std::sin(1.0F));
}

}  // namespace
}  // namespace avatar::neural
