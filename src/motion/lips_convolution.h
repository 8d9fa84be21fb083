// SPDX-License-Identifier: Apache-2.0
// The larger of the two networks that move the lips: a causal convolution over what is heard, then eight blocks
// h += relu(conv(h)) that look back further and further (640 ms in all), then one sum for each articulator; 113,000
// weights. Nothing but sums of products, so it needs no library and says the same everywhere.
// training/lips/convolution.py is the same, and where the weights come from.
//
//   LipsConvolution network;              // with the weights in the program
//   auto values = network.hear(input);    // each 10 ms: of kReach frames before that input
//
// hear() takes some 50 us (0.5 % of a core). Threads: one at a time. [tick] Does not allocate; some 75 kB.
#pragma once

#include <array>
#include <cstddef>

#include "motion/articulation.h"
#include "motion/lips_input.h"

namespace avatar {

class LipsConvolution final {
 public:
  static constexpr size_t kReach = 7;  ///< frames after its moment that it hears

  /// As after a long silence in which nobody spoke.
  LipsConvolution();

  /// Values within 0..1, not smoothed.
  Articulation hear(const LipsInput::Values& input);

  /// The last `frames` inputs, at most kUnheard, were silence instead. Takes as long as to hear them.
  void unhear(size_t frames);
  static constexpr size_t kUnheard = 16;

 private:
  static constexpr size_t kInputs = LipsInput::kSize, kChannels = 64, kWide = 16;
  static constexpr size_t kFirstTaps = 5, kTaps = 3;
  static constexpr std::array<size_t, 8> kDilations{1, 2, 4, 8, 1, 2, 4, 8};
  static constexpr size_t kLongest = (kTaps - 1) * 8 + 1;  // frames that a block looks at
  template <size_t kIn, size_t kOut, size_t kLayerTaps>
  struct Layer;
  struct Weights;
  static const Weights& weights();

  template <size_t kIn, size_t kOut, size_t kLayerTaps, size_t kRows>
  void run(const Layer<kIn, kOut, kLayerTaps>& layer, const std::array<std::array<float, kIn>, kRows>& memory,
           size_t dilation, std::array<float, kOut>& out) const;

  // Rings, by at_: what came in, what came to each block.
  std::array<LipsInput::Values, kFirstTaps + kUnheard> inputs_;
  std::array<std::array<std::array<float, kChannels>, kLongest + kUnheard>, kDilations.size()> blocks_{};
  size_t at_ = kUnheard;  // inputs heard, and room to go back
};

}  // namespace avatar
