// SPDX-License-Identifier: Apache-2.0
// What the lips' network sees of a frame: the spectrum against the speaker's own level, so that a whisper into a
// distant microphone and a shout look alike. The same code feeds the training (training/lips). Threads: one at a
// time. [tick] No allocation.
#pragma once

#include <array>
#include <cstddef>

#include "types/speech_frame.h"

namespace avatar {

class LipsInput final {
 public:
  static constexpr size_t kSize = kMelBands + 1;
  using Values = std::array<float, kSize>;  ///< the mel bands, low to high; voicing. About -2..1.5

  [[nodiscard]] static Values silence();

  /// The next frame of the session.
  Values hear(const SpeechFrame& frame);

 private:
  float loud_db_ = -60;  // the speaker's loud moments in the last seconds
};

}  // namespace avatar
