// SPDX-License-Identifier: Apache-2.0
#include "session/session_metrics.h"

#include <string>
#include <utility>
#include <vector>

namespace avatar {
namespace {

Metrics::Histogram stage(Metrics& metrics, const std::string& name) {
  return metrics.histogram("avatar_tick_stage_seconds", "Time one tick spends in a stage",
                           {0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.04}, {{"stage", name}});
}

Metrics::Counter ended(Metrics& metrics, const std::string& why) {
  return metrics.counter("avatar_sessions_ended_total", "Sessions that have ended, by reason", {{"reason", why}});
}

std::array<Metrics::Counter, kEmotionCount> emotions(Metrics& metrics) {
  const auto counter = [&](size_t e) {
    return metrics.counter("avatar_heard_emotion_total", "Half seconds of speech, by the likeliest emotion heard",
                           {{"emotion", std::string(kEmotionNames[e])}});
  };
  return [&]<size_t... e>(std::index_sequence<e...>) { return std::array{counter(e)...}; }
  (std::make_index_sequence<kEmotionCount>());
}

const std::vector<double> kLatencies{0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.3, 0.5, 1, 2};

}  // namespace

SessionMetrics::SessionMetrics(Metrics& m)
    : ticks(m.counter("avatar_ticks_total", "Pictures that were due")),
      ticks_late(m.counter("avatar_ticks_late_total", "Pictures that were left out because their tick came too late")),
      hear(stage(m, "hear")),
      perform(stage(m, "perform")),
      draw(stage(m, "draw")),
      send(stage(m, "send")),
      speech_to_sound(m.histogram("avatar_speech_to_sound_seconds",
                                  "From the first sound of an utterance to the tick that sends it", kLatencies)),
      interrupt(m.histogram("avatar_interrupt_seconds", "From an interruption to the tick that is silent", kLatencies)),
      heard_emotions(emotions(m)),
      started(m.counter("avatar_sessions_started_total", "Sessions that have begun")),
      ended_asked(ended(m, "asked")),
      ended_idle(ended(m, "idle")),
      ended_failed(ended(m, "failed")),
      ended_drained(ended(m, "drained")) {}

}  // namespace avatar
