// SPDX-License-Identifier: Apache-2.0
#include "motion/voice_gate.h"

#include <gtest/gtest.h>

#include "motion/test_sounds.h"

namespace avatar {
namespace {

using namespace sounds;

/// How far the gate was open at each frame's own time.
std::vector<float> listen(Sound sound) {
  append(sound, silence(0.2));
  Features features;
  VoiceGate gate;
  std::vector<float> open;
  for (const SpeechFrame& f : features.hear(sound)) open.push_back(gate.hear(f));
  open.erase(open.begin(), open.begin() + VoiceGate::kLookAhead);
  return open;
}

bool ever_open(const Sound& sound) {
  const auto open = listen(sound);
  return std::any_of(open.begin(), open.end(), [](float o) { return o != 0; });
}

TEST(VoiceGate, stays_shut_for_what_is_not_a_voice) {
  EXPECT_FALSE(ever_open(silence(5)));
  EXPECT_FALSE(ever_open(noise(20, 0.001)));
  EXPECT_FALSE(ever_open(noise(20, 0.05)));
  EXPECT_FALSE(ever_open(breathing(20)));
  EXPECT_FALSE(ever_open(keyboard(20)));
  EXPECT_FALSE(ever_open(hum(20)));
  Sound late_hum = silence(2);
  append(late_hum, hum(5, 0.2));
  EXPECT_FALSE(ever_open(late_hum));
}

TEST(VoiceGate, opens_before_a_vowel_and_shuts_soon_after_it) {
  Sound s = silence(1);
  append(s, vowel(kA, 0.6));
  append(s, silence(1));
  const auto open = listen(s);
  EXPECT_EQ(open[90], 0);      // 100 ms before
  EXPECT_GT(open[102], 0.5F);  // 20 ms into it
  for (size_t k = 108; k < 160; ++k) EXPECT_EQ(open[k], 1) << k;
  EXPECT_EQ(open[178], 0);  // 180 ms after it
}

TEST(VoiceGate, stays_open_through_the_closure_of_a_stop) {
  Sound s = silence(1);
  append(s, vowel(kA, 0.3));
  append(s, silence(0.1));
  append(s, vowel(kI, 0.3));
  append(s, silence(0.5));
  const auto open = listen(s);
  for (size_t k = 110; k < 165; ++k) EXPECT_EQ(open[k], 1) << k;
}

TEST(VoiceGate, hears_a_quiet_voice_and_a_voice_in_noise) {
  Sound quiet = silence(1);
  append(quiet, vowel(kA, 0.5, 200, 0.01));
  EXPECT_TRUE(ever_open(quiet));
  Sound noisy = noise(3, 0.01);
  const Sound v = vowel(kA, 0.5);
  for (size_t i = 0; i < v.size(); ++i) noisy[48000 + i] += v[i];
  EXPECT_TRUE(ever_open(noisy));
}

TEST(VoiceGate, shuts_at_once_when_cut) {
  Features features;
  VoiceGate gate;
  Sound s = vowel(kA, 1);
  SpeechFrame last;
  for (const SpeechFrame& f : features.hear(s)) gate.hear(last = f);
  EXPECT_TRUE(gate.is_open());
  gate.cut();
  EXPECT_FALSE(gate.is_open());
  EXPECT_EQ(gate.hear(SpeechFrame::silence()), 0);
}

}  // namespace
}  // namespace avatar
