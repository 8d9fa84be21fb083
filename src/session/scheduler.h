// SPDX-License-Identifier: Apache-2.0
// Whose turn comes next, and how late it is. Knows times and numbers, no avatar, no thread and no clock.
//
//   const uint64_t id = scheduler.add(period, now);      // first due now, then every period
//   if (const auto due = scheduler.take(now)) {          // the most overdue; nobody else gets it until done()
//     ... do what is due: due->id, due->late ...
//     scheduler.done(due->id, now);
//   }
//   sleep_until(scheduler.next());
//
// Times stay on the grid that the first one began: being late once delays nothing after it. Whoever has fallen more
// than kGiveUp behind (the machine slept) starts a new grid instead of catching up.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace avatar {

class Scheduler final {
 public:
  using Time = std::chrono::nanoseconds;
  static constexpr Time kGiveUp = std::chrono::milliseconds(500);

  /// Ids count up from 1.
  uint64_t add(Time period, Time now);

  /// It is never given out again. Unknown ids are ignored.
  void remove(uint64_t id);

  struct Due {
    uint64_t id = 0;
    Time late{0};  ///< since it was due, not negative
  };
  [[nodiscard]] std::optional<Due> take(Time now);

  /// Its turn is over; the next one is a period after the last.
  void done(uint64_t id, Time now);

  /// When the next turn comes of all that wait. Nothing: nobody waits.
  [[nodiscard]] std::optional<Time> next() const;

 private:
  struct Entry {
    uint64_t id = 0;
    Time period{0};
    Time due{0};
    bool taken = false;
  };
  [[nodiscard]] const Entry* earliest() const;
  std::vector<Entry>::iterator find(uint64_t id);

  std::vector<Entry> entries_;  // some tens; looked through from end to end
  uint64_t last_id_ = 0;
};

}  // namespace avatar
