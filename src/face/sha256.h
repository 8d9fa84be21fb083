// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), to name a picture by its content. Threads: [any thread].
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace avatar {

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace avatar
