// SPDX-License-Identifier: Apache-2.0
#include "app/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace avatar {
namespace {

constexpr int kBarLength = 40;                          // characters
constexpr std::chrono::milliseconds kBarInterval{100};  // quicker than that nobody reads

}  // namespace

Progress::Progress(const Clock& clock, bool quiet)
    : clock_(clock), quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1), start_(clock.now()) {}

Progress::~Progress() {
  if (visible_) std::fprintf(stderr, "\r\033[K");
}

void Progress::show(double done, double all) {
  const auto now = clock_.now();
  const double part = all > 0 ? std::min(done / all, 1.0) : 0;
  if (quiet_ || (terminal_ ? now < next_ : part * 10 < next_tenth_)) return;
  const double speed = done / std::max(1e-3, std::chrono::duration<double>(now - start_).count());
  if (terminal_) {
    std::string bar(static_cast<size_t>(part * kBarLength), '#');
    bar.resize(kBarLength, '.');
    std::fprintf(stderr, "\r[%s] %3.0f %%  %.1f s  %.1f times real time\033[K", bar.c_str(), part * 100, done, speed);
    next_ = now + kBarInterval;
    visible_ = true;
  } else if (part < 1) {
    std::fprintf(stderr, "%3d %%  %.1f s  %.1f times real time\n", static_cast<int>(part * 10) * 10, done, speed);
    next_tenth_ = static_cast<int>(part * 10) + 1;
  }
}

}  // namespace avatar
