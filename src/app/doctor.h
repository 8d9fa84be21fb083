// SPDX-License-Identifier: Apache-2.0
// `avatar-worker doctor`: looks at everything a server needs, one line each, and says what to do about what is missing.
//
//     ok    port        127.0.0.1:8089 is free
//     note  rooms       LiveKit's client library is not there: ...        some feature will not work
//     BAD   presets     anna: there is no face in this picture ...        the server would not do what was asked
//
// Sends nothing to anybody and leaves nothing behind.
#pragma once

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"

namespace avatar {

/// Writes to standard output. unavailable: something is bad.
[[nodiscard]] Result<void> doctor(const Config& config, const Clock& clock);

}  // namespace avatar
