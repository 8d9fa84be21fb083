// SPDX-License-Identifier: Apache-2.0
#include "motion/head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace avatar {
namespace {

std::vector<HeadAngles> move(bool speaking, uint64_t seed, int steps, float scale = 1, const Manner& manner = {}) {
  Head head(seed);
  Random stress(seed, 99);
  std::vector<HeadAngles> path;
  int next = 50;
  for (int k = 0; k < steps; ++k) {
    if (speaking && --next <= 0) {  // about 1.3 stressed syllables a second
      head.nod(static_cast<float>(stress.between(0.2, 0.9)), manner);
      next = static_cast<int>(stress.between(40, 115));
    }
    path.push_back(head.step(speaking, manner, scale));
  }
  return path;
}

/// Mean of the angular speed over all three axes, degrees/s.
double mean_speed(const std::vector<HeadAngles>& path) {
  double sum = 0;
  for (size_t k = 1; k < path.size(); ++k) {
    sum +=
        std::hypot(path[k].yaw - path[k - 1].yaw, path[k].pitch - path[k - 1].pitch, path[k].roll - path[k - 1].roll);
  }
  return sum / static_cast<double>(path.size() - 1) * 100;
}

/// The deviation of one axis inside stretches of `length` steps, averaged over them.
double deviation(const std::vector<HeadAngles>& path, double HeadAngles::*axis, size_t length) {
  double sum = 0;
  int stretches = 0;
  for (size_t at = 0; at + length <= path.size(); at += length, ++stretches) {
    double mean = 0, square = 0;
    for (size_t k = at; k < at + length; ++k) mean += path[k].*axis / static_cast<double>(length);
    for (size_t k = at; k < at + length; ++k) square += (path[k].*axis - mean) * (path[k].*axis - mean);
    sum += std::sqrt(square / static_cast<double>(length));
  }
  return sum / stretches;
}

TEST(Head, moves_like_a_speakers_when_speaking) {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    const auto path = move(true, seed, 30'000);
    EXPECT_GE(mean_speed(path), 9) << seed;
    EXPECT_LE(mean_speed(path), 15) << seed;
    for (const auto axis : {&HeadAngles::yaw, &HeadAngles::pitch, &HeadAngles::roll}) {
      EXPECT_GE(deviation(path, axis, 300), 0.5) << seed;
      EXPECT_LE(deviation(path, axis, 300), 1.7) << seed;
    }
    EXPECT_GE(deviation(path, &HeadAngles::yaw, 30'000), 1.0) << "degrees over minutes";
  }
}

TEST(Head, is_calm_but_never_dead_when_idle) {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    const auto path = move(false, seed, 30'000);
    EXPECT_GE(mean_speed(path), 0.5) << seed;
    EXPECT_LE(mean_speed(path), 4) << seed;
  }
}

TEST(Head, never_jumps_and_keeps_within_its_limits) {
  Manner wild;
  wild.reach = 2;
  wild.speed = 1.4F;
  wild.nod = 2;
  for (const uint64_t seed : {1, 2, 3}) {
    const auto path = move(true, seed, 60'000, 2, wild);
    for (size_t k = 2; k < path.size(); ++k) {
      for (const auto axis : {&HeadAngles::yaw, &HeadAngles::pitch, &HeadAngles::roll}) {
        const double v = path[k].*axis - path[k - 1].*axis, v0 = path[k - 1].*axis - path[k - 2].*axis;
        ASSERT_LE(std::abs(v), 2.0);  // 200 degrees/s at the wildest
        ASSERT_LE(std::abs(v - v0), 1.1);
      }
      ASSERT_LE(std::abs(path[k].yaw), 10);
      ASSERT_LE(std::abs(path[k].pitch), 6);
      ASSERT_LE(std::abs(path[k].roll), 6);
    }
  }
}

TEST(Head, stands_still_when_its_motion_is_turned_off) {
  for (const HeadAngles& a : move(true, 1, 1000, 0)) {
    EXPECT_EQ(a.yaw, 0);
    EXPECT_EQ(a.pitch, 0);
    EXPECT_EQ(a.roll, 0);
  }
}

TEST(Head, nods_down_first) {
  Head with(1), without(1);
  with.nod(1, {});
  double lowest = 0;
  int at = 0;
  for (int k = 0; k < 100; ++k) {
    const double d = with.step(false, {}, 1).pitch - without.step(false, {}, 1).pitch;
    if (d < lowest) {
      lowest = d;
      at = k;
    }
  }
  EXPECT_LT(lowest, -0.6);
  EXPECT_GT(at, 12);
  EXPECT_LT(at, 32);
}

}  // namespace
}  // namespace avatar
