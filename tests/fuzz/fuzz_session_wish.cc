// SPDX-License-Identifier: Apache-2.0
// The body of POST /sessions; the first line is its Content-Type.
#include <cmath>

#include "fuzz_input.h"
#include "http/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  avatar::Request request;
  request.method = "POST";
  request.content_type = in.line();
  request.body = in.rest();
  const auto wish = avatar::launch_request_of(request);
  if (!wish) {
    (void)avatar::error_reply(wish.error());  // whatever its words quote
    return 0;
  }
  const auto side = [](int s) { return s >= 128 && s <= 2048 && s % 2 == 0; };
  FUZZ_EXPECT(side(wish->size.width) && side(wish->size.height));
  FUZZ_EXPECT(wish->fps == 25 || wish->fps == 30 || wish->fps == 50 || wish->fps == 60);
  const auto& p = wish->performance;
  for (const float scale : {p.motion_scale, p.expression_scale, p.emotion_intensity}) {
    FUZZ_EXPECT(scale >= 0 && scale <= 2);
  }
  return 0;
}
