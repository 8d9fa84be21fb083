// SPDX-License-Identifier: Apache-2.0
// The rig on the built-in portrait: needs the face networks, hence a program of its own.
#include "engine/mesh/rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "engine/mesh/aperture.h"
#include "engine/mesh/creases.h"
#include "engine/mesh/muscles.h"
#include "face/analysis.h"

namespace avatar::mesh {
namespace {

class RigTest : public testing::Test {
 protected:
  static const Portrait& portrait() {
    static const std::shared_ptr<const Portrait> one = [] {
      std::ifstream in(AVATAR_SOURCE_DIR "/assets/portrait/portrait-1024.png", std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      auto analysis = FaceAnalysis::load();
      return *(*analysis)->analyse(std::as_bytes(std::span(bytes)));
    }();
    return *one;
  }

  RigTest() : framing_(frame_face(portrait(), {512, 512})), rig_(portrait(), framing_, 36), shape_(rig_.shape()) {}

  [[nodiscard]] float lip_gap() const { return Aperture(rig_.mesh().mouth, shape_.x, shape_.y).gap(); }
  [[nodiscard]] float moved(Index i) const {
    return std::hypot(shape_.screen_x[i] - rig_.mesh().x[i], shape_.screen_y[i] - rig_.mesh().y[i]);
  }

  Framing framing_;
  Rig rig_;
  Shape shape_;
};

TEST_F(RigTest, frame_shows_the_face_at_its_share_and_stays_in_the_picture) {
  const Point3 top = framing_.to_frame(portrait().landmarks[10]), chin = framing_.to_frame(portrait().landmarks[152]);
  EXPECT_NEAR((chin.y - top.y) / 512, 0.48, 0.1);
  EXPECT_GE(framing_.origin_x, 0);
  EXPECT_GE(framing_.origin_y, 0);
  EXPECT_LE(framing_.origin_y + 512 / framing_.scale, static_cast<float>(portrait().picture.height) + 0.01F);
}

TEST_F(RigTest, pose_of_zeros_is_the_picture_itself) {
  rig_.pose({}, shape_);
  for (size_t i = 0; i < rig_.mesh().size(); ++i) {
    ASSERT_NEAR(shape_.screen_x[i], rig_.mesh().x[i], 1e-3) << i;
    ASSERT_NEAR(shape_.screen_y[i], rig_.mesh().y[i], 1e-3) << i;
  }
}

TEST_F(RigTest, lips_meet_whatever_the_jaw_does) {
  for (const float jaw : {0.0F, 0.2F, 0.5F, 1.0F}) {
    Pose p;
    p[Muscle::jaw_open] = jaw;
    p[Muscle::mouth_lower_down_left] = p[Muscle::mouth_lower_down_right] = 0.5F;
    p[Muscle::mouth_close] = 1;
    rig_.pose(p, shape_);
    EXPECT_LT(lip_gap(), 0.05F) << "jaw " << jaw;
  }
}

TEST_F(RigTest, lips_never_cross) {
  Pose p;
  p[Muscle::mouth_press] = p[Muscle::mouth_roll_lower] = p[Muscle::mouth_roll_upper] = p[Muscle::mouth_shrug_lower] = 1;
  rig_.pose(p, shape_);
  const Seam& mouth = rig_.mesh().mouth;
  for (size_t i = 0; i < mouth.upper.size(); ++i)
    EXPECT_GE(shape_.y[mouth.lower[i]] - shape_.y[mouth.upper[i]], -0.3F) << i;
}

TEST_F(RigTest, jaw_opens_the_mouth_in_proportion) {
  Pose p;
  float last = -1;
  for (const float jaw : {0.0F, 0.25F, 0.5F, 0.75F, 1.0F}) {
    p[Muscle::jaw_open] = jaw;
    rig_.pose(p, shape_);
    EXPECT_GT(lip_gap(), last);
    last = lip_gap();
  }
  EXPECT_NEAR(last / rig_.px_per_cm(), 2.4, 0.6);  // cm between the lips; 2.6 between the incisors
}

TEST_F(RigTest, blink_shuts_the_eye_and_nothing_else) {
  Pose p;
  p[Muscle::eye_blink_left] = 1;
  rig_.pose(p, shape_);
  EXPECT_LT(Aperture(rig_.mesh().eye_left, shape_.x, shape_.y).gap(), 0.05F);
  EXPECT_GT(Aperture(rig_.mesh().eye_right, shape_.x, shape_.y).gap(), 3);
  EXPECT_LT(moved(4), 1e-3F);    // nose
  EXPECT_LT(moved(152), 1e-3F);  // chin
  EXPECT_LT(moved(107), 1e-3F);  // the other brow
}

TEST_F(RigTest, brows_leave_lids_and_lips_alone) {
  Pose p;
  p[Muscle::brow_inner_up] = p[Muscle::brow_outer_up_left] = p[Muscle::brow_outer_up_right] = 1;
  rig_.pose(p, shape_);
  for (const Index i : {Index{159}, Index{386}, Index{13}, Index{14}, Index{61}}) EXPECT_LT(moved(i), 0.2F) << i;
  EXPECT_GT(moved(107), 0.3F * rig_.px_per_cm());
}

TEST_F(RigTest, head_turns_the_way_its_angles_say) {
  Pose p;
  p.head_yaw_deg = 8;
  rig_.pose(p, shape_);
  EXPECT_GT(shape_.screen_x[4], rig_.mesh().x[4] + 5);  // the nose goes to the image's right
  p = {};
  p.head_pitch_deg = 6;
  rig_.pose(p, shape_);
  EXPECT_LT(shape_.screen_y[4], rig_.mesh().y[4] - 3);  // up
  p = {};
  p.head_roll_deg = 6;
  rig_.pose(p, shape_);
  EXPECT_GT(shape_.screen_x[10], rig_.mesh().x[10] + 5);  // clockwise: the forehead to the right
}

TEST_F(RigTest, no_triangle_folds_over_when_the_head_turns) {
  const FaceMesh& mesh = rig_.mesh();
  for (const float yaw : {-12.0F, 12.0F}) {
    for (const float pitch : {-8.0F, 8.0F}) {
      Pose p;
      p.head_yaw_deg = yaw;
      p.head_pitch_deg = pitch;
      rig_.pose(p, shape_);
      for (const Triangle& t : mesh.triangles) {
        const auto area = [&](const std::vector<float>& x, const std::vector<float>& y) {
          return (x[t[1]] - x[t[0]]) * (y[t[2]] - y[t[0]]) - (x[t[2]] - x[t[0]]) * (y[t[1]] - y[t[0]]);
        };
        const float before = area(mesh.x, mesh.y), now = area(shape_.screen_x, shape_.screen_y);
        if (std::fabs(before) < 2) continue;
        ASSERT_GT(before * now, 0) << "yaw " << yaw << " pitch " << pitch << " at " << mesh.x[t[0]] << ","
                                   << mesh.y[t[0]] << " vertices " << t[0] << " " << t[1] << " " << t[2];
      }
    }
  }
}

// What moods hold at their strongest (motion/emotion_face.cc).
TEST_F(RigTest, no_triangle_folds_over_in_a_strong_expression) {
  using enum Muscle;
  struct Pull {
    Muscle left, right;
    float value;
  };
  const std::vector<std::vector<Pull>> expressions{{{mouth_smile_left, mouth_smile_right, 1},
                                                    {cheek_squint_left, cheek_squint_right, 0.9F},
                                                    {mouth_upper_up_left, mouth_upper_up_right, 0.2F},
                                                    {eye_squint_left, eye_squint_right, 0.4F}},
                                                   {{brow_inner_up, brow_inner_up, 1},
                                                    {brow_down_left, brow_down_right, 0.3F},
                                                    {mouth_frown_left, mouth_frown_right, 0.8F},
                                                    {mouth_shrug_lower, mouth_shrug_lower, 0.5F}},
                                                   {{brow_down_left, brow_down_right, 1},
                                                    {eye_wide_left, eye_wide_right, 0.5F},
                                                    {eye_squint_left, eye_squint_right, 0.6F},
                                                    {nose_sneer_left, nose_sneer_right, 0.3F},
                                                    {mouth_press, mouth_press, 0.5F}},
                                                   {{brow_inner_up, brow_inner_up, 1},
                                                    {eye_wide_left, eye_wide_right, 1},
                                                    {mouth_stretch_left, mouth_stretch_right, 1},
                                                    {mouth_frown_left, mouth_frown_right, 0.4F}},
                                                   {{nose_sneer_left, nose_sneer_right, 1},
                                                    {mouth_upper_up_left, mouth_upper_up_right, 0.7F},
                                                    {mouth_frown_left, mouth_frown_right, 0.6F},
                                                    {brow_down_left, brow_down_right, 0.6F},
                                                    {cheek_squint_left, cheek_squint_right, 0.5F}},
                                                   {{brow_inner_up, brow_inner_up, 1},
                                                    {brow_outer_up_left, brow_outer_up_right, 1},
                                                    {eye_wide_left, eye_wide_right, 1}}};
  const FaceMesh& mesh = rig_.mesh();
  for (size_t e = 0; e < expressions.size(); ++e) {
    for (const float jaw : {0.0F, 0.4F}) {
      Pose p;
      for (const Pull& pull : expressions[e]) p[pull.left] = p[pull.right] = pull.value;
      p[jaw_open] = jaw;
      rig_.pose(p, shape_);
      for (const Triangle& t : mesh.triangles) {
        const auto area = [&](const std::vector<float>& x, const std::vector<float>& y) {
          return (x[t[1]] - x[t[0]]) * (y[t[2]] - y[t[0]]) - (x[t[2]] - x[t[0]]) * (y[t[1]] - y[t[0]]);
        };
        const float before = area(mesh.x, mesh.y), now = area(shape_.screen_x, shape_.screen_y);
        if (std::fabs(before) < 5) continue;
        EXPECT_GT(now / before, 0) << "expression " << e << " at " << mesh.canonical[t[0]].x << ", "
                                   << mesh.canonical[t[0]].y;
      }
    }
  }
}

TEST_F(RigTest, a_smile_of_the_picture_can_be_taken_back_and_a_face_without_one_has_none) {
  Portrait smiling = portrait();
  smiling.rest.smile = 0.9F;
  const Rig rig(smiling, framing_, 36);
  Pose p;
  p[Muscle::mouth_smile_left] = p[Muscle::mouth_smile_right] = -1;
  rig.pose(p, shape_);
  const FaceMesh& mesh = rig.mesh();
  for (const Index corner : {Index{61}, Index{291}})
    EXPECT_GT(shape_.y[corner] - mesh.y[corner], 0.5F * rig.px_per_cm());
  EXPECT_GT(mesh.x[291] - mesh.x[61] - (shape_.x[291] - shape_.x[61]), 0.5F * rig.px_per_cm());
  EXPECT_LT(std::fabs(shape_.y[4] - mesh.y[4]), 0.1F);  // the nose

  Portrait earnest = portrait();
  earnest.rest.smile = 0;
  Rig(earnest, framing_, 36).pose(p, shape_);
  for (size_t i = 0; i < mesh.size(); ++i) ASSERT_EQ(shape_.y[i], mesh.y[i]);
}

TEST_F(RigTest, shoulders_stay_when_the_head_moves) {
  Pose p;
  p.head_yaw_deg = 10;
  p.head_x_cm = 1;
  rig_.pose(p, shape_);
  const FaceMesh& mesh = rig_.mesh();
  int below = 0;
  for (size_t i = 0; i < mesh.size(); ++i) {
    if (mesh.canonical[i].y > -19.5F) continue;
    ++below;
    EXPECT_LT(std::hypot(shape_.screen_x[i] - mesh.x[i], shape_.screen_y[i] - mesh.y[i]), 0.01F);
  }
  EXPECT_GT(below, 0);
}

TEST_F(RigTest, nonsense_is_clamped) {
  Pose wild, edge;
  for (float& m : wild.muscle) m = std::numeric_limits<float>::quiet_NaN();
  wild.head_yaw_deg = 1e9F;
  wild.head_pitch_deg = std::numeric_limits<float>::infinity();
  wild.breath = -3;
  edge.head_yaw_deg = 12;
  edge.head_pitch_deg = 8;
  rig_.pose(wild, shape_);
  Shape expected = rig_.shape();
  rig_.pose(edge, expected);
  EXPECT_EQ(shape_.screen_x, expected.screen_x);
  EXPECT_EQ(shape_.screen_y, expected.screen_y);
}

TEST_F(RigTest, creases_darken_skin_where_a_muscle_draws_it_together_and_go_with_it) {
  const FaceMesh& mesh = rig_.mesh();
  Canvas canvas = resample(portrait(), framing_, 1, 36);
  const Texture plain = make_texture(canvas, 1, 36);
  const Rgb skin = canvas.sample(plain.u(mesh.x[50]), plain.v(mesh.y[50]));  // a cheek
  const Creases creases(plain, mesh, skin, portrait().rest);
  Texture texture = plain;
  Creases::Depths drawn{};
  Pose p;
  creases.paint(p, drawn, texture);
  EXPECT_EQ(texture.texels, plain.texels);

  p[Muscle::brow_down_left] = p[Muscle::brow_down_right] = 1;
  creases.paint(p, drawn, texture);
  // The two furrows beside the middle of the brows: within +-1 cm of it, 0.5 cm up and down.
  const int x0 = static_cast<int>(plain.u(mesh.x[9])), y0 = static_cast<int>(plain.v(mesh.y[9]));
  const int wide = static_cast<int>(rig_.px_per_cm()), high = wide / 2;
  int darker = 0, lighter = 0;
  for (int y = y0 - high; y <= y0 + high; ++y) {
    for (int x = x0 - wide; x <= x0 + wide; ++x) {
      const size_t at = static_cast<size_t>(y) * plain.width + x;
      const int change = static_cast<int>(texture.texels[at] & 0xff) - static_cast<int>(plain.texels[at] & 0xff);
      darker += change < -8;
      lighter += change > 12;
    }
  }
  EXPECT_GT(darker, wide * high / 8);
  EXPECT_EQ(lighter, 0);
  // Nothing but skin of the face: the lips, the irises and all beyond the face stay.
  for (const Index i : {Index{13}, Index{14}, Index{17}, mesh.mouth.upper[3]}) {
    const auto at = static_cast<size_t>(plain.v(mesh.y[i])) * plain.width + static_cast<size_t>(plain.u(mesh.x[i]));
    EXPECT_EQ(texture.texels[at], plain.texels[at]) << i;
  }
  EXPECT_TRUE(std::equal(texture.texels.begin(), texture.texels.begin() + 36 * plain.width, plain.texels.begin()));

  creases.paint({}, drawn, texture);
  EXPECT_EQ(texture.texels, plain.texels);
}

TEST(Muscles, left_and_right_mirror_each_other) {
  const std::pair<Muscle, Muscle> pairs[] = {{Muscle::mouth_smile_left, Muscle::mouth_smile_right},
                                             {Muscle::mouth_frown_left, Muscle::mouth_frown_right},
                                             {Muscle::mouth_upper_up_left, Muscle::mouth_upper_up_right},
                                             {Muscle::mouth_lower_down_left, Muscle::mouth_lower_down_right},
                                             {Muscle::brow_down_left, Muscle::brow_down_right},
                                             {Muscle::cheek_squint_left, Muscle::cheek_squint_right}};
  for (const auto& [left, right] : pairs) {
    for (float x = -7; x <= 7; x += 0.5F) {
      for (float y = -9; y <= 8; y += 0.5F) {
        const Point3 a = displacement(left, {x, y, 4}), b = displacement(right, {-x, y, 4});
        ASSERT_NEAR(a.x, -b.x, 1e-5);
        ASSERT_NEAR(a.y, b.y, 1e-5);
      }
    }
  }
}

TEST(Muscles, symmetric_ones_keep_the_midline) {
  for (const Muscle m :
       {Muscle::jaw_open, Muscle::mouth_pucker, Muscle::mouth_funnel, Muscle::mouth_press, Muscle::brow_inner_up}) {
    for (float y = -9; y <= 8; y += 0.25F)
      EXPECT_NEAR(displacement(m, {0, y, 5}).x, 0, 0.35F * (m == Muscle::jaw_open || m == Muscle::mouth_press)) << y;
  }
}

}  // namespace
}  // namespace avatar::mesh
