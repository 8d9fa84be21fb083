// SPDX-License-Identifier: Apache-2.0
// The way out of a session into a LiveKit room: pictures and sound leave on a clock of our own, every 10 ms, each
// picture kPictureLag after the sound of its time. So interruptions are heard at once, and what the room is told was
// played has really gone out.
//
//   auto sink = std::make_unique<LivekitSink>(room);
//   session.on_speech(... sink->started(id) / sink->finished(id, position, interrupted) ...);
//
// Threads: as stream/sink.h; started and finished [tick]. One thread of its own; its lock is held for a copy.
// Errors: show and play fail when the room is over.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "stream/livekit/pace.h"
#include "stream/livekit/room.h"
#include "stream/sink.h"

namespace avatar {

class LivekitSink final : public Sink {
 public:
  /// Viewers hold sound longer than pictures, by so much (docs/livekit.md, "In step"): they meet there.
  static constexpr MediaTime kPictureLag = MediaTime::from_ms(60);

  explicit LivekitSink(std::shared_ptr<Room> room);
  ~LivekitSink() override;
  LivekitSink(const LivekitSink&) = delete;
  LivekitSink& operator=(const LivekitSink&) = delete;

  Result<void> show(const Frame& frame, MediaTime time) override;
  Result<void> play(std::span<const float> sound, MediaTime time) override;
  /// The room is left, in a moment; what has not gone out by then is dropped. Does not wait.
  Result<void> finish() override;

  /// What is being said is over: nothing more of it is heard, though the session has yet to notice, with its next tick.
  /// [any thread]
  void hush();

  /// The utterance's first sound is in the sound that was given last.
  void started(uint64_t utterance);
  /// Its last sound was. The room is told when it has left.
  void finished(uint64_t utterance, MediaTime position, bool interrupted);

 private:
  struct Report {
    uint64_t utterance = 0;
    MediaTime position;
    bool started = false;
    bool interrupted = false;
    MediaTime due;
  };
  void work();

  const std::shared_ptr<Room> room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Pace pace_{kPictureLag};
  MediaTime added_, last_block_, hushed_at_;
  std::deque<Report> reports_;
  bool begun_ = false, closing_ = false;
  std::thread thread_;
};

}  // namespace avatar
