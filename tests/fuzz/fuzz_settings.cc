// SPDX-License-Identifier: Apache-2.0
// The settings file beside the networks: a pickle, of which nothing is run and every size is doubted.
#include "engine/neural/settings.h"
#include "fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  const auto settings = avatar::neural::read_settings(in.bytes());
  FUZZ_EXPECT(!settings || !settings->calm.empty());
  return 0;
}
