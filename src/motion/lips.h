// SPDX-License-Identifier: Apache-2.0
// Lips from sound: SpeechFrames in, Articulation out, one for one, with a fixed look-ahead. THE SEAM of the lips: a
// better reader of speech replaces this class and nothing else.
//
//   Lips lips;
//   for (frame : frames) Articulation a = lips.hear(frame);   // a belongs to kLookAhead frames before `frame`
//
// It does not decide whether somebody speaks (that is motion/voice_gate.h); it says what the mouth would do if so.
//
// Inside: two networks that were fitted apart, lips_perceptron.h and lips_convolution.h, each smoothed; what they say
// is averaged, since they err in different places (training/lips tells how far each gets alone). A user's own network
// (lips_model.h) may take the place of both. No curve moves by more than 0.6 in 10 ms, and only closure by more than
// 0.3. Threads: one at a time. [tick] Does not allocate, unless the user's own network does.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "motion/articulation.h"
#include "motion/lips_convolution.h"
#include "motion/lips_input.h"
#include "motion/lips_model.h"
#include "motion/lips_perceptron.h"
#include "types/speech_frame.h"

namespace avatar {

class Lips final {
 public:
  static constexpr int kLookAhead = 9;  ///< frames: 90 ms

  /// `model`: null is the networks in the program.
  explicit Lips(const LipsModel* model = nullptr);

  /// The next frame. Answers the articulation kLookAhead frames before it; the first kLookAhead answers belong to
  /// times before the session.
  Articulation hear(const SpeechFrame& frame);

  /// What was heard beyond the last answer is not going to be said. Takes as long as to hear as much.
  void cut();

 private:
  /// A moving mean: the middle of the last kTaps counts most.
  template <size_t kTaps>
  class Smooth {
   public:
    Articulation hear(const Articulation& said);

   private:
    std::array<Articulation, kTaps> said_{};  // ring
    size_t at_ = 0;
  };

  LipsInput input_;
  LipsPerceptron perceptron_;
  LipsConvolution convolution_;
  std::unique_ptr<LipsModel::Window> own_;  // the user's network instead of the perceptron and without the other
  Smooth<7> smooth_perceptron_;
  Smooth<5> smooth_convolution_;
};

}  // namespace avatar
