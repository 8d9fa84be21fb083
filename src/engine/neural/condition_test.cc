// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/condition.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <vector>

namespace avatar::neural {
namespace {

TEST(Condition, tells_one_emotion_as_published) {
  const EmotionRow row = emotion_row(4);
  EXPECT_NEAR(row[4], 0.997657, 1e-6);
  for (const size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 7U}) EXPECT_NEAR(row[i], 0.00033467, 1e-8);
}

TEST(Condition, a_mood_takes_its_share_from_calm) {
  const EmotionRow calm = emotion_row(4);
  EXPECT_EQ(emotion_row(Mood{}, calm), calm);
  const std::pair<Emotion, size_t> places[] = {{Emotion::angry, 0}, {Emotion::disgust, 1}, {Emotion::fear, 2},
                                               {Emotion::happy, 3}, {Emotion::sad, 5},     {Emotion::surprise, 6}};
  for (const auto& [emotion, place] : places) {
    Mood mood;
    mood.weight[static_cast<size_t>(emotion)] = 0.6F;
    const EmotionRow row = emotion_row(mood, calm);
    EXPECT_NEAR(row[place], 0.6, 3e-3);
    EXPECT_NEAR(row[4], 0.4, 3e-3);
    EXPECT_NEAR(row[7], 3.35e-4, 2e-6);
    EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-6);
  }
}

TEST(Condition, more_than_everything_and_no_number_are_put_right) {
  Mood mood;
  mood.weight.fill(5);
  mood.weight[2] = std::numeric_limits<float>::quiet_NaN();
  const EmotionRow row = emotion_row(mood, emotion_row(4));
  EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-6);
  EXPECT_NEAR(row[3], 0.2, 1e-3);
  EXPECT_LT(row[5], 1e-3);
}

TEST(Condition, walks_short_lists_to_and_fro) {
  const std::vector<int> right{0, 1, 2, 2, 1, 0, 0, 1, 2};
  for (int i = 0; i < 9; ++i) EXPECT_EQ(mirrored(i, 3), right[static_cast<size_t>(i)]);
  EXPECT_EQ(mirrored(17, 1), 0);
}

TEST(Condition, puts_every_part_in_its_place) {
  PersonCondition person;
  for (int i = 0; i < 600; ++i) person.calm.push_back({static_cast<float>(i)});
  for (int i = 0; i < 3; ++i) {
    const auto x = static_cast<float>(i);
    person.eye_open.push_back({10 + x, 20 + x});
    person.eye_ball.push_back({30 + x, 40 + x, 50 + x, 60 + x, 70 + x, 80 + x});
  }
  std::iota(person.points.begin(), person.points.end(), 1000.0F);
  std::vector<float> sound(kAudioNumbers, 0.5F), row(kConditionNumbers);
  for (int frame = -3; frame <= 5; ++frame) {
    write_condition(sound, {}, person, frame, row);
    const int n = std::max(frame, 0);
    const auto eye = static_cast<float>(std::array{0, 1, 2, 2, 1, 0}[static_cast<size_t>(n)]);
    EXPECT_EQ(row[1023], 0.5F);
    EXPECT_EQ(row[1024], static_cast<float>(n));
    EXPECT_EQ(row[1032], 10 + eye);
    EXPECT_EQ(row[1033], 20 + eye);
    EXPECT_EQ(row[1034], 30 + eye);
    EXPECT_EQ(row[1039], 80 + eye);
    EXPECT_EQ(row[1040], 1000);
    EXPECT_EQ(row[1102], 1062);
  }
  write_condition(sound, {}, person, 601, row);
  EXPECT_EQ(row[1024], 1);
}

}  // namespace
}  // namespace avatar::neural
