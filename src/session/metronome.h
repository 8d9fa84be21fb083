// SPDX-License-Identifier: Apache-2.0
// Beats the time for every session: calls each beat once a period, on a few threads of its own. A beat never runs on
// two threads at once, and not always on the same one: that makes a session a strand.
//
//   Metronome metronome(clock, std::thread::hardware_concurrency());
//   const uint64_t id = metronome.start(40ms, [session](auto late) { return session->beat(late); });
//   metronome.stop(id);
//
// Of all beats that are due, the most overdue goes first (session/scheduler.h). One idle thread sleeps until the next
// is due, the others until they are called.
// Threads: [any thread]. The destructor waits for the beats that run.
// Ownership: a beat, and what it holds, goes when it was stopped or answered false, after its last run.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "session/scheduler.h"

namespace avatar {

class Metronome final {
 public:
  /// Answers whether there shall be more. It must not wait for anything.
  using Beat = std::function<bool(std::chrono::nanoseconds late)>;

  Metronome(const Clock& clock, int threads);
  ~Metronome();
  Metronome(const Metronome&) = delete;
  Metronome& operator=(const Metronome&) = delete;

  /// The first beat comes at once.
  uint64_t start(std::chrono::nanoseconds period, Beat beat);

  /// No beat begins after this; one may still be running.
  void stop(uint64_t id);

 private:
  void work();

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Scheduler scheduler_;
  std::map<uint64_t, std::shared_ptr<const Beat>> beats_;
  std::optional<std::chrono::nanoseconds> watched_;  // a thread sleeps until then
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace avatar
