// SPDX-License-Identifier: Apache-2.0
// Speech without a speaker: syllables of a voiced buzz with silence between, so that a mouth has something to open for.
#pragma once

#include <cmath>
#include <vector>

#include "types/media_time.h"

namespace avatar {

/// A pulse train of 120 Hz through a resonance at 700 Hz ("ah"), for `on_ms` of every `period_ms`, from `start_ms` on.
inline std::vector<float> tone_speech(int length_ms, int start_ms = 0, int on_ms = 200, int period_ms = 400) {
  std::vector<float> sound(static_cast<size_t>(MediaTime::from_ms(length_ms).samples));
  constexpr double kPi = 3.14159265358979323846, kRadius = 0.99;
  double y1 = 0, y2 = 0;
  for (size_t i = 0; i < sound.size(); ++i) {
    const int ms = static_cast<int>(i / 48) - start_ms;
    const bool on = ms >= 0 && ms % period_ms < on_ms;
    const double pulse = on && i % 400 == 0 ? 0.5 : 0;
    const double y = pulse + 2 * kRadius * std::cos(2 * kPi * 700 / kSampleRate) * y1 - kRadius * kRadius * y2;
    y2 = y1;
    y1 = y;
    sound[i] = static_cast<float>(on ? y * 0.1 : 0);
  }
  return sound;
}

}  // namespace avatar
