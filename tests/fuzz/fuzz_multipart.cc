// SPDX-License-Identifier: Apache-2.0
// The first line is the Content-Type, the rest the body.
#include <functional>

#include "fuzz_input.h"
#include "http/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  const auto type = in.line();
  const auto body = in.rest();
  const auto parts = avatar::parse_multipart(type, body);
  if (!parts) {
    FUZZ_EXPECT(parts.error().kind == avatar::ErrorKind::invalid);
    return 0;
  }
  FUZZ_EXPECT(parts->size() <= avatar::kMostParts);
  const std::less_equal<> before;
  for (const auto& part : *parts) {
    FUZZ_EXPECT(!part.name.empty());
    FUZZ_EXPECT(part.content.empty() || (before(body.data(), part.content.data()) &&
                                         before(part.content.data() + part.content.size(), body.data() + body.size())));
  }
  return 0;
}
