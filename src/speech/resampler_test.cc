// SPDX-License-Identifier: Apache-2.0
#include "speech/resampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace avatar {
namespace {

std::vector<float> sine(double hz, int rate, size_t samples) {
  std::vector<float> s(samples);
  for (size_t i = 0; i < samples; ++i) {
    s[i] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  }
  return s;
}

std::vector<float> convert(const std::vector<float>& sound, int from, int to, size_t block) {
  auto resampler = Resampler::create(from, to);
  EXPECT_TRUE(resampler);
  std::vector<float> out;
  for (size_t at = 0; at < sound.size(); at += block) {
    resampler->add(std::span(sound).subspan(at, std::min(block, sound.size() - at)), out);
  }
  resampler->finish(out);
  return out;
}

TEST(Resampler, keeps_time_to_a_fraction_of_a_sample) {
  for (const int rate : {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000}) {
    const auto in = sine(440, rate, static_cast<size_t>(rate));
    const auto out = convert(in, rate, 48000, 1000);
    ASSERT_EQ(out.size(), 48000U) << rate;
    const auto expected = sine(440, 48000, 48000);
    // The ends ring; the middle is the same sine at the same times: a shift of one sample would differ by 0.029.
    for (size_t i = 2000; i < 46000; ++i) ASSERT_NEAR(out[i], expected[i], 0.002) << rate << " at " << i;
  }
}

TEST(Resampler, does_not_care_how_the_stream_is_cut) {
  const auto in = sine(1000, 44100, 20000);
  EXPECT_EQ(convert(in, 44100, 48000, 20000), convert(in, 44100, 48000, 7));
}

TEST(Resampler, gives_every_sample_that_is_due) {
  EXPECT_EQ(convert(sine(440, 44100, 1), 44100, 48000, 10).size(), 2U);  // ceil(48000 / 44100)
  EXPECT_EQ(convert(sine(440, 48000, 1001), 48000, 16000, 10).size(), 334U);
  EXPECT_TRUE(convert({}, 8000, 48000, 10).empty());
}

TEST(Resampler, is_as_new_after_finish) {
  auto resampler = Resampler::create(16000, 48000);
  const auto in = sine(300, 16000, 5000);
  std::vector<float> first, second;
  resampler->add(in, first);
  resampler->finish(first);
  resampler->add(in, second);
  resampler->finish(second);
  EXPECT_EQ(first, second);
}

TEST(Resampler, takes_nan_for_silence) {
  std::vector<float> in(1000, std::numeric_limits<float>::quiet_NaN());
  in[3] = std::numeric_limits<float>::infinity();
  for (const float s : convert(in, 16000, 48000, 100)) ASSERT_EQ(s, 0);
}

TEST(Resampler, refuses_rates_that_are_no_sound) {
  EXPECT_EQ(Resampler::create(7999, 48000).error().kind, ErrorKind::unsupported);
  EXPECT_EQ(Resampler::create(16000, 192001).error().kind, ErrorKind::unsupported);
}

TEST(Resampler, says_how_late_it_is) {
  EXPECT_LE(Resampler::create(16000, 48000)->delay().ms(), 6);
  EXPECT_EQ(Resampler::create(48000, 48000)->delay().samples, 0);
}

}  // namespace
}  // namespace avatar
