// SPDX-License-Identifier: Apache-2.0
// A viewer's offer. What we make of it for VP8 is again an offer that we take, of the same sections.
#include "fuzz_input.h"
#include "stream/whep_offer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using avatar::VideoCodec;
  using avatar::WhepOffer;
  const avatar::FuzzInput in(data, size);
  const auto offer = WhepOffer::parse(in.rest());
  if (!offer) return 0;
  FUZZ_EXPECT(offer->sections().size() <= WhepOffer::kMostSections);
  for (const VideoCodec codec : {VideoCodec::h264, VideoCodec::vp8}) {
    if (offer->has_picture() && !offer->offers(codec)) continue;
    const std::string ours = offer->rewritten(codec);
    (void)offer->answer(ours, codec);
    (void)offer->answer(in.rest(), codec);
    if (codec == VideoCodec::h264) continue;  // whose parameters we do not repeat, and so would not take
    const auto again = WhepOffer::parse(ours);
    FUZZ_EXPECT(again);
    FUZZ_EXPECT(again->has_sound() == offer->has_sound() && again->has_picture() == offer->has_picture());
    FUZZ_EXPECT(again->rewritten(codec) == ours);
  }
  return 0;
}
