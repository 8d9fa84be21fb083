// SPDX-License-Identifier: Apache-2.0
#include "session/sessions.h"

#include <cstdio>
#include <utility>

#include "base/log.h"

namespace avatar {
namespace {

std::string in_seconds(std::chrono::nanoseconds t) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", std::chrono::duration<double>(t).count());
  return text;
}

const Metrics::Counter& counter(const SessionMetrics& metrics, Ending ending) {
  switch (ending) {
    case Ending::idle:
      return metrics.ended_idle;
    case Ending::failed:
      return metrics.ended_failed;
    case Ending::drained:
      return metrics.ended_drained;
    case Ending::asked:
      break;
  }
  return metrics.ended_asked;
}

}  // namespace

Sessions::Sessions(const Clock& clock, const SessionMetrics& metrics, int capacity, int threads)
    : clock_(clock), metrics_(metrics), metronome_(clock, threads) {
  state_.capacity = capacity;
}

Result<Sessions::Seat> Sessions::reserve() {
  const std::lock_guard lock(mutex_);
  if (state_.draining) return Error{ErrorKind::busy, "this worker is shutting down; ask another one"};
  if (state_.is_full()) {
    return Error{ErrorKind::busy, "all " + std::to_string(state_.capacity) +
                                      " sessions of this worker are in use; try again later or ask another one"};
  }
  ++state_.active;
  return Seat(this);
}

void Sessions::give_back() {
  {
    const std::lock_guard lock(mutex_);
    --state_.active;
  }
  changed_.notify_all();
}

std::shared_ptr<LiveSession> Sessions::add(Seat seat, LiveSession::Parts parts) {
  auto live = std::make_shared<LiveSession>(std::move(parts), clock_, metrics_);
  {
    const std::lock_guard lock(mutex_);
    living_.emplace(live->id(), live);
  }
  metrics_.started.add();
  log(LogLevel::info, "a session has begun", {{"session", live->id()}, {"avatar", live->avatar_id()}});
  metronome_.start(live->period(), [this, live, place = std::make_shared<Seat>(std::move(seat))](auto late) {
    if (live->beat(late)) return true;
    forget(*live);
    return false;
  });
  return live;
}

void Sessions::forget(const LiveSession& live) {
  counter(metrics_, live.ending()).add();
  const bool failed = live.ending() == Ending::failed;
  log(failed ? LogLevel::error : LogLevel::info, failed ? "a session has failed" : "a session has ended",
      {{"session", live.id()},
       {"reason", failed ? live.failure() : name(live.ending())},
       {"seconds", in_seconds(live.age())}});
  std::shared_ptr<LiveSession> last;  // goes after the lock
  const std::lock_guard lock(mutex_);
  if (const auto it = living_.find(live.id()); it != living_.end()) {
    last = std::move(it->second);
    living_.erase(it);
  }
}

Result<std::shared_ptr<LiveSession>> Sessions::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto it = living_.find(id);
  if (it == living_.end()) {
    return Error{ErrorKind::not_found, "there is no such session, or it has ended; start one with POST /sessions"};
  }
  return it->second;
}

std::vector<std::shared_ptr<LiveSession>> Sessions::list() const {
  std::vector<std::shared_ptr<LiveSession>> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, live] : living_) all.push_back(live);
  return all;
}

Sessions::State Sessions::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Sessions::set_capacity(int capacity) {
  const std::lock_guard lock(mutex_);
  state_.capacity = capacity;
}

void Sessions::drain() {
  const std::lock_guard lock(mutex_);
  state_.draining = true;
}

void Sessions::close_all(Ending why) {
  for (const auto& live : list()) live->close(why);
}

void Sessions::close_unwanted(Ending why, std::chrono::nanoseconds time) {
  for (const auto& live : list()) {
    if (live->is_unwanted_for(time)) live->close(why);
  }
}

bool Sessions::wait_until_empty(std::chrono::nanoseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [this] { return state_.active == 0; });
}

}  // namespace avatar
