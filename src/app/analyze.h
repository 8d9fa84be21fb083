// SPDX-License-Identifier: Apache-2.0
// A picture -> what was found in it: a picture with everything drawn over it, and the numbers.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace avatar {

struct AnalyzeOptions {
  std::filesystem::path picture;  ///< empty: the built-in portrait
  std::filesystem::path overlay;  ///< PNG; empty is not wanted
  bool json = false;              ///< the numbers as JSON, else as lines for people
};

/// The numbers go to standard output.
[[nodiscard]] Result<void> analyze(const AnalyzeOptions& options);

}  // namespace avatar
