// SPDX-License-Identifier: Apache-2.0
// Raw PCM of any rate and number of channels, in pieces of any size -> mono sound at 48 kHz, as it comes.
//
//   auto reader = PcmReader::create({16000, 1});
//   reader->add(bytes, sound);       // appends to sound; half a sample waits for its other half
//   reader->finish(sound);           // the rest of the resampler's filter
//
// Threads: one at a time. Errors: unsupported (rate outside 8 to 192 kHz, more than 8 channels, a width we do not
// read).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "speech/resampler.h"

namespace avatar {

struct PcmFormat {
  int rate = 48000;  ///< samples/s
  int channels = 1;  ///< 1..8, mixed to one
  int bits = 16;     ///< 8 (unsigned), 16, 24, 32; 32 when is_float
  bool is_float = false;
  bool big_endian = false;
};

class PcmReader final {
 public:
  static Result<PcmReader> create(const PcmFormat& format);
  void add(std::span<const std::byte> bytes, std::vector<float>& sound);
  void finish(std::vector<float>& sound);

 private:
  PcmReader(const PcmFormat& format, Resampler resampler) : format_(format), resampler_(std::move(resampler)) {}
  [[nodiscard]] size_t frame_bytes() const {
    return static_cast<size_t>(format_.bits) / 8 * static_cast<size_t>(format_.channels);
  }
  [[nodiscard]] float sample(const std::byte* at) const;
  void add_frame(const std::byte* at);

  static constexpr int kMostChannels = 8;
  PcmFormat format_;
  Resampler resampler_;
  std::array<std::byte, size_t{4} * kMostChannels> begun_{};  // a frame that came in two pieces
  size_t begun_bytes_ = 0;
  std::vector<float> mono_;
};

}  // namespace avatar
