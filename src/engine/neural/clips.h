// SPDX-License-Identifier: Apache-2.0
// A row of overlapping clips becomes one stream of motion. Each clip is made for 80 frames of which V are new; where it
// meets the one before they are fused, and the pose (not the expression) is smoothed.
//
//   Clips clips({.overlap = 75}, make_clip);
//   clips.begin(start, silence);                 // another stretch of speech; frame 0 is its first
//   clips.hear(condition, on_motion);            // once a frame; vectors come V at a time
//
//   conditions heard:  [ -O .......... 0 ........ ]      O rows of silence, then V of speech: the first clip,
//   motion told:                       0 ........        only to warm up; V more rows: the next clip tells frames
//   0..V-1
//
// The overlap O trades delay for calm: the motion of a frame needs the sound of up to 2 V + 1 frames after it.
// Formulas: the published online pipeline's (docs/neural.md). Allocates nothing after construction.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/neural/motion_vector.h"

namespace avatar::neural {

struct ClipSettings {
  int overlap = 75;                 ///< O, 40..79; 70 is the published one
  int held_numbers = kPoseNumbers;  ///< of a vector: what a clip takes over from the one before; the rest begins at the
                                    ///< start's
  int held_period = 1;              ///< ... after each so many clips; in between all is taken over, and at 0 always
  int smoothing = 3;                ///< frames, odd: the mean of the pose

  [[nodiscard]] int fresh() const { return kClipFrames - overlap; }  ///< V
};

/// What a clip is made from: the motion it begins with, and 80 rows of kConditionNumbers. `number` counts from 1.
struct ClipInput {
  std::span<const float> start, conditions;
  int number = 1;
};

class Clips final {
 public:
  using MakeClip = std::function<Result<void>(const ClipInput& in, std::span<float> motion)>;  ///< [80][265]
  using OnMotion = std::function<void(const MotionVector& motion)>;

  Clips(const ClipSettings& settings, MakeClip make);

  /// Forgets all. `silence(i)` fills the condition of frame i - O.
  void begin(const MotionVector& start, const std::function<void(int, std::span<float>)>& silence);

  /// The condition of the next frame. Tells the motion of `fresh()` frames when a clip was made, none for the first.
  Result<void> hear(std::span<const float> condition, const OnMotion& on_motion);

  /// The very first vector of the stretch, before frame 0: what the motion is relative to. Valid once a clip was made.
  [[nodiscard]] const MotionVector& first() const { return first_; }
  [[nodiscard]] int clips() const { return made_; }

  /// The next clip begins as the very first did, where the pose has wandered off.
  void come_home() { comes_home_ = true; }

 private:
  [[nodiscard]] float* motion(int frame) { return &motion_[static_cast<size_t>(frame) * kMotionNumbers]; }
  Result<void> make(const OnMotion& on_motion);
  void smooth(int from, int to);

  ClipSettings settings_;
  MakeClip make_;
  MotionVector start_{}, held_{}, first_{};
  std::vector<float> conditions_;  // [80], of the next clip, from its first frame on
  int heard_ = 0;                  // of them
  std::vector<float> motion_;      // [V + 80], from V frames before the next clip on
  std::vector<float> clip_, copy_;
  int made_ = 0;
  bool comes_home_ = false;
};

}  // namespace avatar::neural
