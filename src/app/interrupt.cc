// SPDX-License-Identifier: Apache-2.0
#include "app/interrupt.h"

#include <atomic>
#include <csignal>

namespace avatar {
namespace {

std::atomic<int> count = 0, last = 0, most = 1;
static_assert(std::atomic<int>::is_always_lock_free);  // a signal handler may write it

void on_signal(int signal) {
  last = signal;
  if (++count < most) return;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

void listen_for_interrupts(int heard) {
  most = heard;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // Errors of write() say it better than the death of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool is_interrupted() { return count > 0; }
int interrupts() { return count; }
int last_interrupt() { return last; }

Result<void> go_on() {
  if (is_interrupted()) return Error{ErrorKind::cancelled, "stopped; nothing was written"};
  return {};
}

}  // namespace avatar
