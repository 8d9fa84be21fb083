// SPDX-License-Identifier: Apache-2.0
// A portrait with all that was found drawn over it, for eyes to judge. Threads: [any thread].
#pragma once

#include "types/image.h"
#include "types/portrait.h"

namespace avatar {

/// The picture (small ones enlarged to at least 1,024 px) with: the mask's contour (green), what is outside it
/// darkened, the face's box (yellow), the mesh's points (grey), lips (red), eyelids (cyan), irises (blue) and the
/// head's axes (right red, up green, forward blue).
[[nodiscard]] Image draw_overlay(const Portrait& portrait);

}  // namespace avatar
