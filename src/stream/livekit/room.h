// SPDX-License-Identifier: Apache-2.0
// The avatar as a participant of a LiveKit room: it joins with the token it was given, publishes its picture and its
// voice, hears what its agent wants said, and tells the agent what was played (the contract of LiveKit's agents).
//
//   auto room = Room::make(ffi, settings);
//   room->join(ears);                                // answers at once; joining goes on in the background
//   room->show(frame, time_us); room->play(sound);   // from the first moment on: idle pictures, silence
//   room->started(utterance); room->finished(utterance, position, interrupted);
//   room->leave();                                   // ears.left() is called, also when the room ends by itself
//
// The agent is the participant that our own attribute lk.publish_on_behalf names, else the first agent that speaks for
// nobody else. Others are not listened to. The room ends, with one reason: when no agent comes in time; when the agent
// leaves and does not come back; when the server removes us, closes the room or lets somebody else take our identity;
// when the connection is lost for good (the library tries again for a while). We never come back by ourselves.
// The token and the attributes of participants are secrets: they are in no log and no error.
//
// Threads: one of the room's own, which calls the Ears; show and play from one thread at a time; the rest [any thread].
// The destructor leaves, and waits for that: some ms; 2 s when the server does not answer; while we still join, until
// that has succeeded or failed (20 s at most).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "stream/livekit/ears.h"
#include "types/image.h"
#include "types/media_time.h"

namespace avatar {

class Ffi;

struct RoomSettings {
  std::string url;    ///< ws://, wss://, http:// or https://
  std::string token;  ///< passed on as it is
  std::string name;   ///< of the room, for the log
  int width = 512;    ///< px, of the pictures
  int height = 512;
  int fps = 25;
  int64_t max_bitrate = 2'000'000;  ///< bit/s, of the pictures
  bool simulcast = false;
  bool h264 = false;  ///< instead of VP8: a quarter less work, but see docs/livekit.md, "A line that loses"
  std::chrono::milliseconds agent_wait{60'000};  ///< how long we stay without an agent
  std::chrono::milliseconds agent_grace{8'000};  ///< how long a lost agent may take to come back
  std::chrono::milliseconds join_timeout{10'000};
};

class Room final {
 public:
  /// unavailable: the library cannot make our tracks.
  static Result<std::unique_ptr<Room>> make(std::shared_ptr<Ffi> ffi, const RoomSettings& settings);
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  /// Once. The ears outlive the room. That it cannot be joined is told to ears.left().
  void join(Ears& ears);

  /// `time_us`: when it is to be seen, on the steady clock. Size as in the settings.
  void show(const Frame& frame, int64_t time_us);
  /// The next 10 ms: 480 samples.
  void play(std::span<const int16_t> sound);

  /// The first sound of an utterance goes out now.
  void started(uint64_t utterance);
  /// Its last sound has gone out, or it was interrupted; so much of it was played.
  void finished(uint64_t utterance, MediaTime position, bool interrupted);

  /// The library cannot stop joining: who leaves meanwhile waits for it, or would turn up in the room later on.
  void leave();
  /// Leaves without waiting for that: the program ends, and the library with it.
  void abandon();
  /// Until ears.left() has returned; at once if it was never joined. Not from the ears.
  void wait();

  /// The room has ended, or will in a moment.
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  class Stay;  // what the room's thread does
  Room() = default;

  std::atomic<bool> over_ = false;
  std::unique_ptr<Stay> stay_;
};

}  // namespace avatar
