// SPDX-License-Identifier: Apache-2.0
// What the voice does to the mouth at one moment: the curves that lips (motion/lips.h) draws from speech and the
// performer turns into muscles. All zero is a mouth at rest.
// Threads: a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace avatar {

/// Each 0..1.
enum class Articulator : uint8_t {
  jaw,            ///< scaled as Muscle::jaw_open: an open "aa" in calm speech is 0.3-0.45
  stretch,        ///< lip corners apart: i, e
  pucker,         ///< lips small and forward: u, w
  funnel,         ///< lips forward in an open ring: o, sh
  press,          ///< lips pressed on each other: p, b, m
  upper_raise,    ///< upper lip up: s, z, f, open vowels
  lower_depress,  ///< lower lip down: s, z, e
  lip_bite,       ///< lower lip under the upper teeth: f, v
  tongue_up,      ///< tip to the ridge: l, n, t, d
  closure,        ///< 1: the lips touch, whatever the jaw does
  count,
};

inline constexpr size_t kArticulators = static_cast<size_t>(Articulator::count);

struct Articulation {
  std::array<float, kArticulators> value{};

  [[nodiscard]] float operator[](Articulator a) const { return value[static_cast<size_t>(a)]; }
  [[nodiscard]] float& operator[](Articulator a) { return value[static_cast<size_t>(a)]; }
};

}  // namespace avatar
