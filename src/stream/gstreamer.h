// SPDX-License-Identifier: Apache-2.0
// Starts GStreamer with the plugins we use and no others.
//
// Its own way, a registry of all that is installed, costs 0.3 s and more at the first start of every fresh machine or
// container, and lets any plugin join in, those that open network addresses among them. Loading ours by name
// takes 6 ms (2 cores, 2026-11), always.
#pragma once

#include "base/result.h"

namespace avatar {

/// Sets the environment GStreamer reads, unless it is set (its tracers need GST_REGISTRY_DISABLE=no). [start] Before
/// there are other threads.
void prepare_gstreamer();

/// Loads what is not loaded yet. unavailable: it is not installed. [any thread]
Result<void> start_gstreamer();

/// The same, and what viewers need besides: WebRTC and what it stands on. [any thread]
Result<void> start_gstreamer_webrtc();

}  // namespace avatar
