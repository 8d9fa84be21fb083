// SPDX-License-Identifier: Apache-2.0
// Makes a picture smaller without aliasing: Lanczos with three lobes, stretched by the ratio. Works row by row, so that
// a picture of 40 megapixels needs little memory beside itself. Threads: [any thread].
#pragma once

#include "types/image.h"

namespace avatar {

/// width and height: 1 .. those of the picture.
[[nodiscard]] Image shrink(const Image& picture, int width, int height);

}  // namespace avatar
