// SPDX-License-Identifier: Apache-2.0
// The body of POST /sessions/{id}/say, and how its text falls into sentences: all of it, in pieces that are not long.
#include "fuzz_input.h"
#include "http/messages.h"
#include "speech/synthesiser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const avatar::FuzzInput in(data, size);
  avatar::Request request;
  request.method = "POST";
  request.content_type = "application/json";
  request.body = in.rest();
  if (const auto wish = avatar::say_wish_of(request); !wish) (void)avatar::error_reply(wish.error());
  size_t taken = 0;
  for (auto left = in.rest(); !left.empty();) {
    const auto sentence = avatar::Synthesiser::next_sentence(left);
    FUZZ_EXPECT(!sentence.empty() && sentence.data() == in.rest().data() + taken);
    taken += sentence.size();
  }
  FUZZ_EXPECT(taken == size);
  return 0;
}
