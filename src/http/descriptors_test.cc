// SPDX-License-Identifier: Apache-2.0
#include "http/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace avatar {
namespace {

TEST(Descriptors, are_missed_before_they_are_out) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{100, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> taken;
  while (has_descriptors(10)) taken.push_back(::open("/dev/null", O_RDONLY));
  EXPECT_FALSE(taken.empty());
  EXPECT_TRUE(has_descriptors(9));
  for (int i = 0; i < 9; ++i) taken.push_back(::open("/dev/null", O_RDONLY));
  EXPECT_GE(taken.back(), 0) << "nine could be had";
  EXPECT_FALSE(leaves_descriptors(taken.back(), 1));
  EXPECT_FALSE(has_descriptors(1));
  for (const int fd : taken) ::close(fd);
  EXPECT_TRUE(has_descriptors(10));

  allow_many_descriptors();
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace avatar
