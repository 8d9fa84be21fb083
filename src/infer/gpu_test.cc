// SPDX-License-Identifier: Apache-2.0
#include "infer/gpu.h"

#include <gtest/gtest.h>

namespace avatar {
namespace {

TEST(Gpu, tells_what_the_driver_says) {
  auto gpus = find_gpus(AVATAR_FAKE_NVML);
  ASSERT_TRUE(gpus) << gpus.error().message;
  ASSERT_EQ(gpus->size(), 1U);
  EXPECT_EQ((*gpus)[0].name, "Made Card");
  EXPECT_EQ((*gpus)[0].driver, "550.1");
  EXPECT_EQ((*gpus)[0].capability, 89);
  EXPECT_EQ((*gpus)[0].free_memory, int64_t{20} << 30);
}

TEST(Gpu, no_driver_is_a_sentence) {
  auto gpus = find_gpus("libno-such-driver.so.1");
  ASSERT_FALSE(gpus);
  EXPECT_EQ(gpus.error().kind, ErrorKind::unavailable);
}

TEST(Gpu, tells_the_version_of_tensorrt) {
  EXPECT_EQ(tensorrt_version(AVATAR_FAKE_NVML), "10.9.3");
  EXPECT_EQ(tensorrt_version("libno-such-tensorrt.so"), "none");
}

TEST(Gpu, a_library_of_something_else_is_a_sentence) {
  auto gpus = find_gpus("libm.so.6");
  ASSERT_FALSE(gpus);
  EXPECT_NE(gpus.error().message.find("too old"), std::string::npos);
}

}  // namespace
}  // namespace avatar
