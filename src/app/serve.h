// SPDX-License-Identifier: Apache-2.0
// The server: everything is made here once, wired together, and taken down in the reverse order.
//
//   settings -> door (HTTP answers at once: /health lives, /ready says "starting")
//            -> face networks and presets, beside it                        /ready 200
//            -> the viewers' transport is rehearsed, the capacity measured  the first viewer need not wait
//   SIGTERM  -> no new sessions, those there may end for a while; SIGINT or a second signal: they end now
//
// Returns when it was asked to stop, or (--once) when its session has ended. Errors: internal (that session failed),
// invalid (an address), unavailable (the port is taken; no WebRTC).
#pragma once

#include <chrono>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"

namespace avatar {

/// `started`: when the process began, by `clock`.
[[nodiscard]] Result<void> serve(const Config& config, const Clock& clock, std::chrono::nanoseconds started);

}  // namespace avatar
