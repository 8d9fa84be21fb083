// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/expressions.h"

#include <gtest/gtest.h>

#include <limits>

namespace avatar::neural {
namespace {

class ExpressionsTest : public testing::Test {
 protected:
  static Portrait portrait(float gap = 0) {
    Portrait p;
    p.fit.scale = 50;
    p.rest.lip_gap_cm = gap;
    return p;
  }
  static Source source() {
    Source s;
    s.scale = 1.25F;
    return s;
  }
  static Look shown(const Expressions& e, const Pose& pose, float lips = 1) {
    Look look = e.idle(pose);
    e.add(pose, lips, look);
    return look;
  }
};

TEST_F(ExpressionsTest, a_pose_of_zeros_is_the_picture) {
  const Expressions e(portrait(), source(), 1, {});
  const Look look = shown(e, {});
  EXPECT_EQ(look.expression, rest_look(source()).expression);
  EXPECT_EQ(look.yaw_deg, rest_look(source()).yaw_deg);
}

TEST_F(ExpressionsTest, the_head_turns_where_the_pose_says_and_the_eyes_stay) {
  const Expressions e(portrait(), source(), 1, {});
  Pose pose;
  pose.head_yaw_deg = 5;    // to the image's right
  pose.head_pitch_deg = 3;  // up
  pose.gaze_yaw_deg = -5;   // back to the viewer
  pose.gaze_pitch_deg = -3;
  pose.head_x_cm = 0.2F;
  const Look look = shown(e, pose);
  EXPECT_NEAR(look.yaw_deg, -5, 1e-4);
  EXPECT_NEAR(look.pitch_deg, -3, 1e-4);
  EXPECT_NEAR(look.shift[0], 0.2 * 50 / 256, 1e-6);
  // The networks' points at rest turn with the head, so the eyes must turn back by as much: to the left and down.
  EXPECT_NEAR(look.expression[33], -0.001 * 0.26 * 5, 1e-7);
  EXPECT_NEAR(look.expression[45], -0.0007 * 0.26 * 5, 1e-7);
  EXPECT_NEAR(look.expression[34], 0.001 * 0.28 * 3, 1e-7);
}

TEST_F(ExpressionsTest, shut_lips_close_the_gap_of_the_picture) {
  const Expressions e(portrait(0.2F), source(), 1, {});
  Pose shut;
  shut[Muscle::mouth_close] = 1;
  // 0.2 cm are 10 px of the picture and of the crop, 10/256 of its units, /1.25 before scaling.
  EXPECT_NEAR(shown(e, shut).expression[3 * 19 + 1], -10.0 / 256 / 1.25, 1e-6);
  EXPECT_EQ(shown(e, shut, 0).expression[3 * 19 + 1], 0) << "the lips are somebody else's";
  EXPECT_EQ(shown(Expressions(portrait(), source(), 1, {}), shut).expression[3 * 19 + 1], 0);
}

TEST_F(ExpressionsTest, eyes_shut_as_the_settings_say_or_else_as_the_editor_does) {
  Pose shut;
  shut[Muscle::eye_blink_left] = shut[Muscle::eye_blink_right] = 1;
  EXPECT_NEAR(shown(Expressions(portrait(), source(), 1, {}), shut).expression[34], 0.039, 1e-7);
  Points blink;
  blink.fill(0.5F);
  const Look look = shown(Expressions(portrait(), source(), 1, blink), shut);
  EXPECT_EQ(look.expression[3 * 13], 0.5F);
  EXPECT_EQ(look.expression[3 * 19], 0) << "a blink moves no lips";
}

TEST_F(ExpressionsTest, what_is_no_number_is_0_and_extremes_are_kept_in) {
  Pose pose;
  pose.muscle.fill(std::numeric_limits<float>::quiet_NaN());
  pose.head_yaw_deg = std::numeric_limits<float>::infinity();
  const Pose s = sane(pose);
  EXPECT_EQ(s[Muscle::jaw_open], 0);
  EXPECT_EQ(s.head_yaw_deg, 12);
}

}  // namespace
}  // namespace avatar::neural
