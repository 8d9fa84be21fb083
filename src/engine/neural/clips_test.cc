// SPDX-License-Identifier: Apache-2.0
// Expected numbers: a run of the published formulas in another language (docs/neural.md). The made network says, in
// every number, the first number of the frame's condition and 100 times the clip's number.
#include "engine/neural/clips.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace avatar::neural {
namespace {

struct Told {
  std::vector<MotionVector> motion;
  std::vector<float> starts_scale, starts_expression;  // of each clip
  MotionVector first{};
  int first_at = -1;  // row after which the first motion was told
};

Told run(const ClipSettings& settings, int rows, int home_before_row = -1) {
  Told told;
  Clips clips(settings, [&](const ClipInput& in, std::span<float> motion) -> Result<void> {
    told.starts_scale.push_back(in.start[0]);
    told.starts_expression.push_back(in.start[kExpressionAt]);
    for (int f = 0; f < kClipFrames; ++f) {
      const float value =
          in.conditions[static_cast<size_t>(f) * kConditionNumbers] + 100.0F * static_cast<float>(in.number);
      std::fill_n(&motion[static_cast<size_t>(f) * kMotionNumbers], kMotionNumbers, value);
    }
    return {};
  });
  MotionVector start{};
  start[0] = 0.2F;
  clips.begin(start, [&](int i, std::span<float> row) { row[0] = static_cast<float>(i - settings.overlap); });
  std::vector<float> row(kConditionNumbers);
  for (int n = 0; n < rows; ++n) {
    if (n == home_before_row) clips.come_home();
    row[0] = static_cast<float>(n);
    EXPECT_TRUE(clips.hear(row, [&](const MotionVector& v) {
      if (told.first_at < 0) told.first_at = n;
      told.motion.push_back(v);
    }));
  }
  told.first = clips.first();
  return told;
}

void expect_column(const Told& told, size_t from, size_t column, const std::vector<double>& right) {
  ASSERT_GE(told.motion.size(), from + right.size());
  for (size_t i = 0; i < right.size(); ++i) {
    EXPECT_NEAR(told.motion[from + i][column], right[i], 1e-4) << "frame " << from + i << " number " << column;
  }
}

TEST(Clips, fuse_and_smooth_as_published_with_an_overlap_of_70) {
  const Told told = run({.overlap = 70}, 40);
  EXPECT_EQ(told.first_at, 19);
  expect_column(told, 0, 0, {103.33333, 111, 122, 133, 144, 155, 166, 177, 187.98333, 198.98333});
  expect_column(told, 0, 202, {100, 111, 122, 133, 144, 155, 166, 177, 188, 199});
  expect_column(told, 10, 0, {208.87779, 219.88335, 232});
  expect_column(told, 10, 202, {210, 221, 232, 243, 254, 265, 276, 287, 298, 309});
  EXPECT_EQ(told.starts_scale, (std::vector<float>{0.2F, 39, 49, 59}));
  EXPECT_EQ(told.starts_expression, (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(told.first[kExpressionAt], 30);
  EXPECT_EQ(told.first[kPitchAt], 30.5F);
  EXPECT_EQ(told.first[kShiftAt], 30.5F);
  EXPECT_EQ(told.first[0], 30.5F);  // scale - 1
}

TEST(Clips, fuse_and_smooth_as_published_with_an_overlap_of_75) {
  const Told told = run({.overlap = 75}, 15);
  EXPECT_EQ(told.first_at, 9);
  expect_column(told, 0, 0, {106.66667, 121, 142, 162.96667, 183.96667});
  expect_column(told, 0, 202, {100, 121, 142, 163, 184});
  expect_column(told, 5, 0, {202.75556, 223.76667, 247, 268, 289});
  expect_column(told, 5, 202, {205, 226, 247, 268, 289});
  EXPECT_EQ(told.first[kExpressionAt], 25);
  EXPECT_EQ(told.first[kPitchAt], 25.5F);
}

TEST(Clips, tell_every_frame_once_at_every_overlap) {
  for (const int overlap : {40, 60, 70, 75, 78, 79}) {
    const ClipSettings settings{.overlap = overlap};
    const Told told = run(settings, 200);
    EXPECT_EQ(told.first_at, 2 * settings.fresh() - 1) << overlap;
    EXPECT_EQ(static_cast<int>(told.motion.size()), 200 / settings.fresh() * settings.fresh() - settings.fresh());
  }
}

TEST(Clips, begin_at_home_again_when_told) {
  const Told told = run({.overlap = 70}, 50, 25);
  EXPECT_EQ(told.starts_scale, (std::vector<float>{0.2F, 39, 49, 0.2F, 69}));
}

TEST(Clips, begin_anew_as_if_nothing_had_been) {
  std::vector<float> seen;
  Clips clips({.overlap = 75}, [&](const ClipInput& in, std::span<float> motion) -> Result<void> {
    seen.push_back(in.start[0] + static_cast<float>(in.number));
    std::fill(motion.begin(), motion.end(), in.conditions[0]);
    return {};
  });
  std::vector<std::vector<MotionVector>> told(2);
  for (auto& one : told) {
    clips.begin({}, [](int, std::span<float> row) { std::fill(row.begin(), row.end(), 3.0F); });
    const std::vector<float> row(kConditionNumbers, 5);
    for (int n = 0; n < 23; ++n) {
      EXPECT_TRUE(clips.hear(row, [&](const MotionVector& v) { one.push_back(v); }));
    }
  }
  EXPECT_TRUE(told[0] == told[1]);
  ASSERT_EQ(seen.size(), 8U);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(seen[i], seen[4 + i]);
}

}  // namespace
}  // namespace avatar::neural
