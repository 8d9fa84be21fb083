// SPDX-License-Identifier: Apache-2.0
#include "motion/shown_mood.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace avatar {
namespace {

EmotionEstimate heard(Emotion emotion, float probability) {
  EmotionEstimate e;
  e.mood.weight[static_cast<size_t>(Emotion::neutral)] = 1 - probability;
  e.mood.weight[static_cast<size_t>(emotion)] = probability;
  e.spoken = true;
  return e;
}

bool same(const Pose& a, const Pose& b) { return std::memcmp(&a, &b, sizeof(Pose)) == 0; }

TEST(ShownMood, is_what_was_asked_for_whatever_is_heard) {
  ShownMood mood(Emotion::happy, 0.5F);
  const Pose asked = emotion_face(Emotion::happy, 0.5F).held;
  EXPECT_TRUE(same(mood.face().held, asked));
  mood.hear(heard(Emotion::angry, 1));
  for (int i = 0; i < 200; ++i) mood.step();
  EXPECT_TRUE(same(mood.face().held, asked));
  EXPECT_EQ(mood.mood()[Emotion::happy], 0.5F);
}

TEST(ShownMood, follows_a_clear_voice_within_two_seconds_and_never_jumps) {
  for (const Emotion e : {Emotion::happy, Emotion::sad, Emotion::angry, Emotion::fear, Emotion::surprise}) {
    ShownMood mood(std::nullopt, 0.6F);
    const Pose full = emotion_face(e, 0.6F).held;
    float before = 0, largest = 0;
    for (int i = 0; i < 200; ++i) {
      mood.hear(heard(e, 0.95F));
      mood.step();
      const float now = mood.mood()[e];
      largest = std::max(largest, now - before);
      EXPECT_GE(now, before);
      before = now;
    }
    EXPECT_LT(largest, 0.011F) << "in 10 ms, of 0.6";
    for (size_t m = 0; m < kMuscleCount; ++m) {
      EXPECT_NEAR(mood.face().held.muscle[m], full.muscle[m], 0.02F);
    }
  }
}

TEST(ShownMood, stays_neutral_while_the_voice_is_not_clear) {
  ShownMood mood(std::nullopt, 1);
  const Pose neutral = mood.face().held;
  for (int i = 0; i < 300; ++i) {
    mood.hear(heard(i % 2 == 0 ? Emotion::angry : Emotion::happy, 0.44F));
    mood.step();
  }
  EXPECT_TRUE(same(mood.face().held, neutral));
}

TEST(ShownMood, goes_from_one_mood_to_the_next_and_back_to_rest_to_the_bit) {
  ShownMood mood(std::nullopt, 1);
  const Pose neutral = mood.face().held;
  for (const Emotion e : {Emotion::angry, Emotion::happy}) {
    for (int i = 0; i < 100; ++i) {
      mood.hear(heard(e, 1));
      mood.step();
      float sum = 0;
      for (const float w : mood.mood().weight) sum += w;
      ASSERT_LE(sum, 1.01F);
    }
  }
  EXPECT_GT(mood.mood()[Emotion::happy], mood.mood()[Emotion::angry]);
  mood.hear(heard(Emotion::happy, 0.1F));
  for (int i = 0; i < 1000; ++i) mood.step();
  for (size_t m = 0; m < kMuscleCount; ++m) EXPECT_FLOAT_EQ(mood.face().held.muscle[m], neutral.muscle[m]);
  const Pose rest = mood.face().held;
  mood.step();
  EXPECT_TRUE(same(mood.face().held, rest));
}

}  // namespace
}  // namespace avatar
