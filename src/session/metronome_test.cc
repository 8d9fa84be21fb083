// SPDX-License-Identifier: Apache-2.0
#include "session/metronome.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>

namespace avatar {
namespace {

using namespace std::chrono_literals;

// Somebody to wait for.
class Count {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++n_;
    changed_.notify_all();
  }
  bool reaches(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return n_ >= n; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int n_ = 0;
};

TEST(Metronome, beats_for_many_and_never_for_one_on_two_threads_at_once) {
  const SteadyClock clock;
  std::array<std::atomic<int>, 8> inside{};
  std::atomic<int> together = 0;
  Count count;
  Metronome metronome(clock, 4);
  for (auto& mine : inside) {
    metronome.start(1ms, [&](auto) {
      if (++mine > 1) ++together;
      count.add();
      --mine;
      return true;
    });
  }
  EXPECT_TRUE(count.reaches(400));
  EXPECT_EQ(together, 0);
}

TEST(Metronome, keeps_the_time) {
  const SteadyClock clock;
  Count count;
  Metronome metronome(clock, 2);
  const auto start = clock.now();
  metronome.start(10ms, [&](auto) {
    count.add();
    return true;
  });
  EXPECT_TRUE(count.reaches(21));
  EXPECT_GE(clock.now() - start, 200ms);  // 20 periods after the first; how much later depends on the machine
}

TEST(Metronome, lets_go_of_a_beat_that_has_had_enough) {
  const SteadyClock clock;
  Metronome metronome(clock, 2);
  const auto held = std::make_shared<Count>();
  std::weak_ptr<Count> weak = held;
  metronome.start(1ms, [held](auto) {
    held->add();
    return false;
  });
  EXPECT_TRUE(held->reaches(1));
  const uint64_t other = metronome.start(1h, [held](auto) { return true; });
  metronome.stop(other);
  metronome.stop(other);
  Count count;
  metronome.start(1ms, [&](auto) {
    count.add();
    return held.use_count() > 1;  // until the first beat is gone
  });
  EXPECT_TRUE(count.reaches(1));
}

}  // namespace
}  // namespace avatar
