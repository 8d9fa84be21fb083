// SPDX-License-Identifier: Apache-2.0
// The seven emotions and how strongly each is felt.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "types/media_time.h"

namespace avatar {

enum class Emotion : uint8_t { neutral, happy, sad, angry, fear, disgust, surprise };
inline constexpr int kEmotionCount = 7;
inline constexpr std::array<std::string_view, kEmotionCount> kEmotionNames{"neutral", "happy",   "sad",     "angry",
                                                                           "fear",    "disgust", "surprise"};

[[nodiscard]] constexpr std::optional<Emotion> emotion_named(std::string_view name) {
  for (int i = 0; i < kEmotionCount; ++i) {
    if (kEmotionNames[static_cast<size_t>(i)] == name) return static_cast<Emotion>(i);
  }
  return std::nullopt;
}

/// A mood: weight of each emotion, 0..1 each; all zero is neutral.
struct Mood {
  std::array<float, kEmotionCount> weight{};
  [[nodiscard]] constexpr float operator[](Emotion emotion) const { return weight[static_cast<size_t>(emotion)]; }
};

[[nodiscard]] constexpr Emotion likeliest(const Mood& mood) {
  size_t best = 0;
  for (size_t e = 1; e < kEmotionCount; ++e) {
    if (mood.weight[e] > mood.weight[best]) best = e;
  }
  return static_cast<Emotion>(best);
}

/// What was heard in a voice: probabilities, which sum to 1, smoothed over a second or so.
struct EmotionEstimate {
  MediaTime time;  ///< the end of what was heard
  Mood mood;
  bool spoken = false;  ///< somebody spoke since the estimate before
};

}  // namespace avatar
