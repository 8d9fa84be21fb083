// SPDX-License-Identifier: Apache-2.0
// The speaker's own level, spectrum and pitch, against which every sound of his is heard: a voice that is always loud
// is not angry. It says for each frame whether it is speech, and what the emotion's network sees of it. The same as
// training/emotion/hearing.py, where the numbers were chosen. Threads: one at a time. [tick] No allocation.
#pragma once

#include <array>
#include <cstddef>

#include "types/speech_frame.h"

namespace avatar {

/// 40 bands, loudness, pitch, voicing, voiced: all against the speaker's own, about -2..2.
inline constexpr size_t kEmotionInputs = kMelBands + 4;
using EmotionInput = std::array<float, kEmotionInputs>;

/// Means over speech.
struct SpeakerMean {
  std::array<float, kMelBands> log_mel{};
  float octaves = 0;  ///< log2 of the pitch in Hz, of voiced frames
  float voicing = 0;
};

class Speaker final {
 public:
  /// `usual`: what is assumed before anything is heard.
  explicit Speaker(const SpeakerMean& usual) : usual_(usual) {}

  struct Heard {
    bool is_speech = false;  ///< a voice, or what belongs to it
    bool is_heard = false;   ///< speech, or a short pause after it
  };
  /// The next frame of the session; the speaker is known a little better after it.
  Heard hear(const SpeechFrame& frame);

  /// The frame against what is known of the speaker now.
  [[nodiscard]] EmotionInput input(const SpeechFrame& frame) const;

  [[nodiscard]] SpeakerMean mean() const;

 private:
  SpeakerMean usual_;
  float loud_db_ = -60;  // his loud moments
  int unvoiced_ = 1000, pause_ = 1000;
  // Sums over speech.
  std::array<double, kMelBands> log_mel_{};
  double octaves_ = 0, voicing_ = 0, frames_ = 0, voiced_frames_ = 0;
};

}  // namespace avatar
