// SPDX-License-Identifier: Apache-2.0
// `avatar-worker bench`: what this machine can do, in under a minute, with a verdict in words.
//
// Sessions are real ones: drawn, encoded and beaten by the clock, all of them talking; only what is sent to viewers is
// thrown away. Their number rises until more than one tick in a thousand comes too late to be drawn.
#pragma once

#include <chrono>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"

namespace avatar {

/// Writes to standard output. cancelled: is_interrupted().
[[nodiscard]] Result<void> bench(const Config& config, const Clock& clock);

}  // namespace avatar
