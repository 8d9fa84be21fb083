// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until it is told to go.
#pragma once

#include "base/clock.h"

namespace avatar {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::nanoseconds now() const override { return now_; }
  void advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  std::chrono::nanoseconds now_{0};
};

}  // namespace avatar
