// SPDX-License-Identifier: Apache-2.0
// A stretch of speech with made networks: rows tell the window's mean square, motion is the clip's start, its
// conditions and its noise.
#include "engine/neural/speaker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace avatar::neural {
namespace {

struct Seen {
  std::vector<float> start;  // first number of each clip's start
};

std::unique_ptr<Speaker> speaker(uint64_t seed = 1, Seen* seen = nullptr) {
  const auto hear = [](std::span<const float> window, std::span<float> rows) -> Result<void> {
    float sum = 0;
    for (const float s : window) sum += s * s;
    std::fill(rows.begin(), rows.end(), sum / static_cast<float>(window.size()));
    return {};
  };
  struct Clip {
    std::vector<float> start, conditions;
  };
  auto clip = std::make_shared<Clip>();
  Networks::ClipNetwork net;
  net.set = [clip, seen](std::span<const float> start, std::span<const float> conditions) {
    clip->start.assign(start.begin(), start.end());
    clip->conditions.assign(conditions.begin(), conditions.end());
    if (seen != nullptr) seen->start.push_back(start[0]);
  };
  net.denoise = [clip](const Denoising& d) -> Result<void> {
    for (size_t f = 0; f < kClipFrames; ++f) {
      for (size_t i = 0; i < kMotionNumbers; ++i) {
        const size_t at = f * kMotionNumbers + i;
        d.clean[at] = clip->conditions[f * kConditionNumbers] + clip->conditions[f * kConditionNumbers + 1027] +
                      0.01F * d.x[at] + clip->start[i] + 1e-3F;
        d.noise[at] = d.x[at] - d.clean[at];
      }
    }
    return {};
  };
  PersonCondition person;
  person.calm = {emotion_row(4)};
  person.eye_open = {{1, 1}};
  person.eye_ball = {{}};
  auto made = std::make_unique<Speaker>(SpeakerSettings{seed, 4, {}}, hear, net, person, MotionVector{});
  EXPECT_TRUE(made->prepare());
  return made;
}

std::vector<MotionVector> say(Speaker& speaker, std::span<const float> sound, size_t block, const Mood& mood = {}) {
  std::vector<MotionVector> told;
  for (size_t at = 0; at < sound.size(); at += block) {
    const auto done = speaker.hear(sound.subspan(at, std::min(block, sound.size() - at)), mood,
                                   [&](const MotionVector& m) { told.push_back(m); });
    EXPECT_TRUE(done);
  }
  return told;
}

std::vector<float> speech(size_t samples) {
  std::vector<float> sound(samples);
  for (size_t i = 0; i < samples; ++i) sound[i] = 0.3F * std::sin(static_cast<float>(i) * 0.07F);
  return sound;
}

TEST(Speaker, tells_the_first_motion_after_485_ms) {
  EXPECT_EQ(look_ahead_samples({}), 7760);
  EXPECT_EQ(look_ahead_samples({.overlap = 70}), 14160);
  auto s = speaker();
  s->begin(1);
  EXPECT_EQ(say(*s, speech(7759), 640).size(), 0U);
  s->begin(1);
  EXPECT_EQ(say(*s, speech(7760), 640).size(), 5U);
}

TEST(Speaker, the_same_stretch_is_the_same_however_it_is_cut_and_whatever_was_before) {
  const auto sound = speech(32000);
  auto a = speaker(), b = speaker();
  a->begin(3);
  b->begin(1);
  say(*b, speech(20000), 777);
  b->begin(3);
  const auto once = say(*a, sound, sound.size());
  EXPECT_EQ(once.size(), 40U);
  EXPECT_TRUE(once == say(*b, sound, 123));
}

TEST(Speaker, other_seeds_and_other_stretches_move_otherwise) {
  const auto sound = speech(16000);
  auto a = speaker(1), b = speaker(2);
  a->begin(1);
  b->begin(1);
  const auto first = say(*a, sound, 640);
  EXPECT_FALSE(first == say(*b, sound, 640));
  a->begin(2);
  EXPECT_FALSE(first == say(*a, sound, 640));
}

TEST(Speaker, feels_what_it_is_told) {
  const auto sound = speech(32000);
  Mood happy;
  happy.weight[static_cast<size_t>(Emotion::happy)] = 1;
  auto a = speaker(), b = speaker();
  a->begin(1);
  b->begin(1);
  const auto calm = say(*a, sound, 640), glad = say(*b, sound, 640, happy);
  // Condition 1027 is happiness; it comes slowly. The expression starts anew with each clip.
  EXPECT_NEAR(glad[0][kExpressionAt] - calm[0][kExpressionAt], 0.08, 0.05);
  EXPECT_GT(glad.back()[kExpressionAt] - calm.back()[kExpressionAt], 0.8);
}

TEST(Speaker, comes_home_at_a_quiet_place_and_at_last_anywhere) {
  for (const bool has_pause : {true, false}) {
    Seen seen;
    auto s = speaker(1, &seen);
    s->begin(1);
    auto sound = speech(static_cast<size_t>(70) * kHearingRate);
    if (has_pause) std::fill_n(sound.begin() + static_cast<std::ptrdiff_t>(40) * kHearingRate, kHearingRate, 0.0F);
    say(*s, sound, 6400);
    std::vector<size_t> home;
    for (size_t clip = 1; clip < seen.start.size(); ++clip) {
      if (seen.start[clip] == 0) home.push_back(clip / 5);  // seconds
    }
    ASSERT_FALSE(home.empty());
    EXPECT_NEAR(static_cast<double>(home[0]), has_pause ? 40 : 60, 1);
  }
}

}  // namespace
}  // namespace avatar::neural
