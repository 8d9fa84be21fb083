// SPDX-License-Identifier: Apache-2.0
#include "stream/rate_controller.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace avatar {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kStep{250};
constexpr int kCap = 2'000'000;

// A link with a queue before it, which holds one second; what does not fit is lost.
struct Link {
  double bps;
  double queue_bits = 0;

  LinkReport carry(double sent_bps) {
    const double seconds = std::chrono::duration<double>(kStep).count();
    const double sent = sent_bps * seconds;
    queue_bits += sent;
    const double carried = std::min(queue_bits, bps * seconds);
    queue_bits -= carried;
    const double over = std::max(queue_bits - bps, 0.0);
    queue_bits -= over;
    LinkReport report;
    report.packets = static_cast<int>(sent / 8 / 1000) + 1;
    report.lost = static_cast<int>(report.packets * over / sent);
    report.bytes_received = static_cast<int64_t>(carried / 8);
    report.span = kStep;
    report.queue_delay = duration_cast<nanoseconds>(std::chrono::duration<double>(queue_bits / bps));
    return report;
  }
};

TEST(RateController, rises_to_the_cap_on_a_good_link) {
  RateController rate(kCap);
  Link link{10e6};
  for (int i = 0; i < 60; ++i) rate.hear(link.carry(rate.target_bps()), kStep);  // 15 s: 1.08^15 = 3.2
  EXPECT_EQ(rate.target_bps(), kCap);
}

TEST(RateController, settles_below_what_a_narrow_link_carries) {
  RateController rate(kCap);
  Link link{600e3};
  for (int i = 0; i < 20; ++i) rate.hear(link.carry(rate.target_bps()), kStep);
  double sum = 0, worst_delay = 0;
  for (int i = 0; i < 200; ++i) {
    const LinkReport report = link.carry(rate.target_bps());
    rate.hear(report, kStep);
    sum += rate.target_bps();
    worst_delay = std::max(worst_delay, std::chrono::duration<double>(report.queue_delay).count());
  }
  EXPECT_GT(sum / 200, 450e3);
  EXPECT_LT(sum / 200, 620e3);
  EXPECT_LT(worst_delay, 0.25);
}

TEST(RateController, comes_back_when_the_link_does) {
  RateController rate(kCap);
  Link link{400e3};
  for (int i = 0; i < 40; ++i) rate.hear(link.carry(rate.target_bps()), kStep);
  EXPECT_LT(rate.target_bps(), 450'000);
  link.bps = 5e6;
  for (int i = 0; i < 100; ++i) rate.hear(link.carry(rate.target_bps()), kStep);  // 25 s: x 6.8
  EXPECT_GT(rate.target_bps(), 1'900'000);
}

TEST(RateController, bears_a_little_loss_and_yields_to_much) {
  RateController rate(kCap);
  const int start = rate.target_bps();
  for (int i = 0; i < 40; ++i) rate.hear({.packets = 100, .lost = 5, .bytes_received = 1, .span = kStep}, kStep);
  EXPECT_NEAR(rate.target_bps(), start, start * 0.05);
  for (int i = 0; i < 40; ++i) rate.hear({.packets = 100, .lost = 30, .bytes_received = 1, .span = kStep}, kStep);
  EXPECT_EQ(rate.target_bps(), RateController::kFloorBps);
}

TEST(RateController, stays_where_it_is_when_nothing_is_heard) {
  RateController rate(kCap);
  for (int i = 0; i < 100; ++i) rate.hear({}, kStep);
  EXPECT_EQ(rate.target_bps(), RateController::kStartBps);
}

TEST(QueueDelay, is_what_is_above_the_fastest_of_the_last_seconds) {
  QueueDelay delay;
  nanoseconds now{0};
  const auto of = [&](int travel_ms) {
    now += milliseconds(100);
    return duration_cast<milliseconds>(delay.of(milliseconds(travel_ms), now)).count();
  };
  EXPECT_EQ(of(-5000), 0) << "the two clocks begin anywhere";
  EXPECT_EQ(of(-4950), 50);
  EXPECT_EQ(of(-5010), 0);
  for (int i = 0; i < 150; ++i) of(-4900);  // another way, 110 ms longer, for 15 s
  EXPECT_EQ(of(-4900), 0);
}

}  // namespace
}  // namespace avatar
