// SPDX-License-Identifier: Apache-2.0
// Where the voice leans on a syllable: peaks of loudness and pitch. Heads nod and brows rise there.
//
//   if (float strength = emphasis.hear(frame, is_speaking)) ...   // 0: none; else 0..1, at the peak found kDelay
//   frames ago
//
// A peak counts when it is the loudest voiced moment of its surroundings and stands out from the running mean of the
// speaker's own syllables, in level or in pitch.
// Threads: one at a time. [tick] Does not allocate.
#pragma once

#include <array>
#include <cstddef>

#include "types/speech_frame.h"

namespace avatar {

class Emphasis final {
 public:
  static constexpr int kDelay = 5;  ///< frames after the peak

  /// `is_speaking`: the voice gate is open.
  float hear(const SpeechFrame& frame, bool is_speaking);

 private:
  struct Heard {
    float level_db = -100;
    float tone = 0;  // log2(Hz), 0 when unvoiced
  };
  static constexpr size_t kSpan = 2 * kDelay + 1;

  std::array<Heard, kSpan> recent_{};  // ring
  size_t at_ = 0;
  float smooth_db_ = -100;
  float usual_db_ = 0, usual_tone_ = 0;  // of this speaker's peaks
  int peaks_ = 0;                        // how many of them, at most some
  int since_ = 1000;                     // frames since the last emphasis
};

}  // namespace avatar
