// SPDX-License-Identifier: Apache-2.0
// The graphics cards of this machine, asked of NVIDIA's management library, which comes with the driver. It is looked
// up when asked for: a machine without a card needs nothing.
// Threads: [any thread].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace avatar {

struct Gpu {
  int index = 0;
  std::string name;                     ///< "NVIDIA L4"
  std::string driver;                   ///< "550.54.15"
  int capability = 0;                   ///< compute capability times 10: 89 is 8.9; 0: unknown
  int64_t memory = 0, free_memory = 0;  ///< bytes
};

/// unavailable, with the reason: no driver, no card, or the driver does not answer. `library`: for tests.
[[nodiscard]] Result<std::vector<Gpu>> find_gpus(const std::string& library = "libnvidia-ml.so.1");

/// "10.9.0", of the TensorRT that the loader finds; "none". `library`: for tests.
[[nodiscard]] std::string tensorrt_version(const std::string& library = "libnvinfer.so.10");

}  // namespace avatar
