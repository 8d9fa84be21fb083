// SPDX-License-Identifier: Apache-2.0
// How far a long work has come, on standard error: a bar that moves on a terminal, a line for each tenth elsewhere.
// Threads: one.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace avatar {

class Progress final {
 public:
  /// `quiet`: says nothing at all.
  Progress(const Clock& clock, bool quiet);
  /// Wipes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `all` seconds of media. `all` 0: not known.
  void show(double done, double all);

 private:
  const Clock& clock_;
  const bool quiet_;
  const bool terminal_;
  const std::chrono::nanoseconds start_;
  std::chrono::nanoseconds next_{0};  // when the bar moves again
  int next_tenth_ = 1;
  bool visible_ = false;
};

}  // namespace avatar
