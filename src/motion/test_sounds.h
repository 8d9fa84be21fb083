// SPDX-License-Identifier: Apache-2.0
// Sounds for the tests of motion/: a voice made of a pulse train and formants, and the noises that are not a voice.
// Mono, 48 kHz, seeded.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "motion/performer.h"
#include "motion/random.h"
#include "speech/features.h"

namespace avatar::sounds {

using Sound = std::vector<float>;

inline Sound silence(double seconds) { return Sound(static_cast<size_t>(seconds * kSampleRate), 0.0F); }

inline void append(Sound& to, const Sound& more) { to.insert(to.end(), more.begin(), more.end()); }

inline Sound noise(double seconds, double rms, uint64_t seed = 7) {
  Random random(seed);
  Sound s = silence(seconds);
  for (float& x : s) x = static_cast<float>(rms * random.normal());
  return s;
}

/// A resonance at `hz` of width `width_hz` (Klatt 1980, eq. 1 and 2).
inline void resonate(Sound& s, double hz, double width_hz) {
  const double pi = std::numbers::pi, c = -std::exp(-2 * pi * width_hz / kSampleRate);
  const double b = 2 * std::exp(-pi * width_hz / kSampleRate) * std::cos(2 * pi * hz / kSampleRate), a = 1 - b - c;
  double y1 = 0, y2 = 0;
  for (float& x : s) {
    const double y = a * x + b * y1 + c * y2;
    y2 = y1;
    y1 = y;
    x = static_cast<float>(y);
  }
}

struct Formants {
  double f1, f2, f3;
};
inline constexpr Formants kA{750, 1250, 2500}, kI{280, 2250, 2950}, kU{300, 750, 2300}, kE{450, 1900, 2600};

/// A vowel with soft edges and a pitch that falls a little.
inline Sound vowel(const Formants& f, double seconds, double pitch_hz = 120, double peak = 0.5) {
  Sound s = silence(seconds);
  double phase = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    phase += pitch_hz * (1.05 - 0.1 * static_cast<double>(i) / static_cast<double>(s.size())) / kSampleRate;
    if (phase >= 1) {
      phase -= 1;
      s[i] = 1;
    }
  }
  resonate(s, 100, 200);                                       // the glottis: a falling spectrum
  for (size_t i = s.size() - 1; i > 0; --i) s[i] -= s[i - 1];  // the lips: a rising one
  resonate(s, f.f1, 80);
  resonate(s, f.f2, 100);
  resonate(s, f.f3, 140);
  resonate(s, 3500, 200);
  resonate(s, 4500, 250);
  float top = 1e-9F;
  for (const float x : s) top = std::max(top, std::abs(x));
  const double edge = 0.03 * kSampleRate, n = static_cast<double>(s.size());
  for (size_t i = 0; i < s.size(); ++i) {
    const double t = static_cast<double>(i), e = std::min({1.0, t / edge, (n - t) / edge});
    s[i] *= static_cast<float>(peak * e / top);
  }
  return s;
}

/// Hissing above 4 kHz.
inline Sound hiss(double seconds, double rms = 0.05) {
  Sound s = noise(seconds, 1);
  resonate(s, 6000, 2500);
  double power = 0;
  for (const float x : s) power += x * x;
  const auto gain = static_cast<float>(rms / std::sqrt(power / static_cast<double>(s.size())));
  for (float& x : s) x *= gain;
  return s;
}

/// Something like speech: syllables of changing vowels, pitch and length, hisses and gaps, phrases and pauses.
inline Sound babble(double seconds, uint64_t seed = 3) {
  Random random(seed);
  Sound s = silence(0.3);
  constexpr std::array vowels{kA, kI, kU, kE};
  const auto length = static_cast<size_t>(seconds * kSampleRate);
  while (s.size() < length) {
    for (int syllable = 0; syllable < 8; ++syllable) {
      append(s, random.chance(0.4) ? hiss(random.between(0.05, 0.09)) : silence(random.between(0.04, 0.08)));
      append(s, vowel(vowels[random.next() % 4], random.between(0.09, 0.2), random.between(95, 170),
                      random.between(0.2, 0.6)));
    }
    append(s, silence(random.between(0.4, 0.9)));
  }
  s.resize(length);
  return s;
}

/// A key struck each 150 ms: a decaying burst of noise of 12 ms.
inline Sound keyboard(double seconds) {
  Sound s = silence(seconds);
  Random random(11);
  for (size_t at = 3000; at + 2000 < s.size(); at += static_cast<size_t>(random.between(5000, 9500))) {
    for (size_t i = 0; i < 1500; ++i)
      s[at + i] += static_cast<float>(0.3 * random.normal() * std::exp(-static_cast<double>(i) / 200));
  }
  return s;
}

/// Mains hum at 50 Hz with overtones.
inline Sound hum(double seconds, double peak = 0.05) {
  Sound s = silence(seconds);
  for (size_t i = 0; i < s.size(); ++i) {
    const double t = 2 * std::numbers::pi * 50 * static_cast<double>(i) / kSampleRate;
    s[i] = static_cast<float>(
        peak * (std::sin(t) + 0.5 * std::sin(2 * t + 1) + 0.3 * std::sin(3 * t + 2) + 0.1 * std::sin(6 * t)));
  }
  return s;
}

/// Breath: weak broad noise that swells and fades each three seconds.
inline Sound breathing(double seconds) {
  Sound s = noise(seconds, 1);
  resonate(s, 1500, 2500);
  for (size_t i = 0; i < s.size(); ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    s[i] *= static_cast<float>(0.03 * std::pow(std::max(0.0, std::sin(2 * std::numbers::pi * t / 3)), 2));
  }
  return s;
}

/// The poses each `step_ms` of a whole sound.
inline std::vector<Pose> perform(const Sound& sound, const Performance& performance = {}, const RestFace& rest = {},
                                 int step_ms = 10) {
  Features features;
  Performer performer(performance, rest);
  performer.hear(features.hear(sound));
  std::vector<Pose> poses;
  const auto ms = static_cast<int64_t>(sound.size()) / (kSampleRate / 1000);
  for (int64_t t = 0; t < ms; t += step_ms) poses.push_back(performer.at(MediaTime::from_ms(t)).pose);
  return poses;
}

}  // namespace avatar::sounds
