// SPDX-License-Identifier: Apache-2.0
#include "http/pcm_reader.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>

namespace avatar {

Result<PcmReader> PcmReader::create(const PcmFormat& f) {
  if (f.channels < 1 || f.channels > kMostChannels) {
    return Error{ErrorKind::unsupported, "the sound has " + std::to_string(f.channels) + " channels; send 1 to 8"};
  }
  const bool known = f.is_float ? f.bits == 32 : f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32;
  if (!known) return Error{ErrorKind::unsupported, "send samples of 8, 16, 24 or 32 bits, or floats of 32"};
  auto resampler = Resampler::create(f.rate, kSampleRate);
  if (!resampler) return resampler.error();
  return PcmReader(f, std::move(*resampler));
}

float PcmReader::sample(const std::byte* at) const {
  const int bytes = format_.bits / 8;
  uint32_t bits = 0;  // the sample in the highest bytes
  for (int i = 0; i < bytes; ++i) {
    const auto b = static_cast<uint32_t>(at[format_.big_endian ? i : bytes - 1 - i]);
    bits |= b << (24 - 8 * i);
  }
  if (format_.is_float) return std::bit_cast<float>(bits);
  if (format_.bits == 8) bits ^= 0x80000000U;  // WAV's 8 bits are unsigned
  return static_cast<float>(static_cast<int32_t>(bits)) / 2147483648.0F;
}

void PcmReader::add_frame(const std::byte* at) {
  float sum = 0;
  for (int c = 0; c < format_.channels; ++c) sum += sample(at + static_cast<std::ptrdiff_t>(c) * (format_.bits / 8));
  mono_.push_back(sum / static_cast<float>(format_.channels));
}

void PcmReader::add(std::span<const std::byte> bytes, std::vector<float>& sound) {
  const size_t frame = frame_bytes();
  mono_.clear();
  if (begun_bytes_ > 0) {
    const size_t n = std::min(frame - begun_bytes_, bytes.size());
    std::copy_n(bytes.begin(), n, begun_.begin() + static_cast<std::ptrdiff_t>(begun_bytes_));
    begun_bytes_ += n;
    bytes = bytes.subspan(n);
    if (begun_bytes_ < frame) return;
    add_frame(begun_.data());
    begun_bytes_ = 0;
  }
  for (; bytes.size() >= frame; bytes = bytes.subspan(frame)) add_frame(bytes.data());
  std::copy(bytes.begin(), bytes.end(), begun_.begin());
  begun_bytes_ = bytes.size();
  resampler_.add(mono_, sound);
}

void PcmReader::finish(std::vector<float>& sound) { resampler_.finish(sound); }

}  // namespace avatar
