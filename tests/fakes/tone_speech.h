// SPDX-License-Identifier: Apache-2.0
// Speech without a speaker: syllables of "ah" with silence between, so that a mouth has something to open for.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "types/media_time.h"

namespace avatar {

/// Syllables of 150 ms, one every 250 ms, from `start_ms` to `end_ms` of `length_ms`: pulses at a falling pitch near
/// 120 Hz through the resonances of an open vowel (750, 1250 and 2500 Hz, 90 Hz wide), with soft edges, peak near 0.5.
inline std::vector<float> tone_speech(int length_ms, int start_ms = 0, int end_ms = 1 << 30) {
  constexpr double kPi = 3.14159265358979323846;
  constexpr int kSyllable = 150 * 48, kPeriod = 250 * 48;  // samples
  std::vector<float> sound(static_cast<size_t>(MediaTime::from_ms(length_ms).samples));
  std::array<double, 3> y1{}, y2{};
  double phase = 0;
  for (size_t i = 0; i < sound.size(); ++i) {
    const int64_t since = static_cast<int64_t>(i) - MediaTime::from_ms(start_ms).samples;
    const bool speaks = since >= 0 && i < static_cast<size_t>(MediaTime::from_ms(end_ms).samples);
    const double place = speaks ? static_cast<double>(since % kPeriod) / kSyllable : 1;  // 0..1 within the syllable
    phase += (125 - 10 * place) / kSampleRate;
    double x = 0;
    if (phase >= 1) {
      phase -= 1;
      x = 1;
    }
    for (size_t f = 0; f < 3; ++f) {  // Klatt 1980, eq. 1 and 2
      const double hz = std::array{750.0, 1250.0, 2500.0}[f], r = std::exp(-kPi * 90 / kSampleRate);
      const double b = 2 * r * std::cos(2 * kPi * hz / kSampleRate), c = -r * r;
      const double y = (1 - b - c) * x + b * y1[f] + c * y2[f];
      y2[f] = y1[f];
      y1[f] = x = y;
    }
    const double edge = place < 1 ? std::sin(kPi * place) : 0;
    sound[i] = static_cast<float>(2.3 * x * std::sqrt(edge));
  }
  return sound;
}

}  // namespace avatar
