// SPDX-License-Identifier: Apache-2.0
// Encodes pictures and sound as for viewers in browsers (H.264, Opus), and sends them to nobody: the load of a session
// without the network. For measuring.
// Threads: [tick].
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "stream/sink.h"

namespace avatar {

/// Processor time of the calling thread.
[[nodiscard]] std::chrono::nanoseconds processor_time();

/// `spent` grows by the processor time of each call; null: not wanted. It outlives the sink.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_encoding_sink(FrameSize size, int fps,
                                                               std::chrono::nanoseconds* spent);

/// Four syllables a second of a voice of 120 Hz, 48 kHz: enough to keep face and encoder busy.
[[nodiscard]] std::vector<float> babble(double seconds);

}  // namespace avatar
