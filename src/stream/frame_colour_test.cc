// SPDX-License-Identifier: Apache-2.0
#include "stream/frame_colour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace avatar {
namespace {

uint8_t clip(double v) { return static_cast<uint8_t>(std::clamp(std::lround(v), 0L, 255L)); }

// The textbook, forwards and in floating point (ITU-R BT.601-7, 2.5).
struct Yuv {
  uint8_t y, u, v;
};
Yuv forwards(int r, int g, int b) {
  const double y = 0.299 * r + 0.587 * g + 0.114 * b;
  return {clip(16 + 219 / 255.0 * y), clip(128 + 112 / 255.0 * (b - y) / (1 - 0.114)),
          clip(128 + 112 / 255.0 * (r - y) / (1 - 0.299))};
}

TEST(FrameColour, brings_every_colour_back_within_rounding) {
  for (int r = 0; r < 256; r += 15) {
    for (int g = 0; g < 256; g += 15) {
      for (int b = 0; b < 256; b += 15) {
        Frame frame(2, 2);
        const Yuv c = forwards(r, g, b);
        std::fill_n(frame.y(), 4, c.y);
        *frame.u() = c.u;
        *frame.v() = c.v;
        const Image image = rgb_of(frame);
        // Half a step of Y is 0.6 of 255, half a step of Cb up to 1.0 (times 1.77 * 255/224 / 2).
        EXPECT_NEAR(image.at(1, 1)[0], r, 2);
        EXPECT_NEAR(image.at(1, 1)[1], g, 2);
        EXPECT_NEAR(image.at(1, 1)[2], b, 2);
      }
    }
  }
}

TEST(FrameColour, keeps_black_white_and_grey_exact) {
  Frame frame(2, 2);
  frame.y()[0] = 16;
  frame.y()[1] = 235;
  frame.y()[2] = 126;
  frame.y()[3] = 0;  // below black
  *frame.u() = *frame.v() = 128;
  const Image image = rgb_of(frame);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(image.at(0, 0)[c], 0);
    EXPECT_EQ(image.at(1, 0)[c], 255);
    EXPECT_EQ(image.at(0, 1)[c], 128);
    EXPECT_EQ(image.at(1, 1)[c], 0);
  }
}

TEST(FrameColour, gives_each_square_of_four_its_own_chroma) {
  Frame frame(4, 2);
  std::fill_n(frame.y(), 8, 81);
  frame.u()[0] = 90, frame.v()[0] = 240;   // red: Y 81, Cb 90, Cr 240
  frame.u()[1] = 128, frame.v()[1] = 128;  // grey
  const Image image = rgb_of(frame);
  EXPECT_NEAR(image.at(1, 1)[0], 254, 1);
  EXPECT_NEAR(image.at(1, 1)[1], 0, 1);
  EXPECT_EQ(image.at(2, 0)[0], image.at(2, 0)[2]);
}

}  // namespace
}  // namespace avatar
