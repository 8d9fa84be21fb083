// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/paste.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace avatar::neural {
namespace {

constexpr size_t kPixels = static_cast<size_t>(kDrawnSide) * kDrawnSide;

TEST(RimMask, is_the_published_one) {
  const struct {
    int row, column;
    double right;
  } rights[] = {{0, 256, 0},     {12, 256, 0.48},     {25, 256, 1},   {487, 256, 0.96},
                {256, 12, 0.48}, {20, 20, 0.7171572}, {24, 25, 0.96}, {500, 500, 0.2080404}};
  for (const auto& r : rights) EXPECT_NEAR(rim_mask(r.row, r.column), r.right, 1e-6) << r.row << "," << r.column;
  double sum = 0;
  for (int y = 0; y < kDrawnSide; ++y) {
    for (int x = 0; x < kDrawnSide; ++x) sum += rim_mask(y, x);
  }
  EXPECT_NEAR(sum, 236225.44, 0.5);
}

// A picture of 300 x 300 whose left part is the person; the frame shows all of it, the crop its middle.
class PasteTest : public testing::Test {
 protected:
  PasteTest() {
    portrait_.picture = Image(300, 300);
    portrait_.person = Mask(300, 300);
    for (int y = 0; y < 300; ++y) {
      for (int x = 0; x < 180; ++x) portrait_.person.at(x, y) = 255;
    }
    framing_.width = framing_.height = 300;
    for (size_t i = 0; i < still_.bytes().size(); ++i) still_.y()[i] = static_cast<uint8_t>(60 + i % 100);
    // Noise that is smooth enough to be sampled between its pixels.
    for (size_t i = 0; i < drawn_.size(); ++i) {
      drawn_[i] =
          0.5F + 0.5F * std::sin(static_cast<float>(i % 512) * 0.11F) * std::cos(static_cast<float>(i / 512) * 0.07F);
    }
  }
  Portrait portrait_;
  Framing framing_;
  Affine to_crop_{{2.56 * std::cos(0.1), 2.56 * std::sin(0.1), -150, -2.56 * std::sin(0.1), 2.56 * std::cos(0.1), -90}};
  Frame still_{300, 300};
  std::vector<float> drawn_ = std::vector<float>(3 * kPixels);
};

TEST_F(PasteTest, lays_the_drawn_picture_where_it_was_cut_out) {
  portrait_.person = {};  // no matte: the crop alone counts
  const Paste paste(portrait_, framing_, to_crop_, still_);
  Paste::Scratch scratch;
  Frame frame(300, 300);
  paste.onto(drawn_, scratch, frame);
  int inside = 0;
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 300; ++x) {
      const Point p = to_crop_({static_cast<double>(x), static_cast<double>(y)});
      double right = still_.y()[y * 300 + x];
      if (p.x >= 0 && p.y >= 0 && p.x < kDrawnSide - 1 && p.y < kDrawnSide - 1) {
        ++inside;
        const int px = static_cast<int>(p.x), py = static_cast<int>(p.y);
        double value = 0, mask = 0;
        for (int corner = 0; corner < 4; ++corner) {
          const int cx = px + corner % 2, cy = py + corner / 2;
          const double weight = (1 - std::fabs(p.x - cx)) * (1 - std::fabs(p.y - cy));
          const size_t at = static_cast<size_t>(cy) * kDrawnSide + static_cast<size_t>(cx);
          mask += weight * rim_mask(cy, cx);
          value +=
              weight * (16 + 65.481 * drawn_[at] + 128.553 * drawn_[kPixels + at] + 24.966 * drawn_[2 * kPixels + at]);
        }
        right = mask * value + (1 - mask) * right;
      }
      ASSERT_NEAR(frame.y()[y * 300 + x], right, 2) << x << "," << y;
    }
  }
  EXPECT_GT(inside, 20000);
}

TEST_F(PasteTest, does_not_touch_what_is_not_the_person) {
  const Paste paste(portrait_, framing_, to_crop_, still_);
  Paste::Scratch scratch;
  Frame frame(300, 300);
  paste.onto(drawn_, scratch, frame);
  int touched = 0;
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 300; ++x) {
      const bool same = frame.y()[y * 300 + x] == still_.y()[y * 300 + x];
      if (x >= 180 + 2 * 12) {
        ASSERT_TRUE(same) << x << "," << y;
      }
      touched += same ? 0 : 1;
    }
  }
  EXPECT_GT(touched, 10000);
}

TEST_F(PasteTest, takes_what_is_no_colour_for_one) {
  const Paste paste(portrait_, framing_, to_crop_, still_);
  Paste::Scratch scratch;
  Frame frame(300, 300);
  const float strange[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30F, 7};
  for (size_t i = 0; i < drawn_.size(); ++i) drawn_[i] = strange[i % 4];
  paste.onto(drawn_, scratch, frame);
  for (const uint8_t b : frame.bytes()) {
    ASSERT_GE(b, 16);
    ASSERT_LE(b, 240);
  }
}

}  // namespace
}  // namespace avatar::neural
