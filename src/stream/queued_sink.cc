// SPDX-License-Identifier: Apache-2.0
#include "stream/queued_sink.h"

#include <utility>

namespace avatar {

QueuedSink::QueuedSink(std::unique_ptr<Sink> inner, const Clock& clock)
    : inner_(std::move(inner)), clock_(clock), thread_([this] { work(); }) {}

QueuedSink::~QueuedSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (!failure_) failure_ = Error{ErrorKind::cancelled, "given up"};  // what still waits is not worth its time
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<void> QueuedSink::show(const Frame& frame, MediaTime time) { return put(time, &frame, {}); }

Result<void> QueuedSink::play(std::span<const float> sound, MediaTime time) { return put(time, nullptr, sound); }

Result<void> QueuedSink::put(MediaTime time, const Frame* frame, std::span<const float> sound) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failure_ || put_ - taken_ < kItems; });
  if (failure_) return *failure_;
  lock.unlock();  // this slot is nobody's until put_ counts it
  Item& item = ring_[put_ % kItems];
  item.time = time;
  item.is_picture = frame != nullptr;
  if (frame != nullptr) item.frame = *frame;
  item.sound.assign(sound.begin(), sound.end());
  lock.lock();
  ++put_;
  lock.unlock();
  changed_.notify_all();
  return {};
}

void QueuedSink::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return failure_ || closing_ || taken_ < put_; });
    if (failure_ || taken_ == put_) return;
    const Item& item = ring_[taken_ % kItems];
    lock.unlock();
    const auto start = clock_.now();
    auto done = item.is_picture ? inner_->show(item.frame, item.time) : inner_->play(item.sound, item.time);
    busy_ += clock_.now() - start;
    lock.lock();
    if (!done) failure_ = done.error();
    ++taken_;
    changed_.notify_all();
  }
}

Result<void> QueuedSink::finish() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (failure_) return *failure_;
  const auto start = clock_.now();
  auto done = inner_->finish();
  busy_ += clock_.now() - start;
  return done;
}

}  // namespace avatar
