// SPDX-License-Identifier: Apache-2.0
#include "session/live_session.h"

#include <array>
#include <utility>

#include "base/log.h"

namespace avatar {
namespace {

double seconds(std::chrono::nanoseconds t) { return std::chrono::duration<double>(t).count(); }

Error over_error() { return {ErrorKind::not_found, "the session has ended; start another one with POST /sessions"}; }

}  // namespace

const char* name(Ending ending) {
  constexpr std::array kNames{"asked", "idle", "failed", "drained"};
  return kNames[static_cast<size_t>(ending)];
}

LiveSession::LiveSession(Parts parts, const Clock& clock, const SessionMetrics& metrics)
    : parts_(std::move(parts)),
      clock_(clock),
      metrics_(metrics),
      period_(std::chrono::nanoseconds(1'000'000'000 / parts_.fps)),
      born_(clock.now()),
      wanted_at_(born_) {
  parts_.session->on_speech([this](const SpeechEvent& e) { tell(e); });
}

Result<uint64_t> LiveSession::begin(Listener listener) {
  const std::lock_guard lock(mutex_);
  if (over_) return over_error();
  const uint64_t id = parts_.session->speech().begin();
  utterances_[id].listener = std::move(listener);
  return id;
}

Result<void> LiveSession::hear(uint64_t utterance, std::span<const float> sound) {
  {
    const std::lock_guard lock(mutex_);
    if (over_) return over_error();
    const auto it = utterances_.find(utterance);
    if (it != utterances_.end() && !it->second.heard_at && !sound.empty()) it->second.heard_at = clock_.now();
  }
  return parts_.session->speech().add(utterance, sound);
}

void LiveSession::end(uint64_t utterance) { parts_.session->speech().end(utterance); }

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

uint64_t LiveSession::on_over(std::function<void()> listener) {
  {
    const std::lock_guard lock(mutex_);
    if (!over_) {
      over_listeners_.emplace(++last_listener_, std::move(listener));
      return last_listener_;
    }
  }
  listener();
  return 0;
}

void LiveSession::forget(uint64_t listener) {
  const std::lock_guard lock(mutex_);
  over_listeners_.erase(listener);
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
  // A period late, the next picture is due already.
  const bool is_late = late >= period_;
  const StageTimes before = parts_.session->times();
  const auto done = parts_.session->tick(is_late ? Session::Picture::skip : Session::Picture::draw);
  metrics_.ticks.add();
  if (is_late) metrics_.ticks_late.add();
  if (!is_late) count(before);
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

bool LiveSession::is_idle_too_long() {
  const auto now = clock_.now();
  if (speaking_ || waiting() > MediaTime() || parts_.has_viewer()) wanted_at_ = now;
  if (now - wanted_at_ < parts_.patience) return false;
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
  Listener listener;
  {
    const std::lock_guard lock(mutex_);
    const auto it = utterances_.find(event.utterance);
    if (it == utterances_.end()) return;
    listener = it->second.listener;
    if (event.kind == SpeechEvent::Kind::started) {
      speaking_ = true;
      if (it->second.heard_at) metrics_.speech_to_sound.observe(seconds(clock_.now() - *it->second.heard_at));
    } else {
      speaking_ = false;
      if (event.interrupted && interrupted_at_) {
        metrics_.interrupt.observe(seconds(clock_.now() - *interrupted_at_));
        interrupted_at_.reset();
      }
      utterances_.erase(it);
    }
  }
  if (listener) listener(event);
}

// Nothing is heard after this; viewers and listeners are told.
void LiveSession::finish() {
  if (auto finished = parts_.session->finish(); !finished && ending_ != Ending::failed) {
    log(LogLevel::warning, "the way out did not close in order",
        {{"session", parts_.id}, {"why", finished.error().message}});
  }
  std::map<uint64_t, Utterance> unsaid;
  std::map<uint64_t, std::function<void()>> listeners;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    unsaid.swap(utterances_);
    listeners.swap(over_listeners_);
  }
  for (const auto& [id, utterance] : unsaid) {
    if (utterance.listener) utterance.listener({SpeechEvent::Kind::finished, id, {}, true});
  }
  for (const auto& [id, listener] : listeners) listener();
}

}  // namespace avatar
