// SPDX-License-Identifier: Apache-2.0
// A Portrait on disk, so that a picture is understood once and not at every start. A file of a byte too few, of another
// version or with a wrong checksum is no file: the picture is analysed again.
//
//   "AVATARPF", version u32, then all of the Portrait but its canonical face (that is the program's own),
//   little-endian, floats as IEEE 754; picture and person raw, rows without padding; then the SHA-256 of all before it,
//   32 bytes as 64 hexadecimal digits.
//
// Threads: [any thread]. Errors: not_found (no file), invalid (not ours, or damaged), and those of NewFile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "types/portrait.h"

namespace avatar {

/// Is raised whenever face/ finds anything else in the same picture, or this layout changes.
inline constexpr uint32_t kPortraitFileVersion = 1;

[[nodiscard]] Result<void> write_portrait(const std::filesystem::path& path, const Portrait& portrait);
[[nodiscard]] Result<std::shared_ptr<const Portrait>> read_portrait(const std::filesystem::path& path);

}  // namespace avatar
