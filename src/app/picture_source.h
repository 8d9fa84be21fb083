// SPDX-License-Identifier: Apache-2.0
// The bytes of the picture that the command line asks for: a file, or the built-in portrait.
// Errors: not_found, unavailable (no right to read), invalid (not a file, above kMaxPictureBytes).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "types/portrait.h"

namespace avatar {

/// assets/portrait, a PNG.
[[nodiscard]] std::span<const std::byte> built_in_portrait();

/// Loads the networks and analyses the picture at `path`; empty is the built-in portrait. Errors name the file.
[[nodiscard]] Result<std::shared_ptr<const Portrait>> portrait_from(const std::filesystem::path& path);

}  // namespace avatar
