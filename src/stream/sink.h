// SPDX-License-Identifier: Apache-2.0
// The narrow waist for sending: pictures and sound with a time go in, and leave as a file, a pipe or a peer. Everything
// above (session) knows only this; every way out is only this. Encoders are a detail of the sinks that need them.
//
//   while (...) {
//     sink.show(frame, t);        // the picture that is seen from t on
//     sink.play(sound, t);        // the sound under it
//   }
//   sink.finish();                // the file is complete now; without it there is no file
//
// The first failure is final: later calls may fail with anything, and finish() must not be called. A sink that is
// destroyed unfinished leaves nothing behind.
// Threads: one at a time; the calls may come from different threads. [tick] throughout.
// Ownership: arguments are borrowed for the length of the call.
#pragma once

#include <span>

#include "base/result.h"
#include "types/image.h"
#include "types/media_time.h"

namespace avatar {

class Sink {
 public:
  virtual ~Sink() = default;

  /// Pictures come in order, a whole number of them each second, all of one size; the first at time 0.
  virtual Result<void> show(const Frame& frame, MediaTime time) = 0;

  /// Sound is mono, 48 kHz, [-1, 1], without gaps from time 0 on.
  virtual Result<void> play(std::span<const float> sound, MediaTime time) = 0;

  /// No more will come. Waits until everything is written.
  virtual Result<void> finish() = 0;
};

}  // namespace avatar
