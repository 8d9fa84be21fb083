// SPDX-License-Identifier: Apache-2.0
// The smaller of the two networks that move the lips: fifteen frames between -120 and +60 ms, two hidden layers, one
// sum for each articulator; 36,000 weights. training/lips/perceptron.py fits it and tells how. Use as LipsConvolution.
// Threads: one at a time. [tick] Does not allocate.
#pragma once

#include <array>
#include <cstddef>

#include "motion/articulation.h"
#include "motion/lips_input.h"

namespace avatar {

class LipsPerceptron final {
 public:
  static constexpr size_t kReach = 6;  ///< frames after its moment that it hears

  /// As after a long silence.
  LipsPerceptron();

  /// Values within 0..1, not smoothed, of kReach frames before that input.
  Articulation hear(const LipsInput::Values& input);

  /// The last `frames` inputs, at most kUnheard, were silence instead.
  void unhear(size_t frames);
  static constexpr size_t kUnheard = 16;

 private:
  using Values = std::array<float, kMelBands / 2 + 1>;  // two mel bands each; voicing
  static constexpr size_t kHeard = 32;                  // frames kept, a power of two above its reach
  static Values halved(const LipsInput::Values& input);

  std::array<Values, kHeard> heard_;  // ring
  size_t at_ = 0;                     // frames heard
};

}  // namespace avatar
