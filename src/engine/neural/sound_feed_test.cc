// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/sound_feed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace avatar::neural {
namespace {

std::vector<float> tone(double hz, size_t samples, float level = 0.5F) {
  std::vector<float> out(samples);
  for (size_t i = 0; i < samples; ++i) {
    out[i] = level * static_cast<float>(std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kSampleRate));
  }
  return out;
}

Moment moment(int64_t at, std::span<const float> sound) {
  Moment m;
  m.time = MediaTime::from_samples(at);
  m.sound = sound;
  return m;
}

std::vector<float> all(const SoundFeed& feed) {
  int64_t from = 0;
  const auto sound = feed.sound_from(from);
  EXPECT_EQ(from, 0);
  return {sound.begin(), sound.end()};
}

TEST(SoundFeed, keeps_speech_in_its_place_and_takes_out_what_is_above) {
  const auto low = tone(1000, 48000), high = tone(11000, 48000);
  SoundFeed a, b;
  a.take(moment(0, low));
  b.take(moment(0, high));
  const auto heard = all(a), nothing = all(b);
  ASSERT_EQ(heard.size(), (48000U - 48 + 2) / 3);
  for (size_t i = 100; i < heard.size() - 100; ++i) {
    ASSERT_NEAR(heard[i], low[3 * i], 2e-3) << i;
    ASSERT_NEAR(nothing[i], 0, 2e-3) << i;
  }
}

TEST(SoundFeed, does_not_mind_how_moments_overlap) {
  const auto sound = tone(440, 30000);
  SoundFeed once, often;
  once.take(moment(0, sound));
  for (int64_t at = 0; at + 5000 <= 30000; at += 1000) {
    often.take(moment(at, std::span(sound).subspan(static_cast<size_t>(at), 5000)));
  }
  EXPECT_EQ(all(once), all(often));
}

TEST(SoundFeed, says_which_frames_are_loud) {
  std::vector<float> sound(48000);
  const auto loud = tone(300, 9600, 0.1F), faint = tone(300, 9600, 0.002F);
  std::copy(loud.begin(), loud.end(), sound.begin() + 9600);     // frames 5..9
  std::copy(faint.begin(), faint.end(), sound.begin() + 28800);  // frames 15..19
  SoundFeed feed;
  feed.take(moment(0, sound));
  int frames = 0;
  for (SoundFeed::HeardFrame f; feed.next_frame(f); ++frames) {
    EXPECT_EQ(f.number, frames);
    EXPECT_EQ(f.is_loud, f.number >= 5 && f.number < 10) << f.number;
  }
  EXPECT_EQ(frames, 24);  // the 25th still waits for the filter
}

TEST(SoundFeed, what_never_came_is_silence) {
  const auto sound = tone(440, 4800);
  SoundFeed feed;
  feed.take(moment(0, sound));
  feed.take(moment(9600, sound));
  const auto heard = all(feed);
  for (size_t i = 1620; i < 3180; ++i) ASSERT_EQ(heard[i], 0) << i;
  EXPECT_GT(std::fabs(heard[3220]), 0.1F);
}

TEST(SoundFeed, a_gap_of_minutes_costs_nothing_and_keeps_time) {
  const auto sound = tone(440, 4800);
  SoundFeed feed;
  feed.take(moment(0, sound));
  const int64_t late = int64_t{600} * kSampleRate;
  feed.take(moment(late, sound));
  int64_t from = late / 3;
  const auto heard = feed.sound_from(from);
  EXPECT_EQ(from, late / 3);
  for (size_t i = 30; i < heard.size() - 30; ++i) ASSERT_NEAR(heard[i], sound[3 * i], 2e-3);
  SoundFeed::HeardFrame f;
  int64_t last = -1;
  while (feed.next_frame(f)) last = f.number;
  EXPECT_EQ(last, late / 1920 + 1);
}

TEST(SoundFeed, takes_again_what_was_forgotten) {
  const auto first = tone(440, 9600), second = tone(700, 9600);
  for (const int64_t cut : {1920, 3001, 9590, 0}) {
    SoundFeed feed;
    feed.take(moment(0, first));
    feed.forget_from(MediaTime::from_samples(cut));
    feed.take(moment(cut, std::span(second).subspan(static_cast<size_t>(cut))));
    const auto heard = all(feed);
    ASSERT_EQ(heard.size(), (9600U - 48 + 2) / 3) << cut;
    for (size_t i = 0; i < heard.size(); ++i) {
      const int64_t at = static_cast<int64_t>(3 * i);
      if (std::llabs(at - cut) < 60 || i < 20) continue;  // the filter reaches over the edge
      ASSERT_NEAR(heard[i], at < cut ? first[3 * i] : second[3 * i], 2e-3) << cut << " " << i;
    }
  }
}

TEST(SoundFeed, what_is_no_number_is_silence) {
  std::vector<float> sound(4800, std::nanf(""));
  SoundFeed feed;
  feed.take(moment(0, sound));
  for (const float s : all(feed)) ASSERT_EQ(s, 0);
}

}  // namespace
}  // namespace avatar::neural
