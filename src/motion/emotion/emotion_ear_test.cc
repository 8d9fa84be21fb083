// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/emotion_ear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "motion/emotion/expected_emotion.inc"
#include "speech/features.h"

namespace avatar {
namespace {

constexpr double kPi = std::numbers::pi;

// As in training/emotion/export.py: six seconds of something like a voice that gets excited, with a pause.
std::vector<float> test_sound() {
  std::vector<float> sound(6 * size_t{kSampleRate});
  double phase = 0;
  for (size_t i = 0; i < sound.size(); ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    phase += 2 * kPi * (120 + 60 * t + 15 * std::sin(2 * kPi * 5 * t)) / kSampleRate;
    double voice = 0;
    for (int h = 1; h < 16; ++h) voice += std::sin(h * phase) / h;
    const bool pause = t >= 2.5 && t <= 3.2;
    sound[i] = static_cast<float>(pause ? 0 : voice * 0.02 * (1 + t) * std::max(0.0, std::sin(2 * kPi * 2.5 * t)));
  }
  return sound;
}

std::vector<SpeechFrame> frames_of(const std::vector<float>& sound) {
  Features features;
  const auto frames = features.hear(sound);
  return {frames.begin(), frames.end()};
}

std::vector<EmotionEstimate> listen(const std::vector<SpeechFrame>& frames, EmotionEar&& ear = EmotionEar()) {
  std::vector<EmotionEstimate> estimates;
  for (const SpeechFrame& f : frames) {
    if (const auto e = ear.hear(f)) estimates.push_back(*e);
  }
  return estimates;
}

void expect_bounded(const std::vector<EmotionEstimate>& estimates) {
  for (const EmotionEstimate& e : estimates) {
    float sum = 0;
    for (const float p : e.mood.weight) {
      ASSERT_GE(p, 0);
      ASSERT_LE(p, 1.00001F);
      sum += p;
    }
    ASSERT_NEAR(sum, 1, 1e-4);
  }
}

TEST(EmotionEar, hears_the_frames_that_the_training_hears) {
  const auto frames = frames_of(test_sound());
  const float* expected = kExpectedFrames;
  for (const size_t k : {40, 140, 240, 440}) {
    for (const float x : frames[k].log_mel) EXPECT_NEAR(x, *expected++, 1e-4) << k;
    EXPECT_NEAR(frames[k].loudness_db, *expected++, 1e-3) << k;
    EXPECT_NEAR(frames[k].voicing, *expected++, 1e-4) << k;
    EXPECT_NEAR(frames[k].pitch_hz, *expected++, 1e-2) << k;
  }
  EXPECT_EQ(expected, std::end(kExpectedFrames));
}

TEST(EmotionEar, answers_what_the_training_answers) {
  const auto estimates = listen(frames_of(test_sound()));
  ASSERT_EQ(estimates.size() * kEmotionCount, std::size(kExpectedEstimates));
  using enum Emotion;
  constexpr std::array kOrder{angry, disgust, fear, happy, neutral, sad, surprise};
  for (size_t i = 0; i < estimates.size(); ++i) {
    EXPECT_EQ(estimates[i].time, MediaTime::from_ms(static_cast<int64_t>(500 * i) + 490));
    for (size_t e = 0; e < kOrder.size(); ++e) {
      EXPECT_NEAR(estimates[i].mood[kOrder[e]], kExpectedEstimates[i * kEmotionCount + e], 1e-4) << i;
    }
  }
}

TEST(EmotionEar, is_the_same_however_the_sound_was_cut) {
  const auto sound = test_sound();
  const auto whole = listen(frames_of(sound));
  for (const size_t block : {1U, 479U, 960U, 7001U}) {
    Features features;
    EmotionEar ear;
    std::vector<EmotionEstimate> parts;
    for (size_t at = 0; at < sound.size(); at += block) {
      for (const SpeechFrame& f : features.hear(std::span(sound).subspan(at, std::min(block, sound.size() - at)))) {
        if (const auto e = ear.hear(f)) parts.push_back(*e);
      }
    }
    ASSERT_EQ(parts.size(), whole.size());
    for (size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(parts[i].mood.weight, whole[i].mood.weight) << block;
  }
}

TEST(EmotionEar, is_exactly_neutral_in_silence_and_noise) {
  std::vector<float> silence(4 * size_t{kSampleRate}), noise(silence.size());
  uint32_t random = 1;
  for (size_t i = 0; i < noise.size(); ++i) {
    random = random * 1664525 + 1013904223;
    noise[i] = 0.05F * (static_cast<float>(random >> 8) / 8388608.0F - 1);
  }
  for (const auto& sound : {silence, noise}) {
    for (const EmotionEstimate& e : listen(frames_of(sound))) EXPECT_EQ(e.mood[Emotion::neutral], 1);
  }
}

TEST(EmotionEar, decays_to_neutral_after_speech) {
  auto sound = test_sound();
  sound.resize(sound.size() + 20 * size_t{kSampleRate});
  const auto estimates = listen(frames_of(sound));
  const auto calm = [](const EmotionEstimate& e) { return e.mood[Emotion::neutral]; };
  const float said = calm(estimates[11]);
  EXPECT_LT(said, 0.9F);
  for (size_t i = 14; i < estimates.size(); ++i) {
    EXPECT_GE(calm(estimates[i]), calm(estimates[i - 1]));
    EXPECT_FALSE(estimates[i].spoken);
  }
  EXPECT_LT(calm(estimates[13]), 0.5F * (1 + said) + 0.1F) << "slowly";
  EXPECT_GT(calm(estimates.back()), 0.97F);
}

const std::string kTestData = AVATAR_SOURCE_DIR "/src/motion/emotion/test_data/";

TEST(EmotionEar, hears_with_a_network_of_the_users_own) {
  auto model = EmotionModel::load(kTestData + "own.onnx");
  ASSERT_TRUE(model) << model.error().message;
  const auto estimates = listen(frames_of(test_sound()), EmotionEar(model->get()));
  expect_bounded(estimates);
  // At the end the voice is loudest in the sixth band, and the sixth of the names in their order is sad.
  EXPECT_EQ(likeliest(estimates.back().mood), Emotion::sad);
}

TEST(EmotionEar, refuses_a_network_that_is_not_as_documented) {
  EXPECT_EQ(EmotionModel::load(kTestData + "none.onnx").error().kind, ErrorKind::not_found);
  EXPECT_EQ(EmotionModel::load(kTestData + "make.py").error().kind, ErrorKind::invalid);
  const auto other = EmotionModel::load(kTestData + "other.onnx");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::invalid);
  EXPECT_NE(other.error().message.find("[1][300][43]"), std::string::npos);
}

TEST(EmotionEar, stays_bounded_whatever_comes) {
  const auto voice = test_sound();
  auto clipped = voice, shifted = voice, broken = voice, rumble = voice;
  for (float& s : clipped) s = std::clamp(200 * s, -1.0F, 1.0F);
  for (float& s : shifted) s += 0.5F;
  for (size_t i = 0; i < broken.size(); i += 100) {
    broken[i] = i % 200 == 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  }
  for (size_t i = 0; i < rumble.size(); ++i) rumble[i] = 0.5F * voice[i] + 0.5F * voice[voice.size() - 1 - i];
  for (const auto& sound : {clipped, shifted, broken, rumble}) expect_bounded(listen(frames_of(sound)));
}

TEST(EmotionEar, hears_the_same_mood_at_another_level_and_with_an_offset_once_it_knows_the_voice) {
  const auto voice = test_sound();
  const auto plain = listen(frames_of(voice));
  for (const float gain : {0.5F, 1.5F}) {
    auto other = voice;
    for (float& s : other) s = gain * s + 0.2F;
    const auto estimates = listen(frames_of(other));
    for (size_t i = 8; i < plain.size(); ++i) {
      for (size_t e = 0; e < kEmotionCount; ++e) {
        EXPECT_NEAR(estimates[i].mood.weight[e], plain[i].mood.weight[e], 0.3F) << gain;
      }
    }
  }
}

}  // namespace
}  // namespace avatar
