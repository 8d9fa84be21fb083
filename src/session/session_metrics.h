// SPDX-License-Identifier: Apache-2.0
// What is counted of all sessions together. Made once, shared by reference. Threads: [any thread].
#pragma once

#include <array>

#include "base/metrics.h"
#include "types/emotion.h"

namespace avatar {

struct SessionMetrics {
  explicit SessionMetrics(Metrics& metrics);

  Metrics::Counter ticks, ticks_late;
  Metrics::Histogram hear, perform, draw, send;  ///< s of one tick
  Metrics::Histogram speech_to_sound;            ///< s from the first sound heard of an utterance to its first tick
  Metrics::Histogram interrupt;                  ///< s from interrupt() to the tick that is silent
  /// Half seconds of speech, by the emotion that was the likeliest.
  std::array<Metrics::Counter, kEmotionCount> heard_emotions;
  [[nodiscard]] const Metrics::Counter& heard(Emotion e) const { return heard_emotions[static_cast<size_t>(e)]; }
  Metrics::Counter started, ended_asked, ended_idle, ended_failed, ended_drained;
};

}  // namespace avatar
