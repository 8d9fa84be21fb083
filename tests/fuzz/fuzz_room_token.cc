// SPDX-License-Identifier: Apache-2.0
// The middle part of a LiveKit token, whose identity is read.
#include "fuzz_input.h"
#include "http/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const avatar::FuzzInput in(data, size);
  avatar::Request request;
  request.method = "POST";
  request.content_type = "application/json";
  request.body = R"({"livekit_url":"wss://livekit","room_name":"r","livekit_token":"h.)" +
                 avatar::base64url(in.rest()) + R"(.s"})";
  (void)avatar::room_wish_of(request);
  return 0;
}
