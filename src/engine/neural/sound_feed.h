// SPDX-License-Identifier: Apache-2.0
// The sound of overlapping moments becomes one stream at 16 kHz, and says when somebody speaks.
//
//   feed.take(moment);                       // what is new of its sound
//   while (feed.next_frame(frame)) ...       // 40 ms each, by number since the session's start; loud or not
//   feed.sound(from, to)                     // 16 kHz samples since the session's start
//
// Sound that never came (moments that were skipped) is silence. Keeps two seconds; allocates nothing after
// construction. Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/neural/hearing.h"
#include "types/moment.h"

namespace avatar::neural {

class SoundFeed final {
 public:
  SoundFeed();

  void take(const Moment& moment);

  struct HeardFrame {
    int64_t number = 0;
    bool is_loud = false;  ///< above -50 dB of full scale
  };
  [[nodiscard]] bool next_frame(HeardFrame& frame);

  /// One past the last sample.
  [[nodiscard]] int64_t end() const { return end_; }
  /// What is kept of [from, end()): the first sample's place is answered in `from`.
  [[nodiscard]] std::span<const float> sound_from(int64_t& from) const;

  /// What was taken from `time` on is taken again.
  void forget_from(MediaTime time);

  /// By how much sound at 48 kHz the stream lags: half its filter.
  static constexpr MediaTime delay() { return MediaTime::from_samples(kHalf); }

 private:
  static constexpr int kDecimation = kSampleRate / kHearingRate;  // 3
  static constexpr int kHalf = 48;                                // of the filter, 48 kHz samples: 1 ms
  static constexpr size_t kKept = 2 * kHearingRate;

  void add(std::span<const float> sound);

  std::vector<float> filter_;   // [2 kHalf + 1]
  std::vector<float> sound48_;  // from begin48_ on
  int64_t begin48_ = -kHalf;    // zeros lie before the start
  std::vector<float> sound16_;  // the last of [.., end_)
  int64_t end_ = 0;
  int64_t next_frame_ = 0;
};

}  // namespace avatar::neural
