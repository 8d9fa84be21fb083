// SPDX-License-Identifier: Apache-2.0
// Pictures -> a folder of numbered picture files, frame_00000.png and so on; the sound is left out. The folder appears
// when all are written.
//
// How a picture file is written is handed in (face/picture_file.h knows), because stages do not know each other.
// Threads and errors: of Sink; invalid: the folder is there already and not empty.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.h"
#include "stream/sink.h"
#include "types/image.h"

namespace avatar {

using WritePicture = std::function<Result<void>(const std::filesystem::path&, const Image&)>;

[[nodiscard]] Result<std::unique_ptr<Sink>> make_png_sink(const std::filesystem::path& folder, WritePicture write);

}  // namespace avatar
