// SPDX-License-Identifier: Apache-2.0
// What the face in the picture already does: every movement starts there. Threads: [any thread].
#pragma once

#include "face/landmarks.h"
#include "types/image.h"
#include "types/portrait.h"

namespace avatar {

[[nodiscard]] RestFace measure_rest(const Image& picture, const CanonicalFace& canonical, const FaceFit& fit,
                                    const Landmarks& landmarks);

}  // namespace avatar
