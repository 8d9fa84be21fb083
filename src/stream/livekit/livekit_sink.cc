// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/livekit_sink.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace avatar {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStep = std::chrono::milliseconds(10);
// Sound leaves so much after its tick: what a tick may be late without a gap.
constexpr auto kLead = std::chrono::milliseconds(10);
// After the machine slept, steps start anew instead of catching up.
constexpr auto kGiveUp = std::chrono::milliseconds(200);

Error over() { return {ErrorKind::cancelled, "the avatar has left the room"}; }

}  // namespace

LivekitSink::LivekitSink(std::shared_ptr<Room> room) : room_(std::move(room)), thread_([this] { work(); }) {}

LivekitSink::~LivekitSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<void> LivekitSink::show(const Frame& frame, MediaTime time) {
  if (room_->is_over()) return over();
  const std::lock_guard lock(mutex_);
  pace_.add(frame, time);
  return {};
}

Result<void> LivekitSink::play(std::span<const float> sound, MediaTime time) {
  if (room_->is_over()) return over();
  {
    const std::lock_guard lock(mutex_);
    pace_.add(sound, time);
    last_block_ = MediaTime::from_samples(static_cast<int64_t>(sound.size()));
    added_ = time + last_block_;
    if (begun_) return {};
    begun_ = true;
  }
  changed_.notify_all();
  return {};
}

Result<void> LivekitSink::finish() {
  room_->leave();
  return {};
}

// A tick that runs now may still bring a block of it, and the next one its end.
void LivekitSink::hush() {
  const std::lock_guard lock(mutex_);
  hushed_at_ = pace_.sent();
  pace_.mute(added_ + last_block_ + last_block_);
}

void LivekitSink::started(uint64_t utterance) {
  const std::lock_guard lock(mutex_);
  reports_.push_back({utterance, {}, true, false, added_ - last_block_ + MediaTime::from_ms(10)});
}

void LivekitSink::finished(uint64_t utterance, MediaTime position, bool interrupted) {
  const std::lock_guard lock(mutex_);
  // The session counts what it gave; what was muted was not heard.
  const bool was_hushed = interrupted && added_ <= pace_.muted_until();
  if (was_hushed) position = std::max(MediaTime(), position - (added_ - hushed_at_));
  reports_.push_back({utterance, position, false, interrupted, added_});
}

void LivekitSink::work() {
  std::array<int16_t, Pace::kStep> sound{};
  Frame picture;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return begun_ || closing_; });
  for (auto due = Clock::now() + kLead; !closing_; due += kStep) {
    if (Clock::now() - due > kGiveUp) due = Clock::now();
    changed_.wait_until(lock, due, [&] { return closing_; });
    if (closing_) break;
    const Frame* next = nullptr;
    pace_.step(sound, &next);
    if (next != nullptr) picture = *next;
    std::deque<Report> reports;
    while (!reports_.empty() && reports_.front().due <= pace_.sent()) {
      reports.push_back(reports_.front());
      reports_.pop_front();
    }
    lock.unlock();
    room_->play(sound);  // first: a viewer holds sound for as long as it comes unevenly
    if (next != nullptr) {
      room_->show(picture, std::chrono::duration_cast<std::chrono::microseconds>(due.time_since_epoch()).count());
    }
    for (const Report& report : reports) {
      if (report.started) {
        room_->started(report.utterance);
      } else {
        room_->finished(report.utterance, report.position, report.interrupted);
      }
    }
    lock.lock();
  }
}

}  // namespace avatar
