// SPDX-License-Identifier: Apache-2.0
// What a tick of 40 ms costs before anything is drawn: sound -> frames, frames -> moment. The sound is a tone with
// overtones that comes and goes like syllables; the mouth must have moved, or the time counts for nothing.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "motion/performer.h"
#include "speech/features.h"
#include "speech/resampler.h"

namespace avatar {
namespace {

constexpr int kTick = kSampleRate / 25;

std::vector<float> speech_like(int seconds) {
  std::vector<float> sound(static_cast<size_t>(seconds) * kSampleRate);
  for (size_t i = 0; i < sound.size(); ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    const double syllable = std::max(0.0, std::sin(2 * std::numbers::pi * 4 * t));
    double s = 0;
    for (int overtone = 1; overtone <= 12; ++overtone) {
      s += std::sin(2 * std::numbers::pi * 130 * overtone * t) / overtone;
    }
    sound[i] = static_cast<float>(0.2 * syllable * s);
  }
  return sound;
}

void features_of_a_tick(benchmark::State& state) {
  const auto sound = speech_like(10);
  Features features;
  features.hear(std::span(sound).first(kTick));  // the first tick gives less: the look-ahead
  size_t at = kTick, frames = 0;
  for (auto _ : state) {
    frames = features.hear(std::span(sound).subspan(at, kTick)).size();
    at = (at + kTick) % sound.size();
  }
  if (frames != 4) state.SkipWithError("a tick is four frames");
}
BENCHMARK(features_of_a_tick)->Unit(benchmark::kMicrosecond);

void performer_of_a_tick(benchmark::State& state) {
  const auto sound = speech_like(10);
  Features features;
  const auto heard = features.hear(sound);
  const std::vector<SpeechFrame> frames(heard.begin(), heard.end() - static_cast<std::ptrdiff_t>(heard.size() % 4));
  Performer performer({}, {});
  performer.hear(std::span(frames).first(12));
  size_t at = 12;
  int64_t picture = 0;
  float widest = 0;
  for (auto _ : state) {
    performer.hear(std::span(frames).subspan(at, 4));
    at = at + 8 <= frames.size() ? at + 4 : 0;
    widest = std::max(widest, performer.at(MediaTime::of_picture(picture++, 25)).pose[Muscle::jaw_open]);
  }
  if (picture > 25 && widest < 0.1F) state.SkipWithError("the mouth did not move");
}
BENCHMARK(performer_of_a_tick)->Unit(benchmark::kMicrosecond);

void resample_a_tick_from_16_khz(benchmark::State& state) {
  auto resampler = Resampler::create(16000, kSampleRate);
  const std::vector<float> sound(640, 0.1F);
  std::vector<float> out;
  resampler->add(sound, out);  // the first block gives less: the delay
  for (auto _ : state) {
    out.clear();
    resampler->add(sound, out);
  }
  if (out.size() != kTick) state.SkipWithError("40 ms must stay 40 ms");
}
BENCHMARK(resample_a_tick_from_16_khz)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace avatar
