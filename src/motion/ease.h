// SPDX-License-Identifier: Apache-2.0
// Shapes of movement: how a muscle or a head gets from here to there.
#pragma once

#include <algorithm>

namespace avatar {

/// 0 at x <= 0, 1 at x >= 1; speed and acceleration are 0 at both ends: the path of least jerk, which is how people
/// move (Flash and Hogan 1985, eq. 3). The greatest speed is 1.875, the greatest acceleration 5.8.
[[nodiscard]] constexpr double ease(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return x * x * x * (10 + x * (-15 + 6 * x));
}

/// Up in `rise`, held, and down again in `fall`; all in the unit of t.
[[nodiscard]] constexpr double pulse(double t, double rise, double hold, double fall) {
  return t < rise + hold ? ease(t / rise) : 1 - ease((t - rise - hold) / fall);
}

}  // namespace avatar
