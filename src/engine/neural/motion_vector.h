// SPDX-License-Identifier: Apache-2.0
// The neural engine draws a person with the published Ditto networks (Li et al., "Ditto", ACM MM 2025; pictures by
// LivePortrait, Guo et al. 2024). This is what they speak among themselves: one vector of motion a picture, and the
// points that it stands for. Read on: retarget.h, clips.h, neural_engine.h; docs/neural.md tells the whole way.
//
// Points: 21 in space, [point][x, y, z]; x to the image's right, y down, smaller z nearer the viewer; the crop of the
// face spans -1..1.
// Threads: values.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace avatar::neural {

inline constexpr int kPoints = 21;
inline constexpr int kPointNumbers = 3 * kPoints;
inline constexpr int kAngleBins = 66;  ///< a head angle is told as logits of bins 3 degrees wide, -97.5..97.5

inline constexpr int kClipFrames = 80;          ///< the diffusion makes so many vectors at once
inline constexpr int kFramesPerSecond = 25;     ///< of motion
inline constexpr int kAudioNumbers = 1024;      ///< of one frame
inline constexpr int kConditionNumbers = 1103;  ///< sound, emotion (8), eyes open (2), eyeballs (6), points (63)

/// [scale - 1, pitch logits, yaw logits, roll logits, shift x y z, expression: offsets of the points]
inline constexpr int kMotionNumbers = 265;
inline constexpr int kPitchAt = 1, kYawAt = 67, kRollAt = 133, kShiftAt = 199, kExpressionAt = 202;
inline constexpr int kPoseNumbers = kExpressionAt;  ///< all before the expression
using MotionVector = std::array<float, kMotionNumbers>;

using Points = std::array<float, kPointNumbers>;

/// What the motion extractor sees in a picture.
struct Source {
  std::array<float, kAngleBins> pitch{}, yaw{}, roll{};  ///< logits
  std::array<float, 3> shift{};
  Points expression{};
  float scale = 1;
  Points points{};  ///< of the face at rest, before turning

  [[nodiscard]] MotionVector as_vector() const;
};

}  // namespace avatar::neural
