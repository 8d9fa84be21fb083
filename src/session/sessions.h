// SPDX-License-Identifier: Apache-2.0
// The sessions that live: how many there may be, who they are, and how all come to an end.
//
//   auto seat = sessions.reserve();                  // busy: full or draining
//   auto live = sessions.add(std::move(*seat), parts);
//   sessions.find(id);
//   sessions.drain();                                // no new ones from now on
//   sessions.wait_until_empty(deadline); sessions.close_all(Ending::drained);
//
// A seat is held from the moment a request is accepted, so that what was promised can be kept; it is given back when
// the session is over or the seat is dropped. An ended session is forgotten at once. Threads: [any thread]; ticks run
// on threads of its own, one per core. Ownership: outlives its seats; the clock and the metrics outlive it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "session/live_session.h"
#include "session/metronome.h"
#include "session/session_metrics.h"

namespace avatar {

class Sessions final {
 public:
  Sessions(const Clock& clock, const SessionMetrics& metrics, int capacity, int threads);

  /// One place, while it lives.
  class Seat {
   public:
    Seat(Seat&& other) noexcept : sessions_(std::exchange(other.sessions_, nullptr)) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat() {
      if (sessions_ != nullptr) sessions_->give_back();
    }

   private:
    friend class Sessions;
    explicit Seat(Sessions* sessions) : sessions_(sessions) {}
    Sessions* sessions_;
  };

  Result<Seat> reserve();

  /// It begins to live.
  std::shared_ptr<LiveSession> add(Seat seat, LiveSession::Parts parts);

  [[nodiscard]] Result<std::shared_ptr<LiveSession>> find(std::string_view id) const;
  [[nodiscard]] std::vector<std::shared_ptr<LiveSession>> list() const;

  struct State {
    int active = 0;  ///< seats taken
    int capacity = 0;
    bool draining = false;
    [[nodiscard]] bool is_full() const { return active >= capacity; }
  };
  [[nodiscard]] State state() const;
  void set_capacity(int capacity);

  void drain();
  void close_all(Ending why);
  /// Those that nobody has watched and that have said nothing for so long.
  void close_unwanted(Ending why, std::chrono::nanoseconds time);
  /// Whether all seats are free; waits for it at most so long.
  bool wait_until_empty(std::chrono::nanoseconds at_most);

 private:
  void give_back();
  void forget(const LiveSession& live);

  const Clock& clock_;
  const SessionMetrics& metrics_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_;
  std::map<std::string, std::shared_ptr<LiveSession>, std::less<>> living_;
  Metronome metronome_;  // goes first: what it beats for uses the rest
};

}  // namespace avatar
