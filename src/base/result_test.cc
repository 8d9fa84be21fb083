// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace avatar {
namespace {

TEST(Result, holds_a_value_that_can_only_be_moved) {
  Result<std::unique_ptr<int>> r = std::make_unique<int>(7);
  ASSERT_TRUE(r);
  EXPECT_EQ(*std::move(*r), 7);
}

TEST(Result, gathers_context_on_the_way_up) {
  Result<int> r = Error{ErrorKind::invalid, "no face"};
  ASSERT_FALSE(r);
  const Error e = r.error().while_doing("reading a.jpg");
  EXPECT_EQ(e.message, "while reading a.jpg: no face");
  EXPECT_STREQ(name(e.kind), "invalid");
}

TEST(Result, of_nothing_is_a_success_by_default) {
  Result<void> ok;
  EXPECT_TRUE(ok);
  Result<void> no = Error{ErrorKind::busy, "full"};
  EXPECT_FALSE(no);
}

TEST(ResultDeathTest, value_of_an_error_ends_the_process) {
  Result<int> r = Error{ErrorKind::invalid, "x"};
  EXPECT_DEATH((void)r.value(), "broken promise");
}

}  // namespace
}  // namespace avatar
