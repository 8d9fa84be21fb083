// SPDX-License-Identifier: Apache-2.0
#include "app/capacity.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "app/encoding_sink.h"
#include "session/session.h"

namespace avatar {
namespace {

constexpr int kFps = 25;
constexpr double kShare = 0.7;                 // of the processor
constexpr int64_t kBaseBytes = 150'000'000;    // of the process without sessions
constexpr int64_t kSessionBytes = 20'000'000;  // of each

double cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  double n = std::max(1U, std::thread::hardware_concurrency());
  if (::sched_getaffinity(0, sizeof set, &set) == 0) n = std::max(1, CPU_COUNT(&set));
  std::ifstream in("/sys/fs/cgroup/cpu.max");  // "200000 100000" or "max 100000"
  double quota = 0, period = 0;
  if (in >> quota >> period && period > 0) n = std::min(n, quota / period);
  return n;
}

int64_t memory() {
  int64_t bytes = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  std::ifstream in("/sys/fs/cgroup/memory.max");  // a number or "max"
  int64_t limit = 0;
  if (in >> limit && limit > 0) bytes = std::min(bytes, limit);
  return bytes;
}

}  // namespace

int Machine::threads() const { return std::max(1, static_cast<int>(std::lround(cores))); }

Machine machine() { return {cores(), memory()}; }

Result<Load> measure_load(const Engine& engine, const std::shared_ptr<const Portrait>& portrait, const Clock& clock,
                          int ticks) {
  constexpr int kWarm = 5;
  const FrameSize size;
  auto avatar = engine.make_avatar(portrait, size);
  if (!avatar) return avatar.error();
  std::chrono::nanoseconds encoding{0};
  auto sink = make_encoding_sink(size, kFps, &encoding);
  if (!sink) return sink.error();
  Session session(std::move(*avatar), portrait->rest, {size, kFps, {}, {}}, std::move(*sink), clock);

  const auto second = babble(1);
  const uint64_t utterance = session.speech().begin();
  Load load;
  auto start = processor_time();
  for (int i = -kWarm; i < ticks; ++i) {
    if (session.speech().waiting() < MediaTime::from_ms(500)) {
      if (auto heard = session.speech().add(utterance, second); !heard) return heard.error();
    }
    if (i == 0) {
      start = processor_time();
      encoding = {};
    }
    const auto began = processor_time();
    if (auto done = session.tick(); !done) return done.error();
    if (i >= 0) load.worst = std::max(load.worst, processor_time() - began);
  }
  load.tick = (processor_time() - start) / ticks;
  load.encode = encoding / ticks;
  return load;
}

int capacity_of(const Load& load, const Machine& machine) {
  const std::chrono::duration<double> period(1.0 / kFps), tick(load.tick);
  const double by_time = machine.cores * kShare * period.count() / std::max(tick.count(), 1e-6);
  const double by_memory = static_cast<double>(machine.memory_bytes - kBaseBytes) / kSessionBytes;
  return static_cast<int>(std::clamp(std::min(by_time, by_memory), 1.0, 1000.0));
}

}  // namespace avatar
