// SPDX-License-Identifier: Apache-2.0
#include "motion/lips.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "motion/test_sounds.h"

namespace avatar {
namespace {

using namespace sounds;

std::vector<Articulation> articulate(Sound sound) {
  append(sound, silence(0.2));
  Features features;
  Lips lips;
  std::vector<Articulation> said;
  for (const SpeechFrame& f : features.hear(sound)) said.push_back(lips.hear(f));
  said.erase(said.begin(), said.begin() + Lips::kLookAhead);
  return said;
}

/// The mean over the middle of a vowel between two silences.
Articulation middle_of(const Formants& formants, double peak = 0.5) {
  Sound s = silence(0.5);
  append(s, vowel(formants, 0.3, 120, peak));
  append(s, silence(0.5));
  const auto said = articulate(s);
  Articulation mean;
  for (size_t k = 60; k < 72; ++k) {
    for (size_t a = 0; a < kArticulators; ++a) mean.value[a] += said[k].value[a] / 12;
  }
  return mean;
}

TEST(Lips, open_wide_for_a_spread_for_i_and_round_for_u) {
  using enum Articulator;
  const Articulation a = middle_of(kA), i = middle_of(kI), u = middle_of(kU);
  EXPECT_GT(a[jaw], 0.2F);
  EXPECT_GT(a[jaw], 1.5F * i[jaw]);
  EXPECT_GT(a[jaw], 1.2F * u[jaw]);
  EXPECT_GT(i[stretch], u[stretch] + 0.1F);
  EXPECT_GT(u[pucker], i[pucker] + 0.1F);
  EXPECT_GT(u[pucker], a[pucker] + 0.1F);
}

TEST(Lips, do_not_depend_on_how_loud_the_recording_is) {
  using enum Articulator;
  const float loud = middle_of(kA, 0.8)[jaw], quiet = middle_of(kA, 0.04)[jaw];
  EXPECT_NEAR(quiet, loud, 0.25F * loud);
}

TEST(Lips, are_moved_by_a_network_of_the_users_own) {
  using enum Articulator;
  auto model = LipsModel::load(AVATAR_SOURCE_DIR "/src/motion/test_data/own.onnx");
  ASSERT_TRUE(model) << model.error().message;
  Lips lips(model->get());
  std::vector<Articulation> said;
  constexpr std::array kTaps{6 / 24.0F, 5 / 24.0F, 3 / 24.0F, 1 / 24.0F};
  for (int k = 0; k < 60; ++k) {
    SpeechFrame frame = SpeechFrame::silence();
    if (k == 20) frame.log_mel[static_cast<size_t>(pucker)] = 0;  // nearly as loud as can be
    if (k == 40) frame.log_mel[static_cast<size_t>(jaw)] = std::numeric_limits<float>::quiet_NaN();
    said.push_back(lips.hear(frame));
  }
  for (int k = 0; k < 60; ++k) {
    const int apart = std::abs(k - Lips::kLookAhead - 20);
    EXPECT_NEAR(said[k][pucker], apart < 4 ? 0.92F * kTaps[static_cast<size_t>(apart)] : 0, 0.01F) << k;
    EXPECT_NEAR(said[k][jaw], 0, 0.01F) << k;
  }
  lips.hear(SpeechFrame{});
  lips.cut();
  for (int k = 0; k < 20; ++k) EXPECT_LT(lips.hear(SpeechFrame::silence())[jaw], 0.01F) << k;
}

TEST(Lips, refuse_a_network_that_is_not_as_documented) {
  const std::string folder = AVATAR_SOURCE_DIR "/src/motion/test_data/";
  EXPECT_EQ(LipsModel::load(folder + "none.onnx").error().kind, ErrorKind::not_found);
  EXPECT_EQ(LipsModel::load(folder + "make.py").error().kind, ErrorKind::invalid);
  const auto other = LipsModel::load(folder + "other.onnx");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("[1][100][43]"), std::string::npos);
}

TEST(Lips, stay_bounded_and_smooth_whatever_comes) {
  Random random(5);
  Lips lips;
  Articulation before, last;
  for (int k = 0; k < 5000; ++k) {
    SpeechFrame f;
    for (float& b : f.log_mel) b = static_cast<float>(random.between(-23, 2));
    f.loudness_db = static_cast<float>(random.between(-100, 0));
    f.voicing = static_cast<float>(random.unit());
    const Articulation a = lips.hear(f);
    for (size_t i = 0; i < kArticulators; ++i) {
      ASSERT_GE(a.value[i], 0);
      ASSERT_LE(a.value[i], 1.0001F);
      ASSERT_LE(std::abs(a.value[i] - last.value[i]), 0.26F);
      ASSERT_LE(std::abs(a.value[i] - 2 * last.value[i] + before.value[i]), 0.26F);
    }
    before = last;
    last = a;
  }
}

}  // namespace
}  // namespace avatar
