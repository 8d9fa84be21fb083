// SPDX-License-Identifier: Apache-2.0
#include "session/scheduler.h"

#include <gtest/gtest.h>

namespace avatar {
namespace {

using std::chrono::milliseconds;

TEST(Scheduler, gives_each_its_turn_once_a_period) {
  Scheduler s;
  const auto id = s.add(milliseconds(40), milliseconds(100));
  EXPECT_FALSE(s.take(milliseconds(99)));
  EXPECT_EQ(s.next(), milliseconds(100));
  const auto due = s.take(milliseconds(103));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->id, id);
  EXPECT_EQ(due->late, milliseconds(3));
  EXPECT_FALSE(s.take(milliseconds(500)));  // its turn is not over
  EXPECT_FALSE(s.next());
  s.done(id, milliseconds(110));
  EXPECT_EQ(s.next(), milliseconds(140));  // being late once delays nothing
}

TEST(Scheduler, takes_the_most_overdue_first) {
  Scheduler s;
  const auto a = s.add(milliseconds(40), milliseconds(20));
  const auto b = s.add(milliseconds(40), milliseconds(10));
  EXPECT_EQ(s.take(milliseconds(30))->id, b);
  EXPECT_EQ(s.take(milliseconds(30))->id, a);
  EXPECT_FALSE(s.take(milliseconds(30)));
}

TEST(Scheduler, catches_up_after_a_short_delay_and_gives_up_after_a_long_one) {
  Scheduler s;
  const auto id = s.add(milliseconds(40), milliseconds(0));
  ASSERT_TRUE(s.take(milliseconds(0)));
  s.done(id, milliseconds(100));
  EXPECT_EQ(s.next(), milliseconds(40));
  ASSERT_TRUE(s.take(milliseconds(100)));
  s.done(id, milliseconds(5000));
  EXPECT_EQ(s.next(), milliseconds(5000));
}

TEST(Scheduler, forgets_whom_it_is_told_to_even_during_a_turn) {
  Scheduler s;
  const auto id = s.add(milliseconds(40), milliseconds(0));
  ASSERT_TRUE(s.take(milliseconds(0)));
  s.remove(id);
  s.done(id, milliseconds(1));
  s.remove(77);
  EXPECT_FALSE(s.next());
}

}  // namespace
}  // namespace avatar
