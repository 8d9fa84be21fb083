// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648), the plain and the URL alphabet, with or without padding. Threads: [any thread].
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace avatar {

/// Nothing: a character that does not belong, or a length that cannot be. Line ends are skipped.
[[nodiscard]] std::optional<std::vector<std::byte>> decode_base64(std::string_view text);

}  // namespace avatar
