// SPDX-License-Identifier: Apache-2.0
// Sound -> rows of what was said: one of 1,024 numbers for each frame of motion, by a HuBERT network (Hsu et al. 2021)
// that looks at overlapping windows.
//
//   Hearing hearing(network);            // asks the network once what silence is
//   hearing.hear(sound, on_row);         // 16 kHz mono, any block size; rows come in fives
//   hearing.begin();                     // another stretch of sound: zeros lie before it
//
//   window j:  [3200 j - 1920, 3200 j + 4560)   3 frames of past, 5 that are told, 2 of future, 80 samples overhang
//   its rows:  frames 5 j .. 5 j + 4
//
// A window of zeros costs nothing: its rows are known. Allocates nothing after construction.
// Threads: one at a time.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/neural/motion_vector.h"

namespace avatar::neural {

inline constexpr int kHearingRate = 16000;                                 ///< samples/s
inline constexpr int kFrameSamples = kHearingRate / kFramesPerSecond;      ///< 640
inline constexpr int kPastFrames = 3, kToldFrames = 5, kFutureFrames = 2;  ///< of a window
inline constexpr int kHopSamples = kToldFrames * kFrameSamples;            ///< 3,200
/// The network's convolutions reach 80 samples over the last of their 20 ms steps.
inline constexpr int kWindowSamples = (kPastFrames + kToldFrames + kFutureFrames) * kFrameSamples + 80;
inline constexpr int kWindowRows = 2 * (kPastFrames + kToldFrames + kFutureFrames);  ///< 20, 50 a second

using AudioRow = std::span<const float, kAudioNumbers>;

/// The network: kWindowSamples in, [kWindowRows][1024] out.
using HearWindow = std::function<Result<void>(std::span<const float> window, std::span<float> rows)>;

class Hearing final {
 public:
  using OnRow = std::function<Result<void>(AudioRow row)>;

  explicit Hearing(HearWindow network);

  /// Learns what silence is. Once, before anything else.
  Result<void> learn_silence();

  /// Forgets what was heard: the next sample is the first.
  void begin();
  Result<void> hear(std::span<const float> sound, const OnRow& on_row);

  /// Rows of endless silence, the five in turn.
  [[nodiscard]] AudioRow silence(int frame) const { return row(silence_, frame % kToldFrames); }

 private:
  using Rows = std::vector<float>;  // [kToldFrames][1024]
  [[nodiscard]] static AudioRow row(const Rows& rows, int index) {
    return AudioRow(&rows[static_cast<size_t>(index) * kAudioNumbers], kAudioNumbers);
  }
  Result<void> look(Rows& rows);

  HearWindow network_;
  std::vector<float> window_;
  size_t filled_ = 0;
  std::vector<float> raw_;  // [kWindowRows][1024]
  Rows rows_, silence_;
};

}  // namespace avatar::neural
