// SPDX-License-Identifier: Apache-2.0
// POST /launch: the first line is its query, the second its Content-Type, the rest its body.
#include "fuzz_input.h"
#include "http/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  avatar::Request request;
  request.method = "POST";
  request.query = in.line();
  request.content_type = in.line();
  request.body = in.rest();
  const auto wish = avatar::room_wish_of(request);
  if (wish) {
    FUZZ_EXPECT(!wish->room.url.empty() && !wish->room.token.empty() && !wish->room.room_name.empty());
  } else {
    (void)avatar::error_reply(wish.error());
  }
  return 0;
}
