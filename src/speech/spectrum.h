// SPDX-License-Identifier: Apache-2.0
// The power spectrum of one 25 ms window at 16 kHz, and its mel bands. Tables are made once; no state.
// Threads: const, share freely.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <span>

#include "types/speech_frame.h"

namespace avatar {

class Spectrum final {
 public:
  static constexpr int kRate = 16000;
  static constexpr int kWindow = 400;  ///< samples, 25 ms
  static constexpr int kFft = 512;     ///< the window, padded with zeros
  static constexpr int kBins = kFft / 2 + 1;

  Spectrum();

  /// Natural log of the mean power in each band (types/speech_frame.h says the scale).
  void log_mel(std::span<const float, kWindow> sound, std::span<float, kMelBands> bands) const;

 private:
  static constexpr int kHalf = kFft / 2;
  struct Band {
    int first = 0, count = 0;  // bins
    int weights = 0;           // where they start in weights_
  };
  void power(std::span<const float, kWindow> sound, std::span<float, kBins> out) const;

  std::array<float, kWindow> window_;
  std::array<std::complex<float>, kHalf / 2> twiddles_;  // exp(-2 pi i k / kHalf)
  std::array<std::complex<float>, kHalf> unfold_;        // exp(-2 pi i k / kFft)
  std::array<uint16_t, kHalf> reversed_;                 // bit reversal
  std::array<Band, kMelBands> bands_;
  std::array<float, 2 * kBins> weights_{};
};

}  // namespace avatar
