// SPDX-License-Identifier: Apache-2.0
// Fetches a picture that a caller only named. The caller chooses where we connect, so: only http and https, no address
// of this machine, of a private network or of a cloud's metadata (what is checked is the address really connected to,
// after name resolution and after each redirect), no proxy, at most 10 MB, 10 s and 3 redirects.
// Whether it is a picture is for whoever reads it.
// Threads: [any thread]; blocks. Errors: invalid (not an address we fetch, too large, the server says no), unavailable
// (nobody answers), timeout, busy (given up). The words name no address that the caller did not.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace avatar {

struct FetchLimits {
  size_t most_bytes = 10'000'000;
  std::chrono::milliseconds timeout{10'000};
  int most_redirects = 3;
  bool allow_private = false;  ///< AVATAR_ALLOW_PRIVATE_URLS
  /// Asked some times a second; true: it is not worth while any more. May be left out.
  std::function<bool()> give_up{};
};

[[nodiscard]] Result<std::vector<std::byte>> fetch_picture(const std::string& url, const FetchLimits& limits);

/// Loopback, link-local, private, shared, multicast, reserved, and IPv6 addresses that stand for such a one. True for
/// families other than IPv4 and IPv6.
[[nodiscard]] bool is_private_address(const sockaddr* address);

}  // namespace avatar
