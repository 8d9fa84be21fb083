// SPDX-License-Identifier: Apache-2.0
#include "session/metronome.h"

#include <pthread.h>

#include <utility>

namespace avatar {

Metronome::Metronome(const Clock& clock, int threads) : clock_(clock) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "tick");
  }
}

Metronome::~Metronome() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

uint64_t Metronome::start(std::chrono::nanoseconds period, Beat beat) {
  uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = scheduler_.add(period, clock_.now());
    beats_.emplace(id, std::make_shared<const Beat>(std::move(beat)));
  }
  changed_.notify_all();  // whoever watches may have to wake earlier
  return id;
}

void Metronome::stop(uint64_t id) {
  std::shared_ptr<const Beat> last;  // goes after the lock
  const std::lock_guard lock(mutex_);
  scheduler_.remove(id);
  if (const auto it = beats_.find(id); it != beats_.end()) {
    last = std::move(it->second);
    beats_.erase(it);
  }
}

void Metronome::work() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    const auto now = clock_.now();
    if (const auto due = scheduler_.take(now)) {
      std::shared_ptr<const Beat> beat = beats_.at(due->id);
      if (!watched_) changed_.notify_one();  // somebody else watches now
      lock.unlock();
      const bool more = (*beat)(due->late);
      if (!more) stop(due->id);
      beat.reset();
      lock.lock();
      scheduler_.done(due->id, clock_.now());
      continue;
    }
    const auto next = scheduler_.next();
    if (!next || (watched_ && *watched_ <= *next)) {
      changed_.wait(lock);
    } else {
      watched_ = next;
      changed_.wait_for(lock, *next - now);
      if (watched_ == next) watched_.reset();
    }
  }
}

}  // namespace avatar
