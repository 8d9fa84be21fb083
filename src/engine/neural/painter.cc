// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/painter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace avatar::neural {
namespace {
constexpr size_t kMostJobs = 1024;  // room for; more only cost memory
constexpr size_t kMostInRun = 16;
}  // namespace

Painter::Painter(std::shared_ptr<const Networks> networks, const PainterSettings& settings)
    : networks_(std::move(networks)), settings_(settings) {
  settings_.most = networks_->can_batch() ? std::clamp(settings.most, 1, static_cast<int>(kMostInRun)) : 1;
  jobs_.reserve(kMostJobs);
}

Result<std::unique_ptr<Painter>> Painter::make(std::shared_ptr<const Networks> networks,
                                               const PainterSettings& settings, const MakeChain& chains) {
  std::unique_ptr<Painter> painter(new Painter(std::move(networks), settings));
  painter->lanes_.resize(static_cast<size_t>(std::max(1, settings.lanes)));
  for (Lane& lane : painter->lanes_) {
    for (int batch = 1; batch <= painter->settings_.most; batch *= 2) {
      auto chain = chains ? chains(batch) : painter->networks_->pictures(batch);
      if (!chain) return chain.error();
      lane.push_back(std::move(*chain));
    }
    painter->free_.push_back(&lane);
  }
  return painter;
}

void Painter::join() {
  const std::lock_guard lock(mutex_);
  ++sessions_;
}
void Painter::leave() {
  const std::lock_guard lock(mutex_);
  --sessions_;
  is_making_room_ = false;
}
bool Painter::makes_room() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(is_making_room_, true);
}
Painter::Figures Painter::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

size_t Painter::waiting() const {
  return static_cast<size_t>(std::count_if(jobs_.begin(), jobs_.end(), [](const Job* j) { return !j->is_taken; }));
}

Result<void> Painter::draw(const Order& order) {
  Job job{&order, false, false, {}};
  std::unique_lock lock(mutex_);
  jobs_.push_back(&job);
  changed_.notify_all();
  while (!job.is_done) {
    if (job.is_taken || free_.empty() || is_alone_) {
      changed_.wait(lock);
      continue;
    }
    Lane* lane = free_.back();
    free_.pop_back();
    run(*lane, lock);
    free_.push_back(lane);
    changed_.notify_all();
  }
  std::erase(jobs_, &job);
  return job.result;
}

// Draws what waits, at most what one run takes; first waits a little for more, if more may come.
void Painter::run(Lane& lane, std::unique_lock<std::mutex>& lock) {
  const auto most = static_cast<size_t>(1) << (lane.size() - 1);
  if (most > 1) {
    changed_.wait_for(lock, settings_.patience,
                      [&] { return waiting() >= std::min(most, static_cast<size_t>(std::max(1, sessions_))); });
  }
  changed_.wait(lock, [this] { return !is_alone_; });
  // The largest run that is full.
  size_t size = most;
  while (size > 1 && size > waiting()) size /= 2;
  std::array<Job*, kMostInRun> taken{};
  std::array<Order, kMostInRun> orders{};
  size_t count = 0;
  for (Job* job : jobs_) {
    if (job->is_taken || count == size) continue;
    job->is_taken = true;
    taken[count] = job;
    orders[count++] = *job->order;
  }
  if (count == 0) return;
  CHECK(count == size);
  size_t index = 0;
  while (size_t{1} << index < count) ++index;
  ++running_;
  lock.unlock();
  const auto done = lane[index]->draw({orders.data(), count});
  lock.lock();
  --running_;
  ++figures_.runs;
  figures_.pictures += static_cast<int64_t>(count);
  for (size_t i = 0; i < count; ++i) taken[i]->result = done;
  if (!done && done.error().kind == ErrorKind::busy) run_alone(*lane[0], {taken.data(), count}, lock);
  for (size_t i = 0; i < count; ++i) taken[i]->is_done = true;
}

// Tries them again, one by one, when no other run takes memory.
void Painter::run_alone(Networks::PictureChain& chain, std::span<Job* const> jobs, std::unique_lock<std::mutex>& lock) {
  changed_.notify_all();  // this run is over: another may have waited for that
  changed_.wait(lock, [this] { return !is_alone_; });
  is_alone_ = true;
  changed_.wait(lock, [this] { return running_ == 0; });
  for (Job* job : jobs) {
    lock.unlock();
    job->result = chain.draw({job->order, 1});
    lock.lock();
    if (job->result || job->result.error().kind != ErrorKind::busy) continue;
    if (is_making_room_) {
      job->result = Error{ErrorKind::unavailable, "the card's memory is full until another session has ended"};
    }
    is_making_room_ = true;
  }
  is_alone_ = false;
  changed_.notify_all();
}

}  // namespace avatar::neural
