// SPDX-License-Identifier: Apache-2.0
// The canonical face mesh that is part of the program. Threads: [any thread].
#pragma once

#include <memory>

#include "types/portrait.h"

namespace avatar {

[[nodiscard]] std::shared_ptr<const CanonicalFace> load_canonical_face();

}  // namespace avatar
