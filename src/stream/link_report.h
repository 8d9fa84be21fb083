// SPDX-License-Identifier: Apache-2.0
// What a viewer's feedback says of the way there: transport-cc (draft-holmer-rmcat-transport-wide-cc-extensions-01)
// tells for each packet whether and when it came. Reports of several feedbacks add up.
// Threads: values.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace avatar {

struct LinkReport {
  int packets = 0;                          ///< told of
  int lost = 0;                             ///< of those
  int64_t bytes_received = 0;               ///< of the packets that came
  std::chrono::nanoseconds span{0};         ///< in which they came
  std::chrono::nanoseconds queue_delay{0};  ///< how much longer than the fastest packets the middling ones took

  LinkReport& operator+=(const LinkReport& next) {
    packets += next.packets;
    lost += next.lost;
    bytes_received += next.bytes_received;
    span += next.span;
    queue_delay = std::max(queue_delay, next.queue_delay);
    return *this;
  }
};

/// How long packets wait in queues on the way: their time of travel less that of the fastest in the last 5 to 10 s.
/// The two clocks need not agree; a drift of 50 parts in a million is 0.5 ms in that time (the idea is that of LEDBAT's
/// base delay, RFC 6817, 3.4.2).
class QueueDelay final {
 public:
  using ns = std::chrono::nanoseconds;

  /// `travel` is arrival by the viewer's clock less departure by ours; `now` by ours.
  ns of(ns travel, ns now) {
    if (now - since_ > kBucket) {
      before_ = now - since_ > 2 * kBucket ? ns::max() : least_;
      least_ = ns::max();
      since_ = now;
    }
    least_ = std::min(least_, travel);
    return travel - std::min(least_, before_);
  }

 private:
  static constexpr ns kBucket = std::chrono::seconds(5);
  ns least_ = ns::max();   // of this bucket
  ns before_ = ns::max();  // of the one before
  ns since_{0};
};

}  // namespace avatar
