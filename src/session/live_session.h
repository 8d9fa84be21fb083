// SPDX-License-Identifier: Apache-2.0
// A Session that lives by the clock: the metronome beats, anybody may speak, interrupt, watch or close, from any
// thread.
//
//   const uint64_t watcher = live->watch({.speech = [](const SpeechEvent& e) { ... }, .over = [] { ... }});
//   const auto utterance = live->begin();
//   live->hear(*utterance, sound);                 // busy: it waits already for more than it can hold
//   live->end(*utterance);
//   live->whep()->add_viewer(offer);
//   live->close(Ending::asked);                    // is over with the next beat
//
// It ends when it is closed, when nobody has watched or spoken for a while, or when a tick fails. Whoever holds it
// after that finds it over: speech is answered with not_found. Threads: [any thread] unless tagged otherwise. Listeners
// are called in ticks and must not wait or call back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "session/session.h"
#include "session/session_metrics.h"

namespace avatar {

class WhepSink;

enum class Ending : uint8_t { asked, idle, failed, drained };
[[nodiscard]] const char* name(Ending ending);

/// A live session ticks 100 or 120 times a second, pictures or not: sound that leaves every 10 ms is held less by its
/// receivers than sound that leaves every 20 or 40, pictures that are shown in step with it likewise, and speech and
/// interruptions wait less for their tick. fps: 25, 30, 50 or 60.
[[nodiscard]] constexpr int live_ticks_a_picture(int fps) { return fps < 50 ? 4 : 2; }

/// Of the session within: its ticks, and a reserve of one tick's sound and a packet of 20 ms that is late. fps:
/// pictures a second. look_ahead: of the engine. picture_lag: what the way out likes; an engine that hears for itself
/// has none.
[[nodiscard]] SessionSettings live_settings(FrameSize size, int fps, const Performance& performance,
                                            MediaTime look_ahead, MediaTime picture_lag);

class LiveSession final {
 public:
  struct Parts {
    std::string id;
    std::string avatar_id;  ///< of the preset; empty: a picture of its own
    FrameSize size;
    int fps = 25;             ///< pictures a second
    int ticks_a_picture = 1;  ///< the session's ticks a second are so many times that
    std::unique_ptr<Session> session;
    WhepSink* whep = nullptr;          ///< the session's sink, if that is what it is
    std::function<bool()> has_viewer;  ///< somebody watches
    /// Without viewer and speech it ends after this.
    std::chrono::nanoseconds patience{0};
  };
  struct Watcher {
    std::function<void(const SpeechEvent&)> speech;  ///< of every utterance, whoever began it
    std::function<void()> over;                      ///< once, the last call; during watch() if it is over already
    /// What mood is heard, twice a second; may be left out.
    std::function<void(const EmotionEstimate&)> emotion{};
  };

  LiveSession(Parts parts, const Clock& clock, const SessionMetrics& metrics);

  uint64_t watch(Watcher watcher);
  void forget(uint64_t watcher);

  /// Utterances that may be open at once: nobody speaks so many, and each costs a little.
  static constexpr size_t kMostUtterances = 32;

  /// A new utterance. not_found: the session is over; busy: too many are open.
  Result<uint64_t> begin();
  Result<void> hear(uint64_t utterance, std::span<const float> sound);
  void end(uint64_t utterance);
  /// It has not finished, nor was it interrupted.
  [[nodiscard]] bool is_open(uint64_t utterance) const;
  [[nodiscard]] MediaTime waiting() const { return parts_.session->speech().waiting(); }

  /// Every utterance begun so far is over; silent with the next beat.
  void interrupt();

  /// The first reason counts.
  void close(Ending why);

  [[nodiscard]] const std::string& id() const { return parts_.id; }
  [[nodiscard]] const std::string& avatar_id() const { return parts_.avatar_id; }
  [[nodiscard]] FrameSize size() const { return parts_.size; }
  [[nodiscard]] int fps() const { return parts_.fps; }
  [[nodiscard]] WhepSink* whep() const { return parts_.whep; }  ///< lives as long as this
  [[nodiscard]] std::chrono::nanoseconds age() const { return clock_.now() - born_; }
  [[nodiscard]] bool is_over() const { return over_; }
  [[nodiscard]] bool is_speaking() const { return speaking_; }
  /// Nobody has watched, and it had nothing to say, for so long.
  [[nodiscard]] bool is_unwanted_for(std::chrono::nanoseconds time) const;
  [[nodiscard]] Ending ending() const { return ending_; }  ///< once it is over
  [[nodiscard]] std::string failure() const;               ///< why a tick failed

  [[nodiscard]] std::chrono::nanoseconds period() const { return period_; }  ///< of the ticks

  /// One tick; answers whether there shall be more. Pictures are left out when they come a whole picture late; that of
  /// a mouth which begins to open comes before its turn, and the next ones follow it. [tick]
  bool beat(std::chrono::nanoseconds late);

 private:
  void tell(const SpeechEvent& event);
  void tell(const EmotionEstimate& estimate);
  void count(const StageTimes& before);
  void finish();
  [[nodiscard]] bool is_wanted() const;
  [[nodiscard]] bool is_idle_too_long();
  [[nodiscard]] bool is_picture_due();

  Parts parts_;
  const Clock& clock_;
  const SessionMetrics& metrics_;
  const std::chrono::nanoseconds period_;
  int to_picture_ = 0;  // ticks until one is due [tick]
  const std::chrono::nanoseconds born_;
  std::atomic<std::chrono::nanoseconds> wanted_at_;  // when somebody last watched or spoke; the tick writes it
  std::atomic<bool> closing_ = false;
  std::atomic<bool> over_ = false;
  std::atomic<bool> speaking_ = false;
  std::atomic<Ending> ending_ = Ending::asked;
  mutable std::mutex mutex_;  // of what follows
  std::map<uint64_t, Watcher> watchers_;
  uint64_t last_watcher_ = 0;
  std::map<uint64_t, std::optional<std::chrono::nanoseconds>> heard_at_;  // of each utterance not finished: its start
  std::optional<std::chrono::nanoseconds> interrupted_at_;
  std::string failure_;
};

}  // namespace avatar
