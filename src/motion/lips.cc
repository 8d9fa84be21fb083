// SPDX-License-Identifier: Apache-2.0
#include "motion/lips.h"

#include <algorithm>

namespace avatar {
namespace {

using enum Articulator;

template <size_t kTaps>
constexpr std::array<float, kTaps> kWeights{};
// As in training/lips/perceptron.py and convolution.py.
template <>
constexpr std::array<float, 7> kWeights<7>{1 / 24.0F, 3 / 24.0F, 5 / 24.0F, 6 / 24.0F, 5 / 24.0F, 3 / 24.0F, 1 / 24.0F};
template <>
constexpr std::array<float, 5> kWeights<5>{1 / 9.0F, 2 / 9.0F, 3 / 9.0F, 2 / 9.0F, 1 / 9.0F};
static_assert(LipsPerceptron::kReach + 7 / 2 == Lips::kLookAhead && LipsModel::kReach == LipsPerceptron::kReach);
static_assert(LipsConvolution::kReach + 5 / 2 == Lips::kLookAhead);

// As in training/lips/judge.py: lips close for what the two together hold for a closure. The perceptron does not tell
// which sounds bite the lip.
constexpr float kClosureLeast = 0.1F, kClosureGain = 2;

Articulation both(const Articulation& perceptron, const Articulation& convolution) {
  Articulation said;
  for (size_t a = 0; a < kArticulators; ++a) said.value[a] = 0.5F * (perceptron.value[a] + convolution.value[a]);
  said[closure] = std::clamp((said[closure] - kClosureLeast) * kClosureGain, 0.0F, 1.0F);
  said[lip_bite] = convolution[lip_bite];
  return said;
}

}  // namespace

Lips::Lips(const LipsModel* model) {
  if (model) own_ = std::make_unique<LipsModel::Window>(*model);
}

Articulation Lips::hear(const SpeechFrame& frame) {
  if (own_) return smooth_perceptron_.hear(own_->hear(frame));
  const LipsInput::Values input = input_.hear(frame);
  return both(smooth_perceptron_.hear(perceptron_.hear(input)), smooth_convolution_.hear(convolution_.hear(input)));
}

void Lips::cut() {
  if (own_) {
    own_->unhear(kLookAhead);
    return;
  }
  perceptron_.unhear(kLookAhead);
  convolution_.unhear(kLookAhead);
}

template <size_t kTaps>
Articulation Lips::Smooth<kTaps>::hear(const Articulation& said) {
  said_[++at_ % kTaps] = said;
  Articulation smooth;
  for (size_t k = 0; k < kTaps; ++k) {
    for (size_t a = 0; a < kArticulators; ++a) {
      smooth.value[a] += kWeights<kTaps>[k] * said_[(at_ + 1 + k) % kTaps].value[a];
    }
  }
  return smooth;
}

}  // namespace avatar
