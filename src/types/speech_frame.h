// SPDX-License-Identifier: Apache-2.0
// What was heard in one hundredth of a second: the input of everything that moves with the voice. Frame k is centred at
// k * 10 ms of session time; its window reaches 12.5 ms to either side (so frame 0 sees half a window of silence).
// Made by speech/features, read by motion/.
// Threads: a value.
#pragma once

#include <array>

namespace avatar {

inline constexpr int kSpeechFrameMs = 10;  ///< from one frame to the next
inline constexpr int kSpeechFramesPerSecond = 1000 / kSpeechFrameMs;
inline constexpr int kMelBands = 40;             ///< triangles of equal width in mel, 60 Hz..7.6 kHz
inline constexpr float kSilentLogMel = -23.03F;  ///< ln(1e-10): the least a band can be

struct SpeechFrame {
  /// Natural log of each band's mean power, low to high. A sine of full scale inside a band gives about -2 there,
  /// white noise of full-scale rms about -6.
  std::array<float, kMelBands> log_mel;
  float loudness_db = -100;  ///< rms of the window, dB of full scale, -100..0
  float voicing = 0;         ///< 0..1: how periodic at a voice's pitch; above 0.6 is surely voiced
  float pitch_hz = 0;        ///< 70..400 when voicing is above 0.3, else 0

  /// A frame in which nothing was heard.
  [[nodiscard]] static constexpr SpeechFrame silence() {
    SpeechFrame f{};
    f.log_mel.fill(kSilentLogMel);
    return f;
  }
};

}  // namespace avatar
