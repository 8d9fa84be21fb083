// SPDX-License-Identifier: Apache-2.0
// Chance that is the same everywhere: a small seeded generator, and draws from it in plain arithmetic. The standard
// library's distributions differ from one library to the next, so they are not used.
// Threads: one at a time.
#pragma once

#include <cmath>
#include <cstdint>

namespace avatar {

class Random final {
 public:
  /// Different streams of one seed are independent.
  explicit Random(uint64_t seed, uint64_t stream = 0)
      : state_(seed * 0x9E3779B97F4A7C15ULL + stream * 0xD1B54A32D192ED03ULL) {
    next();
  }

  /// SplitMix64 (Steele, Lea, Flood 2014).
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// [0, 1)
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double between(double low, double high) { return low + (high - low) * unit(); }
  bool chance(double p) { return unit() < p; }
  /// Mean 0, deviation 1, within +-6: the sum of twelve (central limit).
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += unit();
    return sum;
  }
  /// Log-normal of mean 1; `spread` is the deviation of the logarithm.
  double lognormal(double spread) { return std::exp(spread * normal() - 0.5 * spread * spread); }

 private:
  uint64_t state_;
};

}  // namespace avatar
