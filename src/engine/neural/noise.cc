// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/noise.h"

#include <cmath>
#include <numbers>

namespace avatar::neural {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

void fill_with_noise(uint64_t seed, uint64_t stream, std::span<float> out) {
  const std::array<uint32_t, 2> key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  const auto unit = [](uint32_t bits) { return (bits + 0.5) * 0x1.0p-32; };  // (0, 1)
  for (size_t i = 0; i < out.size(); i += 4) {
    const auto bits = philox(
        {static_cast<uint32_t>(i / 4), 0, static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)}, key);
    for (size_t pair = 0; pair < 2; ++pair) {
      const double radius = std::sqrt(-2 * std::log(unit(bits[2 * pair])));
      const double angle = 2 * std::numbers::pi * unit(bits[2 * pair + 1]);
      const size_t at = i + 2 * pair;
      if (at < out.size()) out[at] = static_cast<float>(radius * std::cos(angle));
      if (at + 1 < out.size()) out[at + 1] = static_cast<float>(radius * std::sin(angle));
    }
  }
}

}  // namespace avatar::neural
