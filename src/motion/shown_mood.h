// SPDX-License-Identifier: Apache-2.0
// The mood on the face: one that was asked for, or the one that is heard, which comes and goes over a second or two and
// never jumps. Heard moods are shown only when they are clear; until then the face is friendly.
//
//   ShownMood mood(performance.emotion, performance.emotion_intensity);
//   mood.hear(estimate);                 // twice a second; changes nothing when a mood was asked for
//   mood.step();                         // each 10 ms
//   use(mood.face());
//
// Threads: one at a time. [tick] No allocation.
#pragma once

#include <array>
#include <optional>

#include "motion/emotion_face.h"
#include "types/emotion.h"

namespace avatar {

class ShownMood final {
 public:
  /// asked: none is what is heard, and until something is, a friendly face.
  ShownMood(std::optional<Emotion> asked, float intensity);

  void hear(const EmotionEstimate& estimate);
  void step();

  [[nodiscard]] const EmotionFace& face() const { return face_; }
  /// Weights, with the intensity in them.
  [[nodiscard]] Mood mood() const;

 private:
  void mix();

  const bool follows_;
  const float intensity_;
  std::array<EmotionFace, kEmotionCount> faces_;                 // each in full
  std::array<float, kEmotionCount> goal_{}, share_{}, speed_{};  // of each emotion but neutral; speed per second
  EmotionFace face_;
};

}  // namespace avatar
