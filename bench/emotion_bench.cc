// SPDX-License-Identifier: Apache-2.0
// What it costs to hear the mood: a frame, and a second of speech with its two estimates.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/check.h"
#include "motion/emotion/emotion_ear.h"
#include "speech/features.h"
#include "tests/fakes/tone_speech.h"

namespace avatar {
namespace {

std::vector<SpeechFrame> some_speech() {
  Features features;
  const auto frames = features.hear(tone_speech(20'000));
  return {frames.begin(), frames.end()};
}

void hear_a_second(benchmark::State& state) {
  const auto frames = some_speech();
  EmotionEar ear;
  size_t at = 0;
  int estimates = 0;
  for (auto _ : state) {
    for (int i = 0; i < kSpeechFramesPerSecond; ++i) {
      if (const auto e = ear.hear(frames[at++ % frames.size()])) {
        CHECK(e->mood[Emotion::neutral] >= 0);
        ++estimates;
      }
    }
  }
  CHECK(estimates == 2 * static_cast<int>(state.iterations()));
}
BENCHMARK(hear_a_second)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avatar
