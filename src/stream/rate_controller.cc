// SPDX-License-Identifier: Apache-2.0
#include "stream/rate_controller.h"

#include <algorithm>

namespace avatar {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTooLong{80};  // waiting: two pictures at 25 a second; a key picture alone does not reach it
constexpr milliseconds kShort{30};    // nearly nothing
constexpr milliseconds kCalm{500};    // after a cut, until its effect is seen
constexpr double kCut = 0.85;         // of what arrives
constexpr double kMuchLoss = 0.10;    // loss-based part: falls above this,
constexpr double kLittleLoss = 0.02;  // rises below this
constexpr double kRisePerSecond = 0.08;
constexpr double kLossMemory = 0.7;  // of one report to the next

}  // namespace

RateController::RateController(int cap_bps)
    : cap_bps_(std::max(cap_bps, kFloorBps)), target_bps_(std::min<double>(kStartBps, cap_bps_)) {}

void RateController::hear(const LinkReport& report, std::chrono::nanoseconds elapsed) {
  calm_ = std::max(calm_ - elapsed, std::chrono::nanoseconds(0));
  if (report.packets == 0) return;
  loss_ = kLossMemory * loss_ + (1 - kLossMemory) * report.lost / report.packets;
  if (report.queue_delay > kTooLong) {
    if (calm_.count() == 0 && report.span.count() > 0) {
      const double arrived =
          static_cast<double>(report.bytes_received) * 8 / std::chrono::duration<double>(report.span).count();
      target_bps_ = kCut * std::min(arrived, target_bps_);
      calm_ = kCalm;
    }
  } else if (loss_ > kMuchLoss) {
    if (calm_.count() == 0) {
      target_bps_ *= 1 - 0.5 * loss_;
      calm_ = kCalm;
    }
  } else if (loss_ < kLittleLoss && report.queue_delay < kShort) {
    target_bps_ *= 1 + kRisePerSecond * std::chrono::duration<double>(elapsed).count();
  }
  target_bps_ = std::clamp<double>(target_bps_, kFloorBps, cap_bps_);
}

}  // namespace avatar
