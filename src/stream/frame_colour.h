// SPDX-License-Identifier: Apache-2.0
// What is shown, as colours for a picture file: I420, BT.601 limited range -> RGB. Chroma is repeated, not smoothed:
// one sample for its square of two by two pixels.
// Threads: pure functions.
#pragma once

#include "types/image.h"

namespace avatar {

/// Exact to rounding (ITU-R BT.601-7, 2.5.1, inverted). Values beyond RGB are clipped.
[[nodiscard]] Image rgb_of(const Frame& frame);

}  // namespace avatar
