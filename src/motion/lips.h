// SPDX-License-Identifier: Apache-2.0
// Lips from sound: SpeechFrames in, Articulation out, one for one, with a fixed look-ahead. THE SEAM of the lips: a
// better reader of speech replaces this class and nothing else.
//
//   Lips lips;
//   for (frame : frames) Articulation a = lips.hear(frame);   // a belongs to kLookAhead frames before `frame`
//
// It does not decide whether somebody speaks (that is motion/voice_gate.h); it says what the mouth would do if so.
//
// Inside: a network of 36,000 weights over fifteen frames between -120 and +60 ms, then a smoothing over 70 ms, which
// bounds the speed of every curve at 0.25 per 10 ms. The weights are fitted by training/lips/train_lips.py on a
// captured Mandarin face, German speech with hand-made phone times and synthetic English; it says how, and how well it
// does on voices it never heard. Rounding and jaw are read well; labials are told from other stops only in part. A
// user's own network (lips_model.h) may take its place, before the smoothing. Threads: one at a time. [tick] Does not
// allocate, unless the user's own network does.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "motion/articulation.h"
#include "motion/lips_input.h"
#include "motion/lips_model.h"
#include "types/speech_frame.h"

namespace avatar {

class Lips final {
 public:
  static constexpr int kLookAhead = 9;  ///< frames: 90 ms

  /// `model`: null is the network in the program.
  explicit Lips(const LipsModel* model = nullptr);

  /// The next frame. Answers the articulation kLookAhead frames before it; the first kLookAhead answers belong to
  /// times before the session.
  Articulation hear(const SpeechFrame& frame);

  /// What was heard beyond the last answer is not going to be said.
  void cut();

 private:
  static constexpr size_t kHeard = 32;  // frames kept, a power of two above the network's reach
  static constexpr size_t kSmooth = 7;  // taps

  Articulation read(const SpeechFrame& frame);

  LipsInput input_;
  std::array<LipsInput::Values, kHeard> heard_;  // ring
  std::unique_ptr<LipsModel::Window> own_;       // the user's network instead
  std::array<Articulation, kSmooth> read_{};     // ring: what the network said
  size_t at_ = 0;                                // frames heard
};

}  // namespace avatar
