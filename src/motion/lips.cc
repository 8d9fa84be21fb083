// SPDX-License-Identifier: Apache-2.0
#include "motion/lips.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace avatar {
namespace {

#include "motion/lips_weights.inc"

// As in train_lips.py.
constexpr std::array<int, 15> kOffsets{-12, -9, -7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6};  // frames
constexpr size_t kReach = LipsModel::kReach;                                                   // the last of them
constexpr size_t kInputs = kOffsets.size() * LipsInput::kSize, kHidden1 = 96, kHidden2 = 48;
constexpr std::array<float, 7> kTaps{1 / 24.0F, 3 / 24.0F, 5 / 24.0F, 6 / 24.0F, 5 / 24.0F, 3 / 24.0F, 1 / 24.0F};
// In the order of Articulator.
constexpr std::array<float, kArticulators> kLeast{0.03F, 0, 0, 0, 0, 0, 0, 0.03F, 0, 0.18F};
constexpr std::array<float, kArticulators> kGain{1.4F, 1.1F, 1.3F, 1.3F, 1, 1.2F, 1.2F, 1.3F, 1, 3.7F};
static_assert(static_cast<size_t>(kOffsets.back()) == kReach && kReach + kTaps.size() / 2 == Lips::kLookAhead);

template <size_t kCount>
constexpr std::array<float, kCount> floats(const int16_t (&units)[kCount]) {
  std::array<float, kCount> f{};
  for (size_t i = 0; i < kCount; ++i) f[i] = static_cast<float>(units[i]) / 4096;
  return f;
}

constexpr auto kW1 = floats(kWeights1);
constexpr auto kB1 = floats(kBiases1);
constexpr auto kW2 = floats(kWeights2);
constexpr auto kB2 = floats(kBiases2);
constexpr auto kW3 = floats(kWeights3);
constexpr auto kB3 = floats(kBiases3);

/// weights: [input][output]. All outputs at once, so that the compiler may use wide registers without changing the
/// order of any sum.
template <size_t kIn, size_t kOut>
std::array<float, kOut> layer(const std::array<float, kIn>& in, const std::array<float, kIn * kOut>& weights,
                              const std::array<float, kOut>& biases) {
  std::array<float, kOut> out = biases;
  for (size_t i = 0; i < kIn; ++i) {
    for (size_t o = 0; o < kOut; ++o) out[o] += in[i] * weights[i * kOut + o];
  }
  return out;
}

template <size_t kSize>
void rectify(std::array<float, kSize>& values) {
  for (float& v : values) v = std::max(v, 0.0F);
}

}  // namespace

Lips::Lips(const LipsModel* model) {
  heard_.fill(LipsInput::silence());
  if (model) own_ = std::make_unique<LipsModel::Window>(*model);
}

Articulation Lips::hear(const SpeechFrame& frame) {
  ++at_;
  read_[at_ % kSmooth] = own_ ? own_->hear(frame) : read(frame);
  Articulation smooth;
  for (size_t k = 0; k < kSmooth; ++k) {
    for (size_t a = 0; a < kArticulators; ++a) smooth.value[a] += kTaps[k] * read_[(at_ + 1 + k) % kSmooth].value[a];
  }
  return smooth;
}

// What the network in the program says of kReach frames before this one.
Articulation Lips::read(const SpeechFrame& frame) {
  heard_[at_ % kHeard] = input_.hear(frame);
  std::array<float, kInputs> in;
  auto next = in.begin();
  for (const int offset : kOffsets) {
    const auto& values = heard_[(at_ + kHeard - kReach + static_cast<size_t>(offset)) % kHeard];
    next = std::copy(values.begin(), values.end(), next);
  }
  auto h1 = layer<kInputs, kHidden1>(in, kW1, kB1);
  rectify(h1);
  auto h2 = layer<kHidden1, kHidden2>(h1, kW2, kB2);
  rectify(h2);
  const auto out = layer<kHidden2, kArticulators>(h2, kW3, kB3);
  Articulation said;
  for (size_t a = 0; a < kArticulators; ++a) {
    said.value[a] = std::clamp((out[a] - kLeast[a]) * kGain[a], 0.0F, 1.0F);
  }
  return said;
}

void Lips::cut() {
  if (own_) own_->unhear(kLookAhead);
  for (size_t ahead = 0; ahead < static_cast<size_t>(kLookAhead); ++ahead) {
    heard_[(at_ + kHeard - ahead) % kHeard] = LipsInput::silence();
  }
}

}  // namespace avatar
