// SPDX-License-Identifier: Apache-2.0
// Base64 of strangers; and what we encode ourselves comes back.
#include "fuzz_input.h"
#include "http/base64.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const avatar::FuzzInput in(data, size);
  const auto bytes = avatar::decode_base64(in.rest());
  FUZZ_EXPECT(!bytes || bytes->size() <= size * 3 / 4 + 1);
  const auto again = avatar::decode_base64(avatar::base64url(in.rest()));
  FUZZ_EXPECT(again && std::equal(again->begin(), again->end(), in.bytes().begin(), in.bytes().end()));
  return 0;
}
