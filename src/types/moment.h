// SPDX-License-Identifier: Apache-2.0
// What an engine is asked to draw: the pose at one time, and the speech round it. The mesh engine reads the pose; an
// engine that is driven by sound reads the speech, and the pose for what speech does not tell: blinks, gaze, idle life.
// Threads: a value; `sound` is valid during the call it is given to.
#pragma once

#include <cstdint>
#include <span>

#include "types/emotion.h"
#include "types/media_time.h"
#include "types/pose.h"

namespace avatar {

struct Moment {
  MediaTime time;
  Pose pose;
  Mood mood{};                 ///< what is felt, wished or heard; the pose shows it already
  float motion_scale = 1;      ///< 0..2, of head movements; the pose has it already
  float expression_scale = 1;  ///< 0..2, likewise of the face
  /// What will be played from `time` on, as far as it was heard: 48 kHz, mono. An engine says how much of it it would
  /// like (Engine::look_ahead). Moments overlap in it; empty: nothing is said.
  std::span<const float> sound{};
  uint32_t cuts = 0;  ///< interruptions so far. At another number than before, what was heard ahead is not said.
};

}  // namespace avatar
