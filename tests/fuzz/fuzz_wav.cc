// SPDX-License-Identifier: Apache-2.0
// A WAV file: the first byte says how it is torn to pieces, which must make no difference.
#include <vector>

#include "fuzz_input.h"
#include "http/wav_reader.h"

namespace {

// Nothing: it was refused.
std::pair<bool, size_t> read(std::span<const std::byte> file, size_t piece) {
  avatar::WavReader reader;
  std::vector<float> sound;
  while (!file.empty()) {
    const auto part = file.first(std::min(piece, file.size()));
    if (!reader.add(part, sound)) return {false, 0};
    file = file.subspan(part.size());
  }
  if (!reader.finish(sound)) return {false, 0};
  return {true, sound.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  const size_t piece = size_t{1} + in.byte();
  (void)avatar::WavReader::looks_like_wav(in.rest());
  FUZZ_EXPECT(read(in.bytes(), piece) == read(in.bytes(), size + 1));
  return 0;
}
