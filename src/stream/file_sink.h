// SPDX-License-Identifier: Apache-2.0
// Pictures and sound -> an MP4 file (H.264 + AAC). See mp4_writer.h for what the file says about itself.
// Threads and errors: of Sink.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "stream/sink.h"

namespace avatar {

/// Refuses at once when the file cannot be written or the size cannot be encoded. `fps` divides 48,000.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_file_sink(const std::filesystem::path& path, int width, int height,
                                                           int fps);

}  // namespace avatar
