// SPDX-License-Identifier: Apache-2.0
#include "stream/label_sink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/fake_sink.h"

namespace avatar {
namespace {

class LabelTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto label = Label::make("x", 512, 512);
    if (!label && label.error().kind == ErrorKind::unavailable) GTEST_SKIP() << label.error().message;
  }
  static Frame grey() {
    Frame frame(512, 512);
    std::fill_n(frame.y(), 512 * 512, uint8_t{120});
    std::fill_n(frame.u(), 256 * 256, uint8_t{90});
    std::fill_n(frame.v(), 256 * 256, uint8_t{160});
    return frame;
  }
};

TEST_F(LabelTest, is_white_on_dark_at_the_lower_left_and_touches_nothing_else) {
  auto label = Label::make("AI-generated", 512, 512);
  ASSERT_TRUE(label);
  Frame frame = grey();
  label->draw(frame);
  int white = 0, dark = 0, changed_elsewhere = 0;
  for (int y = 0; y < 512; ++y) {
    for (int x = 0; x < 512; ++x) {
      const uint8_t v = frame.y()[y * 512 + x];
      const bool in_corner = y > 470 && x < 140;
      white += v > 220 ? 1 : 0;
      dark += v < 70 ? 1 : 0;
      changed_elsewhere += !in_corner && v != 120 ? 1 : 0;
    }
  }
  EXPECT_GT(white, 100);
  EXPECT_GT(dark, 1000);
  EXPECT_EQ(changed_elsewhere, 0);
}

TEST_F(LabelTest, fits_the_smallest_picture_and_takes_other_scripts) {
  auto label = Label::make("KI \u00e4\u03b1\u0434", 128, 128);
  ASSERT_TRUE(label);
  Frame frame(128, 128);
  label->draw(frame);
}

TEST_F(LabelTest, words_that_cannot_be_drawn_are_refused) {
  for (const char* words : {"", "\xff", "much too long for a picture that is only so wide, and longer still"}) {
    const auto label = Label::make(words, 128, 128);
    ASSERT_FALSE(label) << words;
    EXPECT_EQ(label.error().kind, ErrorKind::invalid) << words;
  }
}

TEST_F(LabelTest, the_sink_labels_a_copy) {
  Recording recording;
  auto sink = make_label_sink(*Label::make("AI", 512, 512), std::make_unique<FakeSink>(recording));
  const Frame frame = grey();
  ASSERT_TRUE(sink->show(frame, {}));
  ASSERT_TRUE(sink->finish());
  EXPECT_EQ(frame.bytes(), grey().bytes());
  EXPECT_EQ(recording.shown.size(), 1U);
  EXPECT_TRUE(recording.finished);
}

}  // namespace
}  // namespace avatar
