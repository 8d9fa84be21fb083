// SPDX-License-Identifier: Apache-2.0
#include "session/live_session.h"

#include <array>
#include <utility>

#include "base/log.h"

namespace avatar {
namespace {

double seconds(std::chrono::nanoseconds t) { return std::chrono::duration<double>(t).count(); }

// Before its first sound a mouth is seen to open from here on (motion/lips.h).
constexpr MediaTime kOpens = MediaTime::from_ms(30);

Error over_error() { return {ErrorKind::not_found, "the session has ended; start another one with POST /sessions"}; }

}  // namespace

const char* name(Ending ending) {
  constexpr std::array kNames{"asked", "idle", "failed", "drained"};
  return kNames[static_cast<size_t>(ending)];
}

SessionSettings live_settings(FrameSize size, int fps, const Performance& performance, MediaTime look_ahead,
                              MediaTime picture_lag) {
  return {size,        fps * live_ticks_a_picture(fps),
          performance, MediaTime::from_ms(30),
          look_ahead,  look_ahead == MediaTime() ? picture_lag : MediaTime()};
}

LiveSession::LiveSession(Parts parts, const Clock& clock, const SessionMetrics& metrics)
    : parts_(std::move(parts)),
      clock_(clock),
      metrics_(metrics),
      period_(std::chrono::nanoseconds(1'000'000'000 / (parts_.fps * parts_.ticks_a_picture))),
      born_(clock.now()),
      wanted_at_(born_) {
  parts_.session->on_speech([this](const SpeechEvent& e) { tell(e); });
  parts_.session->on_emotion([this](const EmotionEstimate& e) { tell(e); });
}

uint64_t LiveSession::watch(Watcher watcher) {
  const std::lock_guard lock(mutex_);
  if (over_) {
    watcher.over();
  } else {
    watchers_.emplace(++last_watcher_, std::move(watcher));
  }
  return last_watcher_;
}

void LiveSession::forget(uint64_t watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.erase(watcher);
}

Result<uint64_t> LiveSession::begin() {
  const std::lock_guard lock(mutex_);
  if (over_) return over_error();
  if (heard_at_.size() >= kMostUtterances) {
    return Error{ErrorKind::busy, "too many utterances wait to be spoken; send longer ones, or wait for \"finished\""};
  }
  const uint64_t id = parts_.session->speech().begin();
  heard_at_.emplace(id, std::nullopt);
  return id;
}

Result<void> LiveSession::hear(uint64_t utterance, std::span<const float> sound) {
  {
    const std::lock_guard lock(mutex_);
    if (over_) return over_error();
    const auto it = heard_at_.find(utterance);
    if (it != heard_at_.end() && !it->second && !sound.empty()) it->second = clock_.now();
  }
  return parts_.session->speech().add(utterance, sound);
}

void LiveSession::end(uint64_t utterance) { parts_.session->speech().end(utterance); }

bool LiveSession::is_open(uint64_t utterance) const {
  const std::lock_guard lock(mutex_);
  return !over_ && heard_at_.contains(utterance);
}

void LiveSession::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    if (!interrupted_at_) interrupted_at_ = clock_.now();
  }
  parts_.session->interrupt();
}

void LiveSession::close(Ending why) {
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  ending_ = why;
  closing_ = true;
}

std::string LiveSession::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool LiveSession::beat(std::chrono::nanoseconds late) {
  const auto began = clock_.now();
  if (closing_ || is_idle_too_long()) {
    finish();
    return false;
  }
  const bool is_due = is_picture_due();
  const bool is_late = is_due && late >= period_ * parts_.ticks_a_picture;  // the next picture is due already
  const StageTimes before = parts_.session->times();
  const auto done = parts_.session->tick(is_due && !is_late ? Session::Picture::draw : Session::Picture::skip);
  if (is_due) metrics_.ticks.add();
  if (is_late) metrics_.ticks_late.add();
  if (is_due && !is_late) count(before);
  if (!done && done.error().kind == ErrorKind::cancelled) {  // its sink has gone: somebody asked it to
    close(Ending::asked);
    finish();
    return false;
  }
  if (!done) {
    close(Ending::failed);
    {
      const std::lock_guard lock(mutex_);
      failure_ = done.error().message;
    }
    finish();
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (interrupted_at_ < began) interrupted_at_.reset();  // nobody spoke
  return true;
}

bool LiveSession::is_picture_due() {
  const auto until = parts_.session->until_speech();
  const auto tick = MediaTime::of_picture(1, parts_.fps * parts_.ticks_a_picture);
  const bool opens = until && *until <= kOpens && *until > kOpens - tick;
  const bool is_due = to_picture_ == 0 || opens;
  to_picture_ = is_due ? parts_.ticks_a_picture - 1 : to_picture_ - 1;
  return is_due;
}

bool LiveSession::is_wanted() const { return speaking_ || waiting() > MediaTime() || parts_.has_viewer(); }

bool LiveSession::is_unwanted_for(std::chrono::nanoseconds time) const {
  return !is_wanted() && clock_.now() - wanted_at_.load() >= time;
}

bool LiveSession::is_idle_too_long() {
  if (is_wanted()) wanted_at_ = clock_.now();
  if (!is_unwanted_for(parts_.patience)) return false;
  close(Ending::idle);
  return true;
}

void LiveSession::count(const StageTimes& before) {
  const StageTimes& t = parts_.session->times();
  metrics_.hear.observe(seconds(t.hear - before.hear));
  metrics_.perform.observe(seconds(t.perform - before.perform));
  metrics_.draw.observe(seconds(t.draw - before.draw));
  metrics_.send.observe(seconds(t.send - before.send));
}

void LiveSession::tell(const SpeechEvent& event) {
  const std::lock_guard lock(mutex_);
  const auto it = heard_at_.find(event.utterance);
  if (event.kind == SpeechEvent::Kind::started) {
    speaking_ = true;
    if (it != heard_at_.end() && it->second) metrics_.speech_to_sound.observe(seconds(clock_.now() - *it->second));
  } else {
    speaking_ = false;
    if (event.interrupted && interrupted_at_) {
      metrics_.interrupt.observe(seconds(clock_.now() - *interrupted_at_));
      interrupted_at_.reset();
    }
    if (it != heard_at_.end()) heard_at_.erase(it);
  }
  for (const auto& [id, watcher] : watchers_) watcher.speech(event);
}

void LiveSession::tell(const EmotionEstimate& estimate) {
  if (estimate.spoken) metrics_.heard(likeliest(estimate.mood)).add();
  const std::lock_guard lock(mutex_);
  for (const auto& [id, watcher] : watchers_) {
    if (watcher.emotion) watcher.emotion(estimate);
  }
}

// Nothing is heard after this; viewers and watchers are told.
void LiveSession::finish() {
  if (auto finished = parts_.session->finish(); !finished && ending_ != Ending::failed) {
    log(LogLevel::warning, "the way out did not close in order",
        {{"session", parts_.id}, {"why", finished.error().message}});
  }
  const std::lock_guard lock(mutex_);
  over_ = true;
  for (const auto& [id, watcher] : watchers_) watcher.over();
  watchers_.clear();
}

}  // namespace avatar
