// SPDX-License-Identifier: Apache-2.0
// Time inside a session: a whole number of 48 kHz samples since its start. 25, 30, 50 and 60 pictures a second are
// whole numbers of samples (1,920, 1,600, 960, 800) and RTP's 90 kHz is exactly 15/8 of it; no seconds in floating
// point travel between stages.
// Threads: a value.
#pragma once

#include <compare>
#include <cstdint>

namespace avatar {

inline constexpr int kSampleRate = 48000;  ///< of all sound that is played, samples/s

struct MediaTime {
  int64_t samples = 0;

  [[nodiscard]] static constexpr MediaTime from_samples(int64_t n) { return {n}; }
  [[nodiscard]] static constexpr MediaTime from_ms(int64_t ms) { return {ms * (kSampleRate / 1000)}; }
  /// Start of picture `index` at `fps` pictures a second. fps divides 48,000.
  [[nodiscard]] static constexpr MediaTime of_picture(int64_t index, int fps) { return {index * (kSampleRate / fps)}; }

  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(samples) / kSampleRate; }
  [[nodiscard]] constexpr int64_t ms() const { return samples / (kSampleRate / 1000); }
  [[nodiscard]] constexpr int64_t rtp_90khz() const { return samples * 15 / 8; }

  constexpr auto operator<=>(const MediaTime&) const = default;
  constexpr MediaTime operator+(MediaTime o) const { return {samples + o.samples}; }
  constexpr MediaTime operator-(MediaTime o) const { return {samples - o.samples}; }
};

}  // namespace avatar
