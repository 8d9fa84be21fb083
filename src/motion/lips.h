// SPDX-License-Identifier: Apache-2.0
// Lips from sound: SpeechFrames in, Articulation out, one for one, with a fixed look-ahead. THE SEAM of the lips: a
// better reader of speech replaces this class and nothing else.
//
//   Lips lips;
//   for (frame : frames) Articulation a = lips.hear(frame);   // a belongs to kLookAhead frames before `frame`
//
// It does not decide whether somebody speaks (that is motion/voice_gate.h); it says what the mouth would do if so.
// Threads: one at a time. [tick] Does not allocate.
#pragma once

#include <array>
#include <cstddef>

#include "motion/articulation.h"
#include "types/speech_frame.h"

namespace avatar {

class Lips final {
 public:
  static constexpr int kLookAhead = 9;  ///< frames: 90 ms

  /// The next frame. Answers the articulation kLookAhead frames before it; the first kLookAhead answers belong to
  /// times before the session.
  Articulation hear(const SpeechFrame& frame);

  /// What was heard beyond the last answer is not going to be said.
  void cut();

 private:
  std::array<float, kLookAhead + 1> recent_{};  // dB, ring
  size_t at_ = 0;
  float loudest_db_ = -60;
};

}  // namespace avatar
