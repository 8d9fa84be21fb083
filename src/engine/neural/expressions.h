// SPDX-License-Identifier: Apache-2.0
// What speech does not move: the performer's blinks, gaze, brows, smile, and in silence the head, written in the
// networks' terms. With them a face lives while nothing is said, and feels while it speaks.
//
//   const Expressions expressions(portrait, source, crop_px, blink);      // once per person
//   Look look = expressions.idle(pose);                                    // or follow(...), retarget.h
//   expressions.add(pose, {.lips = 1}, look);
//
// Directions and their factors: LivePortrait's published editor, for small amounts (docs/neural.md). They were not yet
// seen on a real face.
// Threads: constant after making.
#pragma once

#include <optional>

#include "engine/neural/retarget.h"
#include "types/portrait.h"
#include "types/pose.h"

namespace avatar::neural {

/// A pose as the performer means it: no NaN, within ranges.
[[nodiscard]] Pose sane(const Pose& pose);

class Expressions final {
 public:
  /// `crop_px`: px of the crop per px of the picture. `blink`: what shut eyes add to the expression, if it is known.
  Expressions(const Portrait& portrait, const Source& source, double crop_px, const std::optional<Points>& blink);

  /// The head as the performer holds it, the face at rest.
  [[nodiscard]] Look idle(const Pose& pose) const;

  /// Adds the face: eyes, brows and smile, and the lips of the pose in so far as `lips` (0..1) says. The eyes look
  /// where the pose wants, however the head of `look` is turned.
  void add(const Pose& pose, float lips, Look& look) const;

  [[nodiscard]] const Look& rest() const { return rest_; }

 private:
  Look rest_;
  float per_cm_;    // of shift
  float rest_gap_;  // between the picture's lips, 0..90, in steps of the editor's "lips close"
  Points blink_;    // added when the eyes are shut
};

}  // namespace avatar::neural
