// SPDX-License-Identifier: Apache-2.0
#include "session/scheduler.h"

#include <algorithm>

namespace avatar {

uint64_t Scheduler::add(Time period, Time now) {
  entries_.push_back({++last_id_, period, now, false});
  return last_id_;
}

std::vector<Scheduler::Entry>::iterator Scheduler::find(uint64_t id) {
  return std::find_if(entries_.begin(), entries_.end(), [id](const Entry& e) { return e.id == id; });
}

void Scheduler::remove(uint64_t id) {
  if (const auto it = find(id); it != entries_.end()) entries_.erase(it);
}

const Scheduler::Entry* Scheduler::earliest() const {
  const Entry* best = nullptr;
  for (const Entry& e : entries_) {
    if (!e.taken && (best == nullptr || e.due < best->due)) best = &e;
  }
  return best;
}

std::optional<Scheduler::Due> Scheduler::take(Time now) {
  const Entry* next = earliest();
  if (next == nullptr || next->due > now) return std::nullopt;
  find(next->id)->taken = true;
  return Due{next->id, now - next->due};
}

void Scheduler::done(uint64_t id, Time now) {
  const auto it = find(id);
  if (it == entries_.end()) return;
  it->taken = false;
  it->due += it->period;
  if (it->due + kGiveUp < now) it->due = now;
}

std::optional<Scheduler::Time> Scheduler::next() const {
  const Entry* next = earliest();
  return next == nullptr ? std::nullopt : std::optional(next->due);
}

}  // namespace avatar
