// SPDX-License-Identifier: Apache-2.0
#include "motion/lips_convolution.h"

#include <algorithm>

#include "base/check.h"

extern "C" const std::byte avatar_lips_convolution[], avatar_lips_convolution_end[];

namespace avatar {

/// Outputs stand in groups of kWide, so that the compiler may use wide registers without changing the order of any sum.
template <size_t kIn, size_t kOut, size_t kLayerTaps>
struct LipsConvolution::Layer {
  float weights[kOut / kWide][kLayerTaps][kIn][kWide];  // the oldest tap first
  float biases[kOut];
};

// The file assets/lips/convolution.bin, made by training/lips/convolution.py.
struct LipsConvolution::Weights {
  // What the network says -> a value: (said - least) * gain, clamped to 0..1. The file has kWide outputs, the
  // articulators and zeros.
  float least[kWide], gain[kWide];
  Layer<kInputs, kChannels, kFirstTaps> first;
  Layer<kChannels, kChannels, kTaps> blocks[kDilations.size()];
  Layer<kChannels, kWide, 1> last;
};

const LipsConvolution::Weights& LipsConvolution::weights() {
  return *reinterpret_cast<const Weights*>(avatar_lips_convolution);  // plain numbers, aligned at 64
}

LipsConvolution::LipsConvolution() {
  static_assert(kArticulators <= kWide);
  CHECK(static_cast<size_t>(avatar_lips_convolution_end - avatar_lips_convolution) == sizeof(Weights));
  // Silence as it is before anybody spoke, so that it does not matter how long it was.
  const LipsInput::Values silence = LipsInput().hear(SpeechFrame::silence());
  inputs_.fill(silence);
  for (auto& memory : blocks_) {  // from the first on: what comes to a block does not change
    hear(silence);
    memory.fill(memory[at_ % memory.size()]);
  }
}

Articulation LipsConvolution::hear(const LipsInput::Values& input) {
  const Weights& w = weights();
  ++at_;
  inputs_[at_ % inputs_.size()] = input;
  std::array<float, kChannels> hidden, step;
  run(w.first, inputs_, 1, hidden);
  for (float& h : hidden) h = std::max(h, 0.0F);
  for (size_t b = 0; b < kDilations.size(); ++b) {
    blocks_[b][at_ % blocks_[b].size()] = hidden;
    run(w.blocks[b], blocks_[b], kDilations[b], step);
    for (size_t i = 0; i < kChannels; ++i) hidden[i] += std::max(step[i], 0.0F);
  }
  std::array<float, kWide> said;
  const std::array<std::array<float, kChannels>, 1> now{hidden};
  run(w.last, now, 1, said);
  Articulation values;
  for (size_t a = 0; a < kArticulators; ++a) {
    values.value[a] = std::clamp((said[a] - w.least[a]) * w.gain[a], 0.0F, 1.0F);
  }
  return values;
}

// It remembers as much more as it may be told to forget.
void LipsConvolution::unhear(size_t frames) {
  CHECK(frames <= kUnheard);
  at_ -= frames;
  for (size_t k = 0; k < frames; ++k) hear(LipsInput::silence());
}

template <size_t kIn, size_t kOut, size_t kLayerTaps, size_t kRows>
void LipsConvolution::run(const Layer<kIn, kOut, kLayerTaps>& layer,
                          const std::array<std::array<float, kIn>, kRows>& memory, size_t dilation,
                          std::array<float, kOut>& out) const {
  for (size_t group = 0; group < kOut / kWide; ++group) {
    std::array<float, kWide> sums;
    std::copy_n(layer.biases + group * kWide, kWide, sums.begin());
    for (size_t tap = 0; tap < kLayerTaps; ++tap) {
      const auto& in = memory[(at_ + kRows * kLongest - (kLayerTaps - 1 - tap) * dilation) % kRows];
      for (size_t i = 0; i < kIn; ++i) {
        for (size_t o = 0; o < kWide; ++o) sums[o] += in[i] * layer.weights[group][tap][i][o];
      }
    }
    std::ranges::copy(sums, out.begin() + static_cast<std::ptrdiff_t>(group * kWide));
  }
}

}  // namespace avatar
