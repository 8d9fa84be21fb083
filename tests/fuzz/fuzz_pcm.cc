// SPDX-License-Identifier: Apache-2.0
// Raw sound: three bytes of rate, one each of channels, kind and how it is torn to pieces, then samples. However it is
// torn, as much sound comes out as went in.
#include <cstdlib>

#include "fuzz_input.h"
#include "http/pcm_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  avatar::PcmFormat format;
  format.rate = in.byte() << 16 | in.byte() << 8;
  format.rate |= in.byte();
  format.channels = in.byte();
  const unsigned kind = in.byte();
  format.bits = static_cast<int>(kind & 0x3FU);
  format.is_float = (kind & 0x40U) != 0;
  format.big_endian = (kind & 0x80U) != 0;
  const size_t piece = size_t{1} + in.byte();
  auto reader = avatar::PcmReader::create(format);
  if (!reader) return 0;
  std::vector<float> sound;
  for (auto left = in.bytes(); !left.empty(); left = left.subspan(std::min(piece, left.size()))) {
    reader->add(left.first(std::min(piece, left.size())), sound);
  }
  reader->finish(sound);
  const auto frames = static_cast<int64_t>(in.rest().size()) / (format.bits / 8 * format.channels);
  const int64_t due = (frames * 48000 + format.rate - 1) / format.rate;
  FUZZ_EXPECT(static_cast<int64_t>(sound.size()) == due);
  return 0;
}
