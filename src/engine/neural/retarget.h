// SPDX-License-Identifier: Apache-2.0
// From a vector of motion to the 21 points that are drawn. Motion is relative: what changed since the clip's first
// vector is added to what the picture shows, so that identity and the picture's own expression stay.
//
//   Look look = follow(vector, first, source, gain);       // the lips and the head of the speech
//   look.expression[...] += ...                            // what else the face does (expressions.h)
//   transform(source, look, points);                       // -> stitch, warp, decoder
//
// Formulas: the published pipeline's, in its order (docs/neural.md). Threads: pure functions.
#pragma once

#include <array>
#include <span>

#include "engine/neural/motion_vector.h"

namespace avatar::neural {

/// Degrees that `logits` tell: the mean bin under their softmax.
[[nodiscard]] float degrees(std::span<const float, kAngleBins> logits);

/// How a face is held and what it does. Pitch positive: down; yaw positive: to the image's left; roll: clockwise.
struct Look {
  float pitch_deg = 0, yaw_deg = 0, roll_deg = 0;
  std::array<float, 3> shift{};
  Points expression{};
};

/// As the picture shows it.
[[nodiscard]] Look rest_look(const Source& source);

/// The points that speech moves; the rest of the expression is the picture's.
inline constexpr std::array<int, 6> kLipPoints{6, 12, 14, 17, 19, 20};
[[nodiscard]] bool is_lip(int point);

/// `vector` relative to `first`. Head angles are mixed as logits, before they become degrees. `gain`: the scale of the
/// person who set the motion, over this one's.
[[nodiscard]] Look follow(const MotionVector& vector, const MotionVector& first, const Source& source, float gain);

/// Each number kept between `low` and `high`.
[[nodiscard]] MotionVector limited(const MotionVector& v, const MotionVector& low, const MotionVector& high);

/// The direction of the eyes, so many units aside (to the image's right) and up. One degree is 0.26 and 0.28.
void turn_eyes(float aside, float up, Points& expression);
inline constexpr float kEyeAsidePerDegree = 0.26F, kEyeUpPerDegree = 0.28F;

/// a at 0, b at 1. Head, shift and expression alike.
[[nodiscard]] Look mix(const Look& a, const Look& b, float share);

/// scale * (points turned + expression) + shift in x and y.
void transform(const Source& source, const Look& look, std::span<float, kPointNumbers> points);

/// Row by row: a point as a row vector times it is turned.
[[nodiscard]] std::array<float, 9> rotation(float pitch_deg, float yaw_deg, float roll_deg);

}  // namespace avatar::neural
