// SPDX-License-Identifier: Apache-2.0
#include "speech/speech_queue.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace avatar {
namespace {

/// from, from + 1, ... in units that a float holds exactly.
std::vector<float> ramp(int from, size_t n) {
  std::vector<float> s(n);
  for (size_t i = 0; i < n; ++i) s[i] = static_cast<float>(from + static_cast<int>(i)) / 1024;
  return s;
}

TEST(SpeechQueue, gives_what_came_in_order_and_says_when_an_utterance_is_over) {
  SpeechQueue queue;
  const uint64_t a = queue.begin(), b = queue.begin();
  ASSERT_TRUE(queue.add(b, ramp(500, 10)));  // came first, began second
  ASSERT_TRUE(queue.add(a, ramp(0, 30)));
  ASSERT_TRUE(queue.add(a, ramp(30, 20)));
  queue.end(a);
  EXPECT_EQ(queue.waiting().samples, 60);

  std::vector<float> out(40);
  auto taken = queue.take(out);
  EXPECT_EQ(taken.utterance, a);
  EXPECT_EQ(taken.samples, 40U);
  EXPECT_FALSE(taken.is_last);
  EXPECT_EQ(out, ramp(0, 40));
  taken = queue.take(out);
  EXPECT_EQ(taken.samples, 10U);
  EXPECT_TRUE(taken.is_last);
  taken = queue.take(out);
  EXPECT_EQ(taken.utterance, b);
  EXPECT_EQ(taken.samples, 10U);
  EXPECT_FALSE(taken.is_last);
  EXPECT_EQ(queue.take(out).utterance, 0U);
  queue.end(b);
  taken = queue.take(out);
  EXPECT_EQ(taken.utterance, b);
  EXPECT_EQ(taken.samples, 0U);
  EXPECT_TRUE(taken.is_last);
}

TEST(SpeechQueue, drops_what_belongs_to_an_interrupted_utterance) {
  SpeechQueue queue;
  const uint64_t a = queue.begin();
  ASSERT_TRUE(queue.add(a, ramp(0, 100)));
  const auto cleared = queue.clear();
  EXPECT_EQ(cleared.last_utterance, a);
  EXPECT_EQ(cleared.sound.samples, 100);
  ASSERT_TRUE(queue.add(a, ramp(0, 100)));  // its sender does not know yet
  EXPECT_EQ(queue.waiting().samples, 0);
  const uint64_t b = queue.begin();
  EXPECT_GT(b, a);
  ASSERT_TRUE(queue.add(b, ramp(0, 5)));
  std::vector<float> out(10);
  EXPECT_EQ(queue.take(out).utterance, b);
}

TEST(SpeechQueue, refuses_more_than_its_bound_and_keeps_what_it_has) {
  SpeechQueue queue({}, MediaTime::from_ms(10));
  const uint64_t a = queue.begin();
  ASSERT_TRUE(queue.add(a, ramp(0, 480)));
  const auto refused = queue.add(a, ramp(0, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
  EXPECT_EQ(queue.waiting().samples, 480);
}

TEST(SpeechQueue, begins_and_goes_on_only_with_a_reserve) {
  SpeechQueue queue(MediaTime::from_samples(100));
  const uint64_t a = queue.begin();
  std::vector<float> out(80);
  ASSERT_TRUE(queue.add(a, ramp(0, 99)));
  EXPECT_EQ(queue.take(out).utterance, 0U);
  ASSERT_TRUE(queue.add(a, ramp(99, 1)));
  EXPECT_EQ(queue.take(out).samples, 80U);
  auto taken = queue.take(out);  // it flows: the 20 that are left
  EXPECT_EQ(taken.samples, 20U);
  EXPECT_TRUE(taken.ran_dry);
  ASSERT_TRUE(queue.add(a, ramp(100, 99)));
  EXPECT_EQ(queue.take(out).utterance, 0U);
  queue.end(a);  // all of it is there
  EXPECT_EQ(queue.take(out).samples, 80U);
  taken = queue.take(out);
  EXPECT_EQ(taken.samples, 19U);
  EXPECT_TRUE(taken.is_last);
  EXPECT_FALSE(taken.ran_dry);
}

TEST(SpeechQueue, does_not_wait_for_ever_for_one_that_does_not_go_on) {
  SpeechQueue queue(MediaTime::from_samples(100));
  const uint64_t a = queue.begin();
  std::vector<float> out(4800);
  ASSERT_TRUE(queue.add(a, ramp(0, 4790)));
  EXPECT_TRUE(queue.take(out).ran_dry);
  ASSERT_TRUE(queue.add(a, ramp(0, 10)));  // less than its reserve
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(queue.take(out).is_last) << "nobody else waits";
  const uint64_t b = queue.begin();
  ASSERT_TRUE(queue.add(b, ramp(0, 10)));
  queue.end(b);
  int waited = 0;
  while (!queue.take(out).is_last) ASSERT_LT(++waited, 60);
  EXPECT_EQ(waited, 50);
  EXPECT_EQ(queue.take(out).utterance, b);
}

TEST(SpeechQueue, brings_every_sample_into_range) {
  SpeechQueue queue;
  const uint64_t a = queue.begin();
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  ASSERT_TRUE(queue.add(a, std::vector<float>{nan, inf, -inf, 2, -3, 0.25F}));
  std::vector<float> out(6);
  queue.take(out);
  EXPECT_EQ(out, (std::vector<float>{0, 0, 0, 1, -1, 0.25F}));
}

TEST(SpeechQueue, loses_nothing_between_threads) {
  SpeechQueue queue;
  const uint64_t a = queue.begin();
  std::thread speaker([&] {
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(queue.add(a, std::vector<float>(101, static_cast<float>(i) / 200)));
    queue.end(a);
  });
  std::vector<float> all, block(77);
  for (bool over = false; !over;) {
    const auto taken = queue.take(block);
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(taken.samples));
    over = taken.is_last;
  }
  speaker.join();
  ASSERT_EQ(all.size(), 200U * 101);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<float>(i / 101) / 200);
}

}  // namespace
}  // namespace avatar
