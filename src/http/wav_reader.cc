// SPDX-License-Identifier: Apache-2.0
#include "http/wav_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace avatar {
namespace {

uint32_t u16(std::span<const std::byte> b, size_t at) {
  return static_cast<uint32_t>(b[at]) | static_cast<uint32_t>(b[at + 1]) << 8;
}
uint32_t u32(std::span<const std::byte> b, size_t at) { return u16(b, at) | u16(b, at + 2) << 16; }

bool is(std::span<const std::byte> b, size_t at, std::string_view four) {
  return std::equal(four.begin(), four.end(), b.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char c, std::byte x) { return static_cast<std::byte>(c) == x; });
}

constexpr uint32_t kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;

}  // namespace

bool WavReader::looks_like_wav(std::string_view start) {
  return start.size() >= kSniff && start.substr(0, 4) == "RIFF" && start.substr(8, 4) == "WAVE";
}

Result<void> WavReader::add(std::span<const std::byte> bytes, std::vector<float>& sound) {
  while (!bytes.empty()) {
    if (data_left_) {
      const auto n = static_cast<size_t>(std::min<uint64_t>(*data_left_, bytes.size()));
      reader_->add(bytes.first(n), sound);
      *data_left_ -= n;
      return {};  // what follows the sound is of no use
    }
    if (skip_ > 0) {
      const auto n = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size()));
      skip_ -= n;
      bytes = bytes.subspan(n);
      continue;
    }
    // One byte at a time until a whole header or format chunk is there: some tens of them.
    header_.push_back(bytes.front());
    bytes = bytes.subspan(1);
    if (++header_bytes_ > kMostHeaderBytes) return Error{ErrorKind::invalid, "the WAV file has no sound in it"};
    if (!is_wave_) {
      if (header_.size() < kSniff) continue;
      if (!is(header_, 0, "RIFF") || !is(header_, 8, "WAVE")) return Error{ErrorKind::invalid, "this is no WAV file"};
      is_wave_ = true;
      header_.clear();
      continue;
    }
    if (header_.size() < 8) continue;
    const uint64_t size = u32(header_, 4);
    if (is(header_, 0, "fmt ")) {
      if (size < 16 || size > 1024) return Error{ErrorKind::invalid, "the WAV file's format is broken"};
      if (header_.size() < 8 + size + size % 2) continue;
      if (auto read = read_format(std::span(header_).subspan(8)); !read) return read;
    } else if (is(header_, 0, "data")) {
      if (!reader_) return Error{ErrorKind::invalid, "the WAV file does not say its format before its sound"};
      const bool unknown = size == 0 || size == 0xFFFFFFFF || size == 0x7FFFFFFF;
      data_left_ = unknown ? std::numeric_limits<uint64_t>::max() : size;
    } else {
      skip_ = size + size % 2;  // chunks begin at even places
    }
    header_.clear();
  }
  return {};
}

Result<void> WavReader::read_format(std::span<const std::byte> chunk) {
  uint32_t kind = u16(chunk, 0);
  if (kind == kExtensible && chunk.size() >= 26) kind = u16(chunk, 24);  // the first bytes of its GUID
  if (kind != kPcm && kind != kFloat) {
    return Error{ErrorKind::unsupported, "the WAV file is compressed; send PCM, or FLAC, MP3, Ogg or M4A"};
  }
  PcmFormat format;
  format.channels = static_cast<int>(u16(chunk, 2));
  format.rate = static_cast<int>(std::min<uint32_t>(u32(chunk, 4), 1U << 30));
  format.bits = static_cast<int>(u16(chunk, 14));
  format.is_float = kind == kFloat;
  auto reader = PcmReader::create(format);
  if (!reader) return reader.error();
  reader_.emplace(std::move(*reader));
  return {};
}

Result<void> WavReader::finish(std::vector<float>& sound) {
  if (!data_left_) return Error{ErrorKind::invalid, "the WAV file ends before its sound begins"};
  reader_->finish(sound);
  return {};
}

}  // namespace avatar
