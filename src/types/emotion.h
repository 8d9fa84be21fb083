// SPDX-License-Identifier: Apache-2.0
// The seven emotions and how strongly each is felt.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

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
};

}  // namespace avatar
