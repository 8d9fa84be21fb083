// SPDX-License-Identifier: Apache-2.0
// CHECK(condition): a promise inside the house. When broken, the process ends with the place and the condition.
// Never for input from outside: that is a Result.
#pragma once

namespace avatar {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace avatar

#define CHECK(condition) ((condition) ? static_cast<void>(0) : ::avatar::check_failed(#condition, __FILE__, __LINE__))
