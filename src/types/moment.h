// SPDX-License-Identifier: Apache-2.0
// What an engine is asked to draw: the pose at one time. The mesh engine reads the pose; an engine that is driven by
// sound finds the speech here when it comes (docs/design.md).
// Threads: a value.
#pragma once

#include "types/media_time.h"
#include "types/pose.h"

namespace avatar {

struct Moment {
  MediaTime time;
  Pose pose;
};

}  // namespace avatar
