// SPDX-License-Identifier: Apache-2.0
// Sound -> SpeechFrames, one each 10 ms, as a stream: what lips and emphasis are read from.
//
//   Features features;
//   performer.hear(features.hear(block));       // any block size, the whole session from its start, silence included
//
// Frame k is centred at k * 10 ms of what was heard, whatever filters lie between (they are symmetric and their delay
// is taken out), and is ready as soon as look_ahead() more has been heard. The frames do not depend, to the bit, on how
// the sound was cut into blocks. NaN and infinities count as 0, louder than full scale is clipped, a constant offset is
// removed. Allocates only when a block is longer than all before.
// Threads: one at a time. [tick]
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "speech/spectrum.h"
#include "types/media_time.h"
#include "types/speech_frame.h"

namespace avatar {

class Features final {
 public:
  Features();

  /// Sound beyond a frame's centre that the frame needs: half a window and half the filter, 13.5 ms.
  static constexpr MediaTime look_ahead() { return MediaTime::from_samples(kWindowHalf48 + kFilterHalf); }

  /// 48 kHz, mono. Answers the frames that became complete; they are valid until the next call.
  std::span<const SpeechFrame> hear(std::span<const float> sound);

 private:
  static constexpr int kDecimation = kSampleRate / Spectrum::kRate;          // 3
  static constexpr int kFilterHalf = 48;                                     // 48 kHz samples, 1 ms
  static constexpr int kWindowHalf48 = Spectrum::kWindow / 2 * kDecimation;  // 12.5 ms
  static constexpr int kStep = Spectrum::kRate * kSpeechFrameMs / 1000;      // 160 samples at 16 kHz
  static constexpr int kPitchRate = 8000;
  static constexpr int kShortestPeriod = 20, kLongestPeriod = 114;  // samples at 8 kHz: 400..70 Hz
  static constexpr int kPitchWindow = 160;                          // samples at 8 kHz, 20 ms
  /// The 16 kHz samples before a window's end that the pitch looks at: more than the window itself.
  static constexpr int kHistory = 2 * (kPitchWindow + kLongestPeriod) + 2;

  void hear_some(std::span<const float> sound);
  [[nodiscard]] SpeechFrame frame_ending_at(size_t end) const;
  static void find_pitch(std::span<const float, kHistory> sound, SpeechFrame& frame);

  Spectrum spectrum_;
  std::array<float, 2 * kFilterHalf + 1> filter_;
  float last_in_ = 0, last_out_ = 0;  // of the filter that removes the offset
  std::vector<float> sound48_;        // heard, not yet decimated, with the filter's length before it
  std::vector<float> sound16_;        // not yet in a frame, with kHistory before it
  size_t next_end_ = 0;               // in sound16_: one past the window of the next frame
  std::vector<SpeechFrame> frames_;
};

}  // namespace avatar
