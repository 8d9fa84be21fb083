// SPDX-License-Identifier: Apache-2.0
// Picture files: JPEG, PNG and WebP in, PNG out. What a file is, its bytes tell, not its name.
//
// Read: upright (EXIF orientation 1-8 of JPEG), 8-bit sRGB (grey, palette and 16-bit PNG and CMYK JPEG are converted;
// colour profiles are not applied), alpha laid over a light neutral grey, the long side at most 2,048 px.
// Refused, in this order and before anything is decoded: empty or above 10 MB; neither of the three kinds; smaller than
// 64 x 64; above 40 megapixels. Refused after that: a file that is cut off or broken, an animation.
// Errors: unsupported = not a picture of the three kinds; invalid = everything else that is wrong with the file;
// unavailable = the disk refused. Each is one sentence that says what to do.
// Threads: [any thread].
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/result.h"
#include "types/image.h"

namespace avatar {

inline constexpr size_t kMaxPictureBytes = 10 << 20;
inline constexpr int64_t kMaxPicturePixels = 40'000'000;
inline constexpr int kMinPictureSide = 64;     ///< px
inline constexpr int kMaxPortraitSide = 2048;  ///< px, of what decode_picture gives

Result<Image> decode_picture(std::span<const std::byte> file);

/// Under a temporary name beside `path` first, then renamed: `path` is whole or untouched.
Result<void> write_png(const std::filesystem::path& path, const Image& picture);

}  // namespace avatar
