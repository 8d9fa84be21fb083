// SPDX-License-Identifier: Apache-2.0
// A text message of the speech WebSocket.
#include "fuzz_input.h"
#include "http/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const avatar::FuzzInput in(data, size);
  const auto wish = avatar::socket_wish_of(in.rest());
  if (!wish) {
    (void)avatar::error_event_json(wish.error());
  } else if (wish->kind == avatar::SocketWish::Kind::format) {
    (void)avatar::PcmReader::create(wish->format);
  }
  return 0;
}
