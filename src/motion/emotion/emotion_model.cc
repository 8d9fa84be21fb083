// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/emotion_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

namespace avatar {
namespace {

// The order of the outputs: as the names sort.
constexpr std::array kOutputs{Emotion::angry,   Emotion::disgust, Emotion::fear,    Emotion::happy,
                              Emotion::neutral, Emotion::sad,     Emotion::surprise};
static_assert(kOutputs.size() == kEmotionCount);

Mood neutral() {
  Mood mood;
  mood.weight[static_cast<size_t>(Emotion::neutral)] = 1;
  return mood;
}

}  // namespace

Result<std::shared_ptr<const EmotionModel>> EmotionModel::load(const std::filesystem::path& file) {
  auto network = FrameNetwork::load(file, {"emotion", kFrames, "emotion", kOutputs.size()});
  if (!network) return network.error();
  return std::shared_ptr<const EmotionModel>(new EmotionModel(*std::move(network)));
}

Mood EmotionModel::Window::answer() {
  const std::span<const float> out = frames_.answer();
  if (out.empty()) return neutral();
  Mood mood;
  float sum = 0;
  for (size_t i = 0; i < kOutputs.size(); ++i) {
    const float p = std::isfinite(out[i]) ? std::clamp(out[i], 0.0F, 1.0F) : 0;
    mood.weight[static_cast<size_t>(kOutputs[i])] = p;
    sum += p;
  }
  if (sum <= 0) return neutral();
  for (float& p : mood.weight) p /= sum;
  return mood;
}

}  // namespace avatar
