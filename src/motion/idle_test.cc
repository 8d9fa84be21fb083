// SPDX-License-Identifier: Apache-2.0
#include "motion/idle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace avatar {
namespace {

constexpr int kTenMinutes = 60'000;  // steps

struct BlinkCount {
  int blinks = 0, seen_at_25_fps = 0, doubles = 0;
  double closing_ms = 0, shut_ms = 0, opening_ms = 0;  // means
};

BlinkCount count(bool speaking, uint64_t seed) {
  Blinks blinks(seed);
  BlinkCount c;
  float last = 0;
  bool shut_seen = false, in_blink = false, was_shut = false;
  int last_start = -1000;
  for (int k = 0; k < kTenMinutes; ++k) {
    const float lid = blinks.step(speaking, 1);
    EXPECT_GE(lid, 0);
    EXPECT_LE(lid, 1);
    EXPECT_LE(std::abs(lid - last), 0.45F);
    if (!in_blink && lid > 0) {
      in_blink = true;
      was_shut = shut_seen = false;
      ++c.blinks;
      c.doubles += k - last_start < 45;
      last_start = k;
    }
    if (in_blink) {
      if (lid > 0.97F) {
        c.shut_ms += 10;
        was_shut = true;
      } else if (lid > 0) {
        (was_shut ? c.opening_ms : c.closing_ms) += 10;
      }
      if (k % 4 == 0 && lid > 0.97F) shut_seen = true;
      if (lid == 0) {
        in_blink = false;
        c.seen_at_25_fps += shut_seen;
      }
    }
    last = lid;
  }
  c.closing_ms /= c.blinks;
  c.shut_ms /= c.blinks;
  c.opening_ms /= c.blinks;
  return c;
}

TEST(Blinks, come_as_often_as_peoples_and_close_faster_than_they_open) {
  for (const uint64_t seed : {1, 2, 3}) {
    const BlinkCount idle = count(false, seed), speaking = count(true, seed);
    EXPECT_GE(idle.blinks, 150) << seed;
    EXPECT_LE(idle.blinks, 200) << seed;
    EXPECT_GE(speaking.blinks, 200) << seed;
    EXPECT_LE(speaking.blinks, 260) << seed;
    EXPECT_GE(idle.doubles, 1);
    EXPECT_LE(idle.doubles, 25);
    EXPECT_GE(idle.closing_ms, 35);  // to 0.97 of the way
    EXPECT_LE(idle.closing_ms, 60);
    EXPECT_GE(idle.shut_ms, 40);
    EXPECT_LE(idle.shut_ms, 80);
    EXPECT_GE(idle.opening_ms, 70);
    EXPECT_LE(idle.opening_ms, 120);
    EXPECT_GE(idle.seen_at_25_fps, idle.blinks - 2) << "a picture each 40 ms meets a shut lid";
  }
}

TEST(Gaze, stays_mostly_with_the_viewer_and_jumps_fast) {
  Gaze gaze(4);
  int at_viewer = 0, jumps = 0, small = 0;
  double last_yaw = 0;
  for (int k = 0; k < kTenMinutes; ++k) {
    const auto d = gaze.step(k / 1000 % 2 == 0, 0);
    ASSERT_LE(std::abs(d.yaw_deg), 10);
    ASSERT_LE(std::abs(d.pitch_deg), 10);
    at_viewer += std::hypot(d.yaw_deg, d.pitch_deg) < 2.2;
    jumps += gaze.jumped_deg() > 1.5;
    small += gaze.jumped_deg() > 0 && gaze.jumped_deg() < 1;
    ASSERT_LE(std::abs(d.yaw_deg - last_yaw), 6.5) << "21 ms + 2.2 ms/deg: 14 degrees take at least 52 ms";
    last_yaw = d.yaw_deg;
  }
  EXPECT_GT(at_viewer, kTenMinutes * 0.65);
  EXPECT_LT(at_viewer, kTenMinutes * 0.97);
  EXPECT_GT(jumps, 150);  // 15 a minute
  EXPECT_LT(jumps, 500);
  EXPECT_GT(small, 300);
}

TEST(Breath, comes_ten_to_eighteen_times_a_minute_and_never_jumps) {
  Breath breath(9);
  int breaths = 0;
  float last = 0;
  bool in = false;
  for (int k = 0; k < kTenMinutes; ++k) {
    const float b = breath.step(false);
    ASSERT_GE(b, 0);
    ASSERT_LE(b, 1);
    ASSERT_LE(std::abs(b - last), 0.03F);
    if (!in && b > 0.5F) ++breaths;
    in = b > 0.5F;
    last = b;
  }
  EXPECT_GE(breaths, 100);
  EXPECT_LE(breaths, 180);
}

}  // namespace
}  // namespace avatar
