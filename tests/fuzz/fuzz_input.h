// SPDX-License-Identifier: Apache-2.0
// How a fuzz target reads its input: a few choices from the front, the rest as it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace avatar {

/// What must hold for every input.
#define FUZZ_EXPECT(claim)                                                     \
  do {                                                                         \
    if (!(claim)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
      std::abort();                                                            \
    }                                                                          \
  } while (false)

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  /// 0 when nothing is left.
  uint8_t byte() {
    if (left_.empty()) return 0;
    const auto b = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return b;
  }
  /// Up to the next line end, without it.
  std::string_view line() {
    const size_t end = std::min(left_.find('\n'), left_.size());
    const auto text = left_.substr(0, end);
    left_.remove_prefix(std::min(end + 1, left_.size()));
    return text;
  }
  [[nodiscard]] std::string_view rest() const { return left_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(left_)); }

 private:
  std::string_view left_;
};

/// RFC 4648, 5: of URLs, without padding.
inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (held += 8; held >= 6;) {
      held -= 6;
      text += kDigits[bits >> held & 63];
    }
  }
  if (held > 0) text += kDigits[bits << (6 - held) & 63];
  return text;
}

}  // namespace avatar
