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
// in the queue at the first tick is played from time 0 on; speech that arrives later, look_ahead() after it came.
// Idle is not a mode: without speech the sound is silence and the performer goes on.
// The same speech at the same ticks gives the same pictures and sound, to the bit.
//
// Threads: a strand, one at a time but not always the same one; speech() from any thread. No allocation in a steady
// tick. Errors: of the avatar and the sink, with the time at which it happened; the session is over then.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
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
  int fps = 25;    ///< pictures a second: 25, 30, 50 or 60 (it divides 48,000)
  Performance performance;
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

  /// What is to be said. [any thread]
  [[nodiscard]] SpeechQueue& speech() { return speech_; }

  /// Makes the picture and the sound of one tick. [tick]
  Result<void> tick();

  /// The last tick was made: the sink completes what it writes. [tick]
  Result<void> finish();

  /// Start of the next tick. [tick]
  [[nodiscard]] MediaTime now() const { return now_; }
  [[nodiscard]] const StageTimes& times() const { return times_; }

  /// By how much sound is heard before it is played.
  [[nodiscard]] static constexpr MediaTime look_ahead() { return Performer::look_ahead() + Features::look_ahead(); }

 private:
  void listen();

  const MediaTime step_;
  std::unique_ptr<Avatar> avatar_;
  std::unique_ptr<Sink> sink_;
  const Clock& clock_;
  SpeechQueue speech_;
  Features features_;
  Performer performer_;
  Frame frame_;
  std::vector<float> heard_;  // one tick and look_ahead(), from now_ on
  size_t filled_ = 0;         // of heard_
  MediaTime now_;
  StageTimes times_;
};

}  // namespace avatar
