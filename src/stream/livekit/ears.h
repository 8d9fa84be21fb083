// SPDX-License-Identifier: Apache-2.0
// Who listens to a room: the way from the agent's speech to the session that says it. The room calls, on its own
// thread; whoever owns the session implements it and reports back what was played (livekit_sink.h).
// An utterance is one turn of speech; ids count up, in the order of begin().
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace avatar {

class Ears {
 public:
  virtual ~Ears() = default;

  /// Somebody starts to speak, at this many samples a second. 0: nothing can be heard at this rate.
  virtual uint64_t begin(int sample_rate) = 0;

  /// Mono, [-1, 1], often much faster than it is spoken. False: too much waits, offer it again later.
  virtual bool hear(uint64_t utterance, std::span<const float> sound) = 0;

  /// No more comes of it.
  virtual void end(uint64_t utterance) = 0;

  /// Every utterance begun so far is over.
  virtual void interrupt() = 0;

  /// The avatar has left the room, for this reason. The last call.
  virtual void left(const Error& why) = 0;
};

}  // namespace avatar
