// SPDX-License-Identifier: Apache-2.0
#include "motion/lips.h"

#include <gtest/gtest.h>

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
