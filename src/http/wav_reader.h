// SPDX-License-Identifier: Apache-2.0
// A WAV file in pieces of any size -> mono sound at 48 kHz, as it comes. The lengths in its header may be wrong or
// unknown (0, or all ones), as those of a stream are: the sound then ends with the file.
//
//   WavReader reader;
//   if (auto added = reader.add(bytes, sound); !added) ...        // appends to sound
//   if (auto finished = reader.finish(sound); !finished) ...      // invalid: there was no sound in it
//
// Reads PCM of 8 to 32 bits and floats of 32, plain and extensible (Microsoft, "Multiple channel audio data and WAVE
// files"). Threads: one at a time. Errors: invalid (not WAV, broken), unsupported (compressed, and those of PcmReader).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/pcm_reader.h"

namespace avatar {

class WavReader final {
 public:
  static constexpr size_t kSniff = 12;  ///< bytes that looks_like_wav() wants to see
  [[nodiscard]] static bool looks_like_wav(std::string_view start);

  Result<void> add(std::span<const std::byte> bytes, std::vector<float>& sound);
  Result<void> finish(std::vector<float>& sound);

 private:
  [[nodiscard]] Result<void> read_format(std::span<const std::byte> chunk);

  static constexpr size_t kMostHeaderBytes = 1 << 16;
  std::vector<std::byte> header_;      // what has come before the sound and is not understood yet
  uint64_t skip_ = 0;                  // bytes of a chunk that is of no use
  size_t header_bytes_ = 0;            // that came in all
  bool is_wave_ = false;               // the first twelve bytes were right
  std::optional<PcmReader> reader_;    // the format is known
  std::optional<uint64_t> data_left_;  // in the sound
};

}  // namespace avatar
