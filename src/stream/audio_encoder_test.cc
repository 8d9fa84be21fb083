// SPDX-License-Identifier: Apache-2.0
#include "stream/audio_encoder.h"

#include <gtest/gtest.h>
#include <opus/opus.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

namespace avatar {
namespace {

struct Packet {
  std::vector<uint8_t> bytes;
  MediaTime time;
};

class AudioEncoderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = AudioEncoder::create();
    ASSERT_TRUE(made);
    encoder_.emplace(std::move(*made));
  }
  // A voice-like buzz that glides about 120 Hz, with the tones a mouth lets through, swelling three times a second.
  static std::vector<float> voice(int samples) {
    std::vector<float> sound(static_cast<size_t>(samples));
    double phase = 0;
    for (size_t i = 0; i < sound.size(); ++i) {
      const float t = static_cast<float>(i) / kSampleRate;
      const float pitch = 120 + 30 * std::sin(6.2832F * 2 * t);
      phase += 6.28318530718 * pitch / kSampleRate;
      float sum = 0;
      for (int k = 1; k <= 20; ++k) {
        const float hz = pitch * static_cast<float>(k);
        sum += static_cast<float>(std::sin(phase * k)) / (1 + std::abs(hz - 600) / 200);
      }
      sound[i] = 0.1F * sum * (0.55F + 0.45F * std::sin(6.2832F * 3 * t));
    }
    return sound;
  }
  void encode(std::span<const float> sound, int64_t from, size_t step) {
    for (size_t at = 0; at < sound.size(); at += step) {
      const auto some = sound.subspan(at, std::min(step, sound.size() - at));
      ASSERT_TRUE(
          encoder_->encode(some, MediaTime::from_samples(from + static_cast<int64_t>(at)), [&](const auto& unit) {
            packets_.push_back({{unit.bytes.begin(), unit.bytes.end()}, unit.time});
          }));
    }
  }
  // What is heard, each sample at its own time from `from` on. Every `lose`-th packet never arrives; its sound is then
  // rebuilt from the copy in the next one, or guessed.
  [[nodiscard]] std::vector<float> decode(int64_t from, size_t samples, size_t lose = 0, bool guess = false) const {
    std::vector<float> heard(samples);
    int error = 0;
    OpusDecoder* decoder = opus_decoder_create(kSampleRate, 1, &error);
    std::vector<float> some(AudioEncoder::kFrame);
    for (size_t i = 0; i < packets_.size(); ++i) {
      const bool lost = lose > 0 && i % lose == 1 && i + 1 < packets_.size();
      const auto& source = packets_[lost ? i + 1 : i].bytes;
      const int n = opus_decode_float(decoder, lost && guess ? nullptr : source.data(),
                                      lost && guess ? 0 : static_cast<int>(source.size()), some.data(),
                                      AudioEncoder::kFrame, lost ? 1 : 0);
      EXPECT_EQ(n, AudioEncoder::kFrame);
      const int64_t at = packets_[i].time.samples - from;
      for (int64_t k = 0; k < AudioEncoder::kFrame; ++k) {
        if (at + k >= 0 && at + k < static_cast<int64_t>(samples)) heard[static_cast<size_t>(at + k)] = some[k];
      }
    }
    opus_decoder_destroy(decoder);
    return heard;
  }
  static double correlation(std::span<const float> a, std::span<const float> b, int shift) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 4800; i + 4800 < a.size(); ++i) {
      const double x = a[i], y = b[static_cast<size_t>(static_cast<int64_t>(i) + shift)];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
  }

  std::optional<AudioEncoder> encoder_;
  std::vector<Packet> packets_;
};

TEST_F(AudioEncoderTest, each_sample_is_heard_at_its_own_time) {
  const auto sound = voice(2 * kSampleRate);
  encode(sound, 0, 1920);
  const auto heard = decode(0, sound.size());
  int best = 0;
  for (int shift = -400; shift <= 400; ++shift) {
    if (correlation(sound, heard, shift) > correlation(sound, heard, best)) best = shift;
  }
  EXPECT_NEAR(best, 0, 10) << "samples of 48 kHz";
  EXPECT_GT(correlation(sound, heard, best), 0.95);
}

TEST_F(AudioEncoderTest, units_follow_each_other_whatever_the_length_of_a_tick) {
  const auto sound = voice(kSampleRate);
  encode(sound, 96'000, 1600);  // 30 pictures a second
  ASSERT_EQ(packets_.size(), 100U);
  for (size_t i = 1; i < packets_.size(); ++i) {
    EXPECT_EQ((packets_[i].time - packets_[i - 1].time).samples, AudioEncoder::kFrame);
  }
  EXPECT_LE(packets_[0].time.samples, 96'000);
  EXPECT_GT(packets_[0].time.samples, 96'000 - 480);
}

TEST_F(AudioEncoderTest, a_lost_packet_is_heard_from_the_copy_in_the_next) {
  const auto sound = voice(4 * kSampleRate);
  encode(sound, 0, 1920);
  const auto error = [&](bool guess) { return 1 - correlation(sound, decode(0, sound.size(), 5, guess), 0); };
  EXPECT_LT(error(false), 0.6 * error(true));
}

TEST_F(AudioEncoderTest, silence_is_sent_as_steadily_as_speech) {
  encode(std::vector<float>(kSampleRate), 0, 1920);
  ASSERT_EQ(packets_.size(), 100U);
  for (const auto& packet : packets_) EXPECT_GT(packet.bytes.size(), 2U) << "2 bytes would be a pause of DTX";
}

TEST_F(AudioEncoderTest, may_begin_anywhere_after_a_restart) {
  encode(voice(700), 0, 700);
  EXPECT_EQ(packets_.size(), 1U);
  encoder_->restart();
  encode(voice(480), 480'000, 480);
  ASSERT_EQ(packets_.size(), 2U);
  EXPECT_NEAR(static_cast<double>(packets_[1].time.samples), 480'000, 480);
}

TEST_F(AudioEncoderTest, stays_within_its_bits_even_for_noise) {
  std::vector<float> noise(4 * kSampleRate);
  uint32_t seed = 1;
  for (auto& x : noise) {
    seed = seed * 1664525 + 1013904223;
    x = static_cast<float>(static_cast<int32_t>(seed)) / 2147483648.0F;
  }
  const auto start = std::chrono::steady_clock::now();
  encode(noise, 0, 1920);
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  size_t bytes = 0;
  for (const auto& packet : packets_) bytes += packet.bytes.size();
  std::printf("%.2f ms a unit\n", ms / static_cast<double>(packets_.size()));
  EXPECT_LT(static_cast<double>(bytes) * 8 / 4, AudioEncoder::kBitrateBps * 1.15);
}

}  // namespace
}  // namespace avatar
