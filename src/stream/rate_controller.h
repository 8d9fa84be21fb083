// SPDX-License-Identifier: Apache-2.0
// What bit rate a viewer's link carries, from what its feedback says. Two signs of too much: packets wait in a queue on
// the way (the rate falls below what arrives, so that the queue drains), or many are lost (it falls with the loss).
// Without either it rises slowly.
//
//   RateController rate(2'000'000);
//   rate.hear(report, elapsed);        // some times a second
//   encoder.set_bitrate(rate.target_bps());
//
// The steps are those of draft-ietf-rmcat-gcc-02 (5.5, 6), with the plain queueing delay in place of its trend: the
// stream is small and mostly limited by the picture, so trends of a few packets are noise.
// Known weakness: a link shared with a flow that fills its queue (bulk TCP) pushes us to the floor.
// Threads: a value.
#pragma once

#include <chrono>

#include "stream/link_report.h"

namespace avatar {

class RateController final {
 public:
  static constexpr int kFloorBps = 250'000;  ///< below it a face of 512x512 is mush
  static constexpr int kStartBps = 1'000'000;

  explicit RateController(int cap_bps);

  /// What came since the last time, which is `elapsed` ago. A report without packets says nothing.
  void hear(const LinkReport& report, std::chrono::nanoseconds elapsed);

  [[nodiscard]] int target_bps() const { return static_cast<int>(target_bps_); }

 private:
  double cap_bps_;
  double target_bps_;
  double loss_ = 0;                   // smoothed, 0..1
  std::chrono::nanoseconds calm_{0};  // no second cut before it is over: the first must arrive
};

}  // namespace avatar
