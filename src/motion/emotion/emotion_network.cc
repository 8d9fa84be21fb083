// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/emotion_network.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/check.h"

extern "C" const std::byte avatar_emotion_weights[], avatar_emotion_weights_end[];

namespace avatar {
namespace {

// The order of the network's outputs: as the names sort.
constexpr std::array kOutputs{Emotion::angry,   Emotion::disgust, Emotion::fear,    Emotion::happy,
                              Emotion::neutral, Emotion::sad,     Emotion::surprise};
static_assert(kOutputs.size() == kEmotionCount);

// As in network.py and stream.py.
constexpr float kSure = 1;            // utterances that the usual speaker counts for
constexpr float kHalfSecond = 0.04F;  // of an utterance: what half a second adds; whoever is angry for long is angry
constexpr float kEnough = 90;         // frames of speech in the window that add so much
constexpr float kRemembered = 40;     // utterances; then the older ones fade
constexpr float kTemperature = 7;

// The upper half of a float32: eight bits of precision, half the size (bfloat16).
using Half = uint16_t;
float value(Half h) { return std::bit_cast<float>(static_cast<uint32_t>(h) << 16); }

}  // namespace

// The file assets/emotion/emotion.bin, made by export.py: this, then every utterance learnt from.
struct EmotionNetwork::Weights {
  struct Utterance {
    Half features[kFeatures];
    float answers[kEmotionCount];
  };
  SpeakerMean usual;
  SpeechWindow::TimbreModels timbres;
  float usual_features[kFeatures];
  float sharpness;
  float padding;
  Half projection[SpeechWindow::kNumbers][kFeatures];

  [[nodiscard]] const Utterance* utterances() const { return reinterpret_cast<const Utterance*>(this + 1); }
};

const EmotionNetwork::Weights& EmotionNetwork::weights() {
  return *reinterpret_cast<const Weights*>(avatar_emotion_weights);  // plain numbers, aligned at 64
}

size_t EmotionNetwork::utterances() {
  const auto size = static_cast<size_t>(avatar_emotion_weights_end - avatar_emotion_weights);
  return (size - sizeof(Weights)) / sizeof(Weights::Utterance);
}

const SpeakerMean& EmotionNetwork::usual_speaker() { return weights().usual; }

EmotionNetwork::EmotionNetwork() {
  const auto size = static_cast<size_t>(avatar_emotion_weights_end - avatar_emotion_weights);
  CHECK(size == sizeof(Weights) + utterances() * sizeof(Weights::Utterance));
}

Mood EmotionNetwork::judge() {
  Mood mood;
  const Weights& w = weights();
  if (!window_.describe(w.timbres, numbers_)) {
    mood.weight[static_cast<size_t>(Emotion::neutral)] = 1;
    return mood;
  }
  Features features{};
  for (size_t n = 0; n < numbers_.size(); ++n) {
    for (size_t f = 0; f < kFeatures; ++f) features[f] += numbers_[n] * value(w.projection[n][f]);
  }

  const float part = kHalfSecond * std::min(1.0F, static_cast<float>(window_.speech_frames()) / kEnough);
  for (size_t f = 0; f < kFeatures; ++f) speaker_[f] += part * features[f];
  speaker_count_ += part;
  if (speaker_count_ >= kRemembered) {
    for (float& sum : speaker_) sum /= 2;
    speaker_count_ /= 2;
  }
  for (size_t f = 0; f < kFeatures; ++f) {
    features[f] -= (speaker_[f] + kSure * w.usual_features[f]) / (speaker_count_ + kSure);
  }

  std::array<float, kEmotionCount> score{};
  for (size_t u = 0; u < utterances(); ++u) {
    const Weights::Utterance& learnt = w.utterances()[u];
    constexpr size_t kLanes = 16;  // sums that do not wait for each other
    std::array<float, kLanes> distances{};
    for (size_t f = 0; f < kFeatures; f += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const float d = value(learnt.features[f + lane]) - features[f + lane];
        distances[lane] += d * d;
      }
    }
    float distance = 0;
    for (const float d : distances) distance += d;
    const float near = std::exp(-w.sharpness * distance);
    for (size_t i = 0; i < kEmotionCount; ++i) score[i] += near * learnt.answers[i];
  }
  const float highest = *std::max_element(score.begin(), score.end());
  float sum = 0;
  for (float& s : score) sum += s = std::exp(kTemperature * (s - highest));
  for (size_t i = 0; i < kOutputs.size(); ++i) mood.weight[static_cast<size_t>(kOutputs[i])] = score[i] / sum;
  return mood;
}

}  // namespace avatar
