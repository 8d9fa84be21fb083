// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/emotion_ear.h"

#include <algorithm>
#include <utility>

namespace avatar {
namespace {

constexpr int kForgetAfter = 150;    // frames of silence: what is said next may be meant otherwise
constexpr int kSpokenAtLeast = 10;   // frames of speech in half a second that make it count
constexpr float kEnoughSpeech = 90;  // frames of speech on which the network is believed
constexpr float kFollow = 0.45F;     // of the way in half a second: 0.83 of it in a second and a half
constexpr float kDecay = 0.12F;      // in silence: half of it in three seconds

Mood neutral() {
  Mood mood;
  mood.weight[static_cast<size_t>(Emotion::neutral)] = 1;
  return mood;
}

void approach(Mood& mood, const Mood& goal, float part) {
  for (size_t i = 0; i < mood.weight.size(); ++i) mood.weight[i] += part * (goal.weight[i] - mood.weight[i]);
}

}  // namespace

EmotionEar::EmotionEar(const EmotionModel* model) : speaker_(EmotionNetwork::usual_speaker()), smooth_(neutral()) {
  if (model) own_ = std::make_unique<EmotionModel::Window>(*model);
}

std::optional<EmotionEstimate> EmotionEar::hear(const SpeechFrame& frame) {
  const Speaker::Heard heard = speaker_.hear(frame);
  silence_ = heard.is_speech ? 0 : std::min(silence_ + 1, 1000);
  speech_ += heard.is_speech ? 1 : 0;
  if (own_) {
    own_->hear(frame);
  } else if (heard.is_heard) {
    network_.hear(speaker_.input(frame), heard.is_speech);
  }
  if (silence_ == kForgetAfter) network_.forget();
  if (++frames_ % kEveryFrames != 0) return std::nullopt;

  const bool spoken = speech_ >= kSpokenAtLeast;
  speech_ = 0;
  approach(smooth_, spoken ? now() : neutral(), spoken ? kFollow : kDecay);
  return EmotionEstimate{MediaTime::from_ms((frames_ - 1) * kSpeechFrameMs), smooth_, spoken};
}

Mood EmotionEar::now() {
  if (own_) return own_->answer();
  Mood mood = neutral();
  const float speech = static_cast<float>(network_.speech_frames());
  approach(mood, network_.judge(), std::min(1.0F, speech / kEnoughSpeech));
  return mood;
}

}  // namespace avatar
