// SPDX-License-Identifier: Apache-2.0
// Pictures -> one picture file with evenly spaced frames in a grid, each with its time in seconds: a whole video at a
// glance. The sound is left out.
//
// How long the video will be need not be known: every second picture kept is dropped whenever there are too many, so
// the memory is bounded.
// Threads and errors: of Sink.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "stream/png_sink.h"
#include "stream/sink.h"

namespace avatar {

inline constexpr int kSheetColumns = 6;
inline constexpr int kSheetRows = 4;
inline constexpr int kSheetPicture = 320;  ///< px, largest side of each frame in the sheet

/// `write` writes the picture file (see png_sink.h). Refuses at once when there is no right to write it.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_contact_sheet(const std::filesystem::path& path, WritePicture write);

}  // namespace avatar
