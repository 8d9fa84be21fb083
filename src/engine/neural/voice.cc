// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/voice.h"

#include <algorithm>
#include <utility>

namespace avatar::neural {

Voice::Voice(std::shared_ptr<Tasks> worker, std::unique_ptr<Speaker> speaker, std::chrono::milliseconds limit)
    : worker_(std::move(worker)), limit_(limit), speaker_(std::move(speaker)), ring_(kKept) {
  block_.reserve(kMostWaiting);
  waiting_.reserve(kMostWaiting);
}

void Voice::begin() {
  const std::lock_guard lock(mutex_);
  ++stretch_;
  is_open_ = true;
  is_behind_ = false;
  waiting_.clear();
  made_ = 0;
}

void Voice::end() {
  const std::lock_guard lock(mutex_);
  is_open_ = false;
  waiting_.clear();
}

void Voice::say(std::span<const float> sound, const Mood& mood) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_open_ || failure_) return;
    if (is_working_) said_meanwhile_ += sound.size();
    const auto most = static_cast<size_t>(limit_.count()) * (kHearingRate / 1000);
    if (most > 0 && said_meanwhile_ > most) {
      failure_ = Error{ErrorKind::internal,
                       "the speech networks did not answer for " + std::to_string(limit_.count()) + " ms"};
      return;
    }
    if (waiting_.size() + sound.size() > kMostWaiting) {
      is_behind_ = true;
      is_open_ = false;
      waiting_.clear();
      return;
    }
    waiting_.insert(waiting_.end(), sound.begin(), sound.end());
    mood_ = mood;
  }
  worker_->post(shared_from_this());
}

bool Voice::motion(int frame, Motion& out) {
  const std::lock_guard lock(mutex_);
  if (frame < 0 || frame >= made_ || frame < made_ - kKept) return false;
  out.now = ring_[static_cast<size_t>(frame % kKept)];
  out.first = first_;
  return true;
}

void Voice::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return (waiting_.empty() && !is_working_) || failure_; });
}

std::optional<Error> Voice::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Voice::try_again() {
  const std::lock_guard lock(mutex_);
  failure_.reset();
  is_behind_ = true;
  is_open_ = false;
  waiting_.clear();
}

void Voice::go_on() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty() && !failure_) {
    // A window at a time, so that motion is told as soon as it is made and others get their turn.
    const size_t n = std::min<size_t>(waiting_.size(), kHopSamples);
    block_.assign(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(n));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(n));
    const uint64_t stretch = stretch_;
    const Mood mood = mood_;
    is_working_ = true;
    said_meanwhile_ = 0;
    lock.unlock();

    Result<void> done;
    if (!is_prepared_) {
      done = speaker_->prepare();
      is_prepared_ = true;
    }
    if (stretch != speaking_) {
      speaker_->begin(stretch);
      speaking_ = stretch;
    }
    if (done) {
      done = speaker_->hear(block_, mood, [&](const MotionVector& motion) {
        const std::lock_guard told(mutex_);
        if (stretch != stretch_) return;  // another stretch began meanwhile
        first_ = speaker_->first();
        ring_[static_cast<size_t>(made_ % kKept)] = motion;
        ++made_;
      });
    }
    lock.lock();
    is_working_ = false;
    said_meanwhile_ = 0;
    if (!done && !failure_) failure_ = done.error();
    if (!waiting_.empty() && !failure_) {
      changed_.notify_all();
      lock.unlock();
      worker_->post(shared_from_this());  // behind the others
      return;
    }
  }
  changed_.notify_all();
}

}  // namespace avatar::neural
