// SPDX-License-Identifier: Apache-2.0
// One talking avatar: speech goes in, a tick makes one picture and the sound under it, for the same stretch of time.
// They are born together, carry one MediaTime, and the sink only converts: that is the whole of lip-sync.
//
//   Session session(std::move(avatar), portrait->rest, settings, std::move(sink), clock);
//   const uint64_t id = session.speech().begin();
//   session.speech().add(id, sound);           // any thread, whenever there is some
//   while (...) session.tick();                // 25 times for each second of media
//   session.finish();
//
//   sound:   ---played---|<-- tick -->|<--- heard, not yet played --->|<--- in the speech queue
//                        now                                          now + one tick + look_ahead()
//
// The lips need to know a little of what comes, so sound is heard look_ahead() before it is played. Speech that waits
// in the queue at the first tick is played from time 0 on; speech that arrives later, look_ahead() after it came if it
// comes as it is spoken. What comes faster (a synthesiser's) begins sooner: its lips are known, so the silence that
// would be played before it is left out, but for the time that a mouth opens before its voice.
// Idle is not a mode: without speech the sound is silence and the performer goes on. Neither is live: a session that is
// ticked by the clock (session/metronome.h) differs in nothing but a reserve in its queue and ticks that come too late
// to draw. When the sound of an utterance comes too slowly, it fades, the avatar lives on, and goes on speaking when
// there is a reserve again.
// Interruption is a number: every utterance up to it is over. The next tick fades the sound, closes the mouth and drops
// what was heard ahead; a later utterance is not touched.
// The same speech at the same ticks gives the same pictures and sound, to the bit.
//
// Threads: a strand, one at a time but not always the same one; speech() and interrupt() from any thread. No allocation
// in a steady tick. Errors: of the avatar and the sink; the session is over then.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "motion/performer.h"
#include "speech/features.h"
#include "speech/speech_queue.h"
#include "stream/sink.h"
#include "types/image.h"
#include "types/media_time.h"

namespace avatar {

struct SessionSettings {
  FrameSize size;  ///< the avatar's
  int fps = 25;    ///< ticks a second: 25, 30, 50 or 60 (it divides 48,000); pictures too, unless some are skipped
  Performance performance;
  /// Live: how much of an utterance must wait before it begins. What is sent as it is spoken comes unevenly: one tick's
  /// sound and a packet of 20 ms that is late.
  MediaTime reserve{};
  MediaTime look_ahead{};  ///< how much sound the engine would like beyond a picture's time (Engine::look_ahead)
  /// Live: a tick's picture is that of so much before its sound. Receivers hold sound longer than pictures, and would
  /// hold the pictures back to meet it; sent so much later, they need less to be known ahead, and all is sooner.
  MediaTime picture_lag{};
};

/// What became of an utterance.
struct SpeechEvent {
  enum class Kind : uint8_t {
    started,   ///< its first sound leaves with this tick
    finished,  ///< its last sound has left, or it was interrupted
  };
  Kind kind = Kind::started;
  uint64_t utterance = 0;
  MediaTime position;        ///< how much of it was played
  bool interrupted = false;  ///< before its end
};

/// Wall time spent so far in each step of the ticks.
struct StageTimes {
  std::chrono::nanoseconds hear{0};     ///< features of the sound
  std::chrono::nanoseconds perform{0};  ///< the pose
  std::chrono::nanoseconds draw{0};
  std::chrono::nanoseconds send{0};  ///< in the sink, waiting for it included
};

class Session final {
 public:
  Session(std::unique_ptr<Avatar> avatar, const RestFace& rest, const SessionSettings& settings,
          std::unique_ptr<Sink> sink, const Clock& clock);

  /// Is called during ticks and must not wait. [start]
  void on_speech(std::function<void(const SpeechEvent&)> listener) { listener_ = std::move(listener); }

  /// What mood is heard in the voice: twice a second of media, look_ahead() before it is played. Is called during ticks
  /// and must not wait. [start]
  void on_emotion(std::function<void(const EmotionEstimate&)> listener) { emotion_listener_ = std::move(listener); }

  /// What is to be said. [any thread]
  [[nodiscard]] SpeechQueue& speech() { return speech_; }

  /// Every utterance begun so far is over. [any thread]
  void interrupt();

  enum class Picture : uint8_t {
    draw,
    skip,  ///< none is due, or it is too late to draw: the sound goes out, the viewer keeps the last picture
  };
  /// Makes the picture and the sound of one tick. [tick]
  Result<void> tick(Picture picture = Picture::draw);

  /// The last tick was made: the sink completes what it writes. [tick]
  Result<void> finish();

  /// Start of the next tick. [tick]
  [[nodiscard]] MediaTime now() const { return now_; }
  [[nodiscard]] const StageTimes& times() const { return times_; }
  /// From the time of the next tick's picture to the first sound of what is to be said, as far as it was heard; none
  /// while something is said. [tick]
  [[nodiscard]] std::optional<MediaTime> until_speech() const;

  /// By how much sound is heard before it is played, at least; more when the engine would like more.
  [[nodiscard]] static constexpr MediaTime look_ahead() { return Performer::look_ahead() + Features::look_ahead(); }

 private:
  // Consecutive sound of one utterance, or silence.
  struct Stretch {
    uint64_t utterance = 0;  // 0: silence
    size_t samples = 0;
    bool is_last = false;  // the utterance ends with it
  };

  void listen();
  int hurry();
  void append(uint64_t utterance, size_t samples, bool is_last);
  void obey_interruption();
  void perform(std::span<const SpeechFrame> frames);
  void tell_emotion();
  void leave(size_t samples);
  void drop(size_t samples);
  [[nodiscard]] MediaTime picture_time() const { return std::max(now_ - lag_, MediaTime()); }
  void finish_utterance(uint64_t utterance, bool interrupted);

  const MediaTime step_;
  const MediaTime lag_;    // of pictures behind their sound
  const MediaTime ahead_;  // by how much sound is heard before it is played
  const bool may_hurry_;   // the engine hears only through the performer
  std::unique_ptr<Avatar> avatar_;
  std::unique_ptr<Sink> sink_;
  const Clock& clock_;
  std::function<void(const SpeechEvent&)> listener_;
  std::function<void(const EmotionEstimate&)> emotion_listener_;
  MediaTime emotion_told_;  // time of the last estimate that was told
  SpeechQueue speech_;
  std::atomic<uint64_t> interrupted_ = 0;  // utterances up to this one are over
  uint32_t cuts_ = 0;                      // interruptions obeyed
  uint64_t obeyed_ = 0;                    // the last value of interrupted_ that a tick has obeyed
  Features features_;
  Performer performer_;
  int deaf_frames_ = 0;  // frames to come that still hold interrupted sound
  Frame frame_;
  std::vector<float> heard_;    // one tick and ahead_, from now_ on
  size_t filled_ = 0;           // of heard_
  std::vector<Stretch> whose_;  // heard_[0, filled_), from its start
  bool is_dry_ = false;         // the utterance at the end of heard_ waits for more sound
  uint64_t speaking_ = 0;       // the last utterance that started
  MediaTime played_;            // of it
  uint64_t finished_ = 0;       // utterances up to this one have finished
  MediaTime now_;
  StageTimes times_;
};

}  // namespace avatar
