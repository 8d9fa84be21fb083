// SPDX-License-Identifier: Apache-2.0
// How many sessions this machine holds: a session is made to speak for a while as fast as it can, pictures and sound
// encoded as for viewers, and the processor time of a tick is set against what there is of it.
//
//   auto load = measure_load(engine, portrait, clock, 40);      // 40 ticks, some 0.2 s
//   const int sessions = capacity_of(*load, machine());
//
// Processor time, not wall time: what else runs on the machine hardly changes it. Three tenths are left to the network,
// to viewers that come, and to the rest of the world.
// Threads: [any thread]. Errors: of the engine and the encoders.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"

namespace avatar {

/// What this process may use: the machine's, or less when a container says so (cgroup v2, sched_setaffinity).
struct Machine {
  double cores = 1;
  int64_t memory_bytes = 0;
  [[nodiscard]] int threads() const;  ///< that can run at once; 1 at least
};
[[nodiscard]] Machine machine();

/// Of one session of 512x512 at 25 pictures a second.
struct Load {
  std::chrono::nanoseconds tick{0};    ///< processor time of a tick on the average
  std::chrono::nanoseconds encode{0};  ///< of that, in the encoders
  std::chrono::nanoseconds worst{0};   ///< of the ticks
};
[[nodiscard]] Result<Load> measure_load(const Engine& engine, const std::shared_ptr<const Portrait>& portrait,
                                        const Clock& clock, int ticks);

/// 1 at least.
[[nodiscard]] int capacity_of(const Load& load, const Machine& machine);

}  // namespace avatar
