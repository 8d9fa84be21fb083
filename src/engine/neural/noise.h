// SPDX-License-Identifier: Apache-2.0
// Normal noise that can be asked for at any place of any stream: the same key gives the same numbers, whatever was or
// was not drawn before. Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) and
// Box-Muller.
// Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace avatar::neural {

[[nodiscard]] std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Mean 0, deviation 1, within +-6.7.
void fill_with_noise(uint64_t seed, uint64_t stream, std::span<float> out);

}  // namespace avatar::neural
