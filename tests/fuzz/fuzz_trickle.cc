// SPDX-License-Identifier: Apache-2.0
// A viewer's trickled candidates. What is kept is one line of plain words each, and is kept when it is read again.
#include "fuzz_input.h"
#include "stream/whep_offer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const avatar::FuzzInput in(data, size);
  const auto found = avatar::usable_candidates(in.rest());
  FUZZ_EXPECT(found.size() <= avatar::WhepOffer::kMostCandidates);
  for (const std::string& candidate : found) {
    FUZZ_EXPECT(std::all_of(candidate.begin(), candidate.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    FUZZ_EXPECT(avatar::usable_candidate("a=" + candidate) == candidate);
  }
  return 0;
}
