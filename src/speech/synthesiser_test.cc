// SPDX-License-Identifier: Apache-2.0
#include "speech/synthesiser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace avatar {
namespace {

class SynthesiserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (synthesiser_.voices().empty()) GTEST_SKIP() << "neither flite nor espeak-ng is installed";
  }
  const Synthesiser synthesiser_;
};

TEST_F(SynthesiserTest, more_text_is_more_sound) {
  const auto one = synthesiser_.say("Hello.", ""), many = synthesiser_.say("Hello. This is a long story of a cat.", "");
  ASSERT_TRUE(one && many);
  ASSERT_EQ(std::memcmp(one->data(), "RIFF", 4), 0);
  EXPECT_GT(many->size(), 2 * one->size());
}

TEST_F(SynthesiserTest, first_and_last_voice_speak) {
  for (const auto& voice : {synthesiser_.voices().front(), synthesiser_.voices().back()}) {
    const auto wav = synthesiser_.say("one two three", voice.name);
    ASSERT_TRUE(wav) << voice.name;
    EXPECT_GT(wav->size(), 10'000U) << voice.name;
  }
}

TEST_F(SynthesiserTest, text_is_never_an_option_and_never_a_command) {
  EXPECT_TRUE(synthesiser_.say("--version", ""));
  EXPECT_TRUE(synthesiser_.say("$(touch /tmp/never); `id`", ""));
}

TEST_F(SynthesiserTest, an_unknown_voice_is_not_found) {
  const auto wav = synthesiser_.say("hello", "Klingon, of course");
  ASSERT_FALSE(wav);
  EXPECT_EQ(wav.error().kind, ErrorKind::not_found);
}

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) all.emplace_back(Synthesiser::next_sentence(text));
  return all;
}

TEST(SentencesTest, end_with_a_mark_before_a_space) {
  EXPECT_THAT(sentences("Pi is 3.14. Is it? Yes!"), testing::ElementsAre("Pi is 3.14.", " Is it?", " Yes!"));
  EXPECT_THAT(sentences("\u4F60\u597D\u3002\u518D\u89C1"), testing::ElementsAre("\u4F60\u597D\u3002", "\u518D\u89C1"));
}

TEST(SentencesTest, long_ones_are_cut_between_words_and_never_within_a_character) {
  std::string words, one;
  for (int i = 0; i < 200; ++i) {
    words += "word ";
    one += "\u4F60";
  }
  const auto cut = sentences(words), solid = sentences(one);
  ASSERT_GT(cut.size(), 2U);
  for (const auto& piece : cut) EXPECT_TRUE(piece.ends_with("word") || piece.ends_with("word ")) << piece;
  ASSERT_GT(solid.size(), 1U);
  for (const auto& piece : solid) EXPECT_EQ(piece.size() % 3, 0U);
  std::string whole;
  for (const auto& piece : cut) whole += piece;
  EXPECT_EQ(whole, words);
}

}  // namespace
}  // namespace avatar
