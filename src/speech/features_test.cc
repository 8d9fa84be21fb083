// SPDX-License-Identifier: Apache-2.0
#include "speech/features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

namespace avatar {
namespace {

std::vector<float> tone(double hz, double seconds, double peak = 0.5) {
  std::vector<float> s(static_cast<size_t>(seconds * kSampleRate));
  for (size_t i = 0; i < s.size(); ++i) {
    s[i] = static_cast<float>(peak * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / kSampleRate));
  }
  return s;
}

std::vector<float> noise(double seconds) {
  uint32_t state = 1;
  std::vector<float> s(static_cast<size_t>(seconds * kSampleRate));
  for (float& x : s) x = static_cast<float>(static_cast<int32_t>(state = state * 1664525U + 1013904223U)) * 0x1p-32F;
  return s;
}

std::vector<SpeechFrame> hear(const std::vector<float>& sound, size_t block = 1 << 20) {
  Features features;
  std::vector<SpeechFrame> frames;
  for (size_t at = 0; at < sound.size(); at += block) {
    const auto some = features.hear(std::span(sound).subspan(at, std::min(block, sound.size() - at)));
    frames.insert(frames.end(), some.begin(), some.end());
  }
  return frames;
}

bool same(const std::vector<SpeechFrame>& a, const std::vector<SpeechFrame>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(SpeechFrame)) == 0;
}

TEST(Features, do_not_depend_on_how_the_sound_is_cut) {
  const auto sound = noise(1.3);
  const auto whole = hear(sound);
  for (const size_t block : {1U, 7U, 480U, 1920U, 4801U}) EXPECT_TRUE(same(whole, hear(sound, block))) << block;
}

TEST(Features, centre_frame_k_at_k_times_10_ms) {
  // A click at 500 ms: the frames round it are a mirror of each other.
  std::vector<float> sound(kSampleRate, 0.0F);
  sound[kSampleRate / 2] = 1;
  const auto frames = hear(sound);
  EXPECT_GT(frames[50].log_mel[25], frames[49].log_mel[25] + 1);
  EXPECT_NEAR(frames[49].log_mel[25], frames[51].log_mel[25], 0.15);
  EXPECT_LT(frames[48].loudness_db, -70);  // its window ends 7.5 ms before the click
}

TEST(Features, are_ready_as_soon_as_they_promise) {
  Features features;
  const auto promised = static_cast<size_t>(Features::look_ahead().samples);
  EXPECT_EQ(features.hear(std::vector<float>(promised - 48, 0.1F)).size(), 0U);
  EXPECT_EQ(features.hear(std::vector<float>(48, 0.1F)).size(), 1U);
}

TEST(Features, tell_loudness_and_band) {
  const auto frames = hear(tone(1000, 0.5));
  const SpeechFrame& f = frames[25];
  EXPECT_NEAR(f.loudness_db, 20 * std::log10(0.5 / std::sqrt(2.0)), 0.2);
  // mel(1000 Hz) = 999.9; the bands' tops are 66.1 mel apart from 92.6 + 66.1: the 14th, index 13, tops at 1018.
  size_t loudest = 0;
  for (size_t b = 1; b < kMelBands; ++b) {
    if (f.log_mel[b] > f.log_mel[loudest]) loudest = b;
  }
  EXPECT_EQ(loudest, 13U);
}

TEST(Features, keep_to_the_scale_that_the_frame_states) {
  SpeechFrame f = hear(tone(1000, 0.5, 1))[25];
  EXPECT_NEAR(*std::max_element(f.log_mel.begin(), f.log_mel.end()), -2.1, 0.5);
  auto loud = noise(0.5);
  for (float& x : loud) x *= std::sqrt(12.0F) * 0.25F;  // rms 0.25
  f = hear(loud)[25];
  // All of 24 kHz at 0.25^2; ours is the third of it below 8 kHz: -6 + ln(0.25^2 / 3) + small loss = -9.9.
  float mean = 0;
  for (size_t b = 10; b < 35; ++b) mean += f.log_mel[b] / 25;
  EXPECT_NEAR(mean, -9.6, 0.8);
}

TEST(Features, find_the_pitch_and_its_absence) {
  for (const double hz : {90.0, 120.0, 210.0, 330.0}) {
    auto sound = tone(hz, 0.5, 0.2);
    const auto second = tone(2 * hz, 0.5, 0.2), third = tone(3 * hz, 0.5, 0.15);
    for (size_t i = 0; i < sound.size(); ++i) sound[i] += second[i] + third[i];
    const SpeechFrame f = hear(sound)[30];
    EXPECT_GT(f.voicing, 0.9F) << hz;
    EXPECT_NEAR(f.pitch_hz, hz, 0.03 * hz);
  }
  for (const SpeechFrame& f : hear(noise(0.5))) EXPECT_LT(f.voicing, 0.55F);
  for (const SpeechFrame& f : hear(std::vector<float>(24000, 0.0F))) {
    EXPECT_EQ(f.voicing, 0);
    EXPECT_EQ(f.pitch_hz, 0);
    EXPECT_EQ(f.loudness_db, -100);
  }
}

TEST(Features, survive_what_is_no_sound) {
  std::vector<float> bad(48000);
  for (size_t i = 0; i < bad.size(); ++i) {
    const float values[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F,
                            -1e30F, 1e-40F};
    bad[i] = values[(i * 7 + i / 13) % 5];
  }
  Features features;
  features.hear(bad);
  for (const SpeechFrame& f : features.hear(tone(200, 1))) {
    for (const float b : f.log_mel) ASSERT_TRUE(std::isfinite(b));
    ASSERT_TRUE(std::isfinite(f.loudness_db) && std::isfinite(f.voicing) && std::isfinite(f.pitch_hz));
  }
}

TEST(Features, do_not_hear_a_constant_offset) {
  const auto frames = hear(std::vector<float>(48000, 0.7F));
  EXPECT_LT(frames[60].loudness_db, -90);
}

}  // namespace
}  // namespace avatar
