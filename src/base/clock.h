// SPDX-License-Identifier: Apache-2.0
// Wall time, handed down to whoever measures or waits, so that tests move it by hand. Nothing that is drawn or played
// depends on it: that is MediaTime's business (types/media_time.h).
// Threads: now() may be called from any.
#pragma once

#include <chrono>

namespace avatar {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Since some fixed moment; never goes back. [any thread]
  [[nodiscard]] virtual std::chrono::nanoseconds now() const = 0;
};

/// The machine's own.
class SteadyClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::nanoseconds now() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
};

}  // namespace avatar
