// SPDX-License-Identifier: Apache-2.0
// Pictures -> YUV4MPEG2, uncompressed, to a file or a pipe; the sound is left out. What encoders and players read with
// "-i -".
// Threads and errors: of Sink; unavailable: the reader went away, or the disk is full.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "stream/sink.h"

namespace avatar {

/// "-" is standard output. An ordinary file appears when it is complete; a device or a pipe is written as it goes.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_y4m_sink(const std::filesystem::path& path, int width, int height,
                                                          int fps);

}  // namespace avatar
