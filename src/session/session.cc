// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include <algorithm>
#include <span>
#include <utility>

namespace avatar {
namespace {

// Wall time from one question to the next.
class StopWatch {
 public:
  explicit StopWatch(const Clock& clock) : clock_(clock), last_(clock.now()) {}
  void add_to(std::chrono::nanoseconds& total) {
    const auto now = clock_.now();
    total += now - last_;
    last_ = now;
  }

 private:
  const Clock& clock_;
  std::chrono::nanoseconds last_;
};

}  // namespace

Session::Session(std::unique_ptr<Avatar> avatar, const RestFace& rest, const SessionSettings& settings,
                 std::unique_ptr<Sink> sink, const Clock& clock)
    : step_(MediaTime::of_picture(1, settings.fps)),
      avatar_(std::move(avatar)),
      sink_(std::move(sink)),
      clock_(clock),
      performer_(settings.performance, rest),
      frame_(settings.size.width, settings.size.height),
      heard_(static_cast<size_t>((step_ + look_ahead()).samples)) {
  CHECK(kSampleRate % settings.fps == 0);
}

Result<void> Session::tick() {
  StopWatch watch(clock_);
  listen();
  watch.add_to(times_.hear);
  const Moment moment = performer_.at(now_);
  watch.add_to(times_.perform);
  auto done = avatar_->draw(moment, frame_);
  watch.add_to(times_.draw);
  if (done) done = sink_->show(frame_, now_);
  if (done) done = sink_->play({heard_.data(), static_cast<size_t>(step_.samples)}, now_);
  watch.add_to(times_.send);
  if (!done) return done;
  std::copy(heard_.begin() + step_.samples, heard_.end(), heard_.begin());
  filled_ -= static_cast<size_t>(step_.samples);
  now_ = now_ + step_;
  return {};
}

// Fills heard_ with what the queue has, then silence, and lets the performer hear the new part.
void Session::listen() {
  const size_t from = filled_;
  while (filled_ < heard_.size()) {
    const auto taken = speech_.take(std::span(heard_).subspan(filled_));
    if (taken.utterance == 0) break;
    filled_ += taken.samples;
  }
  std::fill(heard_.begin() + static_cast<std::ptrdiff_t>(filled_), heard_.end(), 0.0F);
  filled_ = heard_.size();
  performer_.hear(features_.hear(std::span(heard_).subspan(from)));
}

Result<void> Session::finish() {
  StopWatch watch(clock_);
  auto done = sink_->finish();
  watch.add_to(times_.send);
  return done;
}

}  // namespace avatar
