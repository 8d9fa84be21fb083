// SPDX-License-Identifier: Apache-2.0
#include "motion/lips_perceptron.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace avatar {
namespace {

#include "motion/lips_perceptron_weights.inc"

// As in training/lips/perceptron.py.
constexpr std::array<int, 15> kOffsets{-12, -9, -7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6};  // frames
constexpr size_t kInputs = kOffsets.size() * (kMelBands / 2 + 1), kHidden1 = 96, kHidden2 = 48;
// In the order of Articulator.
constexpr std::array<float, kArticulators> kLeast{0.03F, 0, 0, 0, 0, 0, 0, 0.03F, 0, 0.18F};
constexpr std::array<float, kArticulators> kGain{1.4F, 1.1F, 1.3F, 1.3F, 1, 1.2F, 1.2F, 1.3F, 1, 3.7F};
static_assert(static_cast<size_t>(kOffsets.back()) == LipsPerceptron::kReach);

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

LipsPerceptron::LipsPerceptron() { heard_.fill(halved(LipsInput::silence())); }

Articulation LipsPerceptron::hear(const LipsInput::Values& input) {
  heard_[++at_ % kHeard] = halved(input);
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

void LipsPerceptron::unhear(size_t frames) {
  CHECK(frames <= kUnheard);
  for (size_t age = 0; age < frames; ++age) heard_[(at_ + kHeard - age) % kHeard] = halved(LipsInput::silence());
}

LipsPerceptron::Values LipsPerceptron::halved(const LipsInput::Values& input) {
  Values v;
  for (size_t b = 0; b + 1 < v.size(); ++b) v[b] = 0.5F * (input[2 * b] + input[2 * b + 1]);
  v.back() = input.back();
  return v;
}

}  // namespace avatar
