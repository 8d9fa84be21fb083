// SPDX-License-Identifier: Apache-2.0
// What mood is heard in the voice: SpeechFrames in, twice a second seven probabilities out, smoothed so that a mood
// settles in about a second and does not flicker. Silence decays to neutral over some seconds, and what is too short to
// be judged counts as neutral: a false frown is worse than a missed one.
//
//   EmotionEar ear;
//   if (auto estimate = ear.hear(frame)) ...    // each 10 ms frame of the session from its start, silence included
//
// The network is the one in the program (emotion_network.h), or one of the user's own (emotion_model.h). Estimates
// depend on the frames alone. Threads: one at a time. [tick] Does not allocate, unless the user's own network does.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "infer/model.h"
#include "motion/emotion/emotion_model.h"
#include "motion/emotion/emotion_network.h"
#include "motion/emotion/speaker.h"
#include "types/emotion.h"
#include "types/speech_frame.h"

namespace avatar {

class EmotionEar final {
 public:
  static constexpr int kEveryFrames = 50;  ///< from one estimate to the next: half a second

  /// `model`: null is the network in the program.
  explicit EmotionEar(const EmotionModel* model = nullptr);

  std::optional<EmotionEstimate> hear(const SpeechFrame& frame);

 private:
  [[nodiscard]] Mood now();

  Speaker speaker_;
  EmotionNetwork network_;
  std::unique_ptr<EmotionModel::Window> own_;  // the user's network instead
  int64_t frames_ = 0;
  int speech_ = 0;      // frames of speech since the last estimate
  int silence_ = 1000;  // frames since the last speech
  Mood smooth_;
};

}  // namespace avatar
