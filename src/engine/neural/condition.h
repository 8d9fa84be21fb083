// SPDX-License-Identifier: Apache-2.0
// What else the motion is made from, beside the sound: how the person feels, how open the eyes are, where they look,
// and the points of the face. [emotion 8, eyes open 2, eyeballs 6, points 63]
// Threads: pure functions and constants.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "engine/neural/motion_vector.h"
#include "types/emotion.h"

namespace avatar::neural {

/// angry, disgust, fear, happy, neutral, sad, surprise, contempt: shares, sum 1.
using EmotionRow = std::array<float, 8>;

/// Softmax of 8 for `label` and 0 for the others, as the network was taught.
[[nodiscard]] EmotionRow emotion_row(int label);

/// What a mood becomes. What the mood leaves free is `calm`.
[[nodiscard]] EmotionRow emotion_row(const Mood& mood, const EmotionRow& calm);

/// 0 .. n-1, n-1 .. 0, 0 ..: how a short list is walked for ever.
[[nodiscard]] int mirrored(int index, int n);

/// A person's part of the condition: one picture's, or a list that is walked to and fro.
struct PersonCondition {
  std::vector<EmotionRow> calm;                ///< by frame, in a circle; at least one
  std::vector<std::array<float, 2>> eye_open;  ///< left, right of the picture; at least one
  std::vector<std::array<float, 6>> eye_ball;  ///< left x, right x, left y, right y, left z, right z
  Points points{};
};

/// The whole row of frame `frame`, which is below 0 while nothing was said yet.
void write_condition(std::span<const float> sound, const Mood& mood, const PersonCondition& person, int frame,
                     std::span<float> row);

}  // namespace avatar::neural
