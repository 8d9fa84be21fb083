// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace avatar {
namespace {

constexpr int64_t kTick = 1920;  // 25 pictures a second

// A session that says `level` all the time.
struct Ticks {
  Pace& pace;
  int64_t count = 0;
  void tick(float level) {
    const auto time = MediaTime::from_samples(count * kTick);
    Frame frame(2, 2);
    frame.y()[0] = static_cast<uint8_t>(count);
    pace.add(frame, time);
    pace.add(std::vector<float>(kTick, level), time);
    ++count;
  }
};

TEST(PaceTest, sends_each_picture_with_the_first_sound_under_it) {
  Pace pace;
  Ticks ticks{pace};
  std::array<int16_t, Pace::kStep> sound{};
  for (int tick = 0; tick < 5; ++tick) {
    ticks.tick(0.5F);
    for (int step = 0; step < 4; ++step) {
      const Frame* picture = nullptr;
      EXPECT_TRUE(pace.step(sound, &picture));
      EXPECT_EQ(picture != nullptr, step == 0);
      if (picture != nullptr) {
        EXPECT_EQ(picture->y()[0], tick);
      }
      EXPECT_EQ(sound[0], 16384);  // 0.5 * 32767, rounded
    }
  }
  EXPECT_EQ(pace.sent(), MediaTime::from_ms(200));
}

TEST(PaceTest, a_picture_follows_the_sound_of_its_time_by_the_lag) {
  Pace pace(MediaTime::from_ms(50));
  Ticks ticks{pace};
  std::array<int16_t, Pace::kStep> sound{};
  std::vector<int> seen;
  for (int tick = 0; tick < 4; ++tick) {
    ticks.tick(0.5F);
    for (int step = 0; step < 4; ++step) {
      const Frame* picture = nullptr;
      pace.step(sound, &picture);
      seen.push_back(picture == nullptr ? -1 : picture->y()[0]);
    }
  }
  EXPECT_EQ(seen, (std::vector{0, -1, -1, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1}))
      << "the first at once, the others 50 ms after their time";
}

TEST(PaceTest, silence_fills_the_gap_that_a_late_tick_leaves) {
  Pace pace;
  Ticks ticks{pace};
  std::array<int16_t, Pace::kStep> sound{};
  const Frame* picture = nullptr;
  ticks.tick(1);
  for (int i = 0; i < 4; ++i) pace.step(sound, &picture);
  EXPECT_FALSE(pace.step(sound, &picture));
  EXPECT_EQ(sound[100], 0);
  EXPECT_EQ(picture, nullptr);
  ticks.tick(1);
  EXPECT_TRUE(pace.step(sound, &picture));
  EXPECT_NE(picture, nullptr);
}

TEST(PaceTest, a_delay_is_made_up_in_silence_and_never_in_speech) {
  Pace pace;
  Ticks ticks{pace};
  std::array<int16_t, Pace::kStep> sound{};
  const Frame* picture = nullptr;
  for (int i = 0; i < 5; ++i) ticks.tick(0.5F);  // 200 ms wait: 160 more than the newest tick
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(pace.step(sound, &picture));
  EXPECT_EQ(pace.waiting(), MediaTime::from_ms(120));
  ticks.tick(0.5F);
  for (int i = 0; i < 12; ++i) pace.step(sound, &picture);
  ticks.tick(0);
  ticks.tick(0);
  ticks.tick(0);  // 40 ms of speech and 120 of silence wait
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(pace.step(sound, &picture));
    EXPECT_NE(sound[0], 0);
  }
  pace.step(sound, &picture);
  // What may wait is a tick and the slack, 70 ms; this step is one of them.
  EXPECT_EQ(pace.waiting(), MediaTime::from_ms(60));
  EXPECT_EQ(picture->y()[0], 7) << "the newest whose time has come: its tick began 80 ms before the end";
}

TEST(PaceTest, what_waits_is_muted_at_once_after_a_fade) {
  Pace pace;
  Ticks ticks{pace};
  std::array<int16_t, Pace::kStep> sound{};
  const Frame* picture = nullptr;
  ticks.tick(0.5F);
  ticks.tick(0.5F);
  pace.step(sound, &picture);
  pace.mute(MediaTime::from_ms(60));
  pace.step(sound, &picture);
  EXPECT_EQ(sound[0], 16384);
  EXPECT_NEAR(sound[120], 8192, 1);  // half of 5 ms
  EXPECT_EQ(sound[240], 0);
  pace.mute(MediaTime::from_ms(60));  // agents interrupt twice
  for (int i = 2; i < 6; ++i) {
    EXPECT_TRUE(pace.step(sound, &picture));
    EXPECT_EQ(picture != nullptr, i == 4) << "pictures go on";
    EXPECT_EQ(*std::max_element(sound.begin(), sound.end()), 0) << i;
  }
  pace.step(sound, &picture);
  EXPECT_EQ(sound[0], 16384);
}

TEST(PaceTest, keeps_the_newest_second_when_nobody_takes) {
  Pace pace;
  Ticks ticks{pace};
  for (int i = 0; i < 100; ++i) ticks.tick(0.5F);
  EXPECT_EQ(pace.waiting(), Pace::kBound);
  std::array<int16_t, Pace::kStep> sound{};
  const Frame* picture = nullptr;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pace.step(sound, &picture));
  EXPECT_EQ(picture, nullptr);
}

}  // namespace
}  // namespace avatar
