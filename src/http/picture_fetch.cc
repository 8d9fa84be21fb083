// SPDX-License-Identifier: Apache-2.0
#include "http/picture_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>

namespace avatar {
namespace {

struct Block4 {
  std::array<uint8_t, 4> start;
  int bits;
};
// IANA's special-purpose registry of IPv4 (RFC 6890 and its updates), and multicast.
constexpr Block4 kPrivate4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{100, 64, 0, 0}, 10},   {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24},    {{192, 0, 2, 0}, 24},
    {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24},
    {{224, 0, 0, 0}, 3},
};

bool starts_with(std::span<const uint8_t> address, std::span<const uint8_t> prefix, int bits) {
  for (int i = 0; i < bits; ++i) {
    const size_t byte = static_cast<size_t>(i) / 8;
    if (((address[byte] ^ prefix[byte]) >> (7 - i % 8) & 1) != 0) return false;
  }
  return true;
}

bool is_private4(std::span<const uint8_t> a) {
  return std::any_of(std::begin(kPrivate4), std::end(kPrivate4),
                     [&](const Block4& block) { return starts_with(a, block.start, block.bits); });
}

bool is_private6(std::span<const uint8_t> a) {
  static constexpr std::array<uint8_t, 16> kZero{};
  static constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  static constexpr std::array<uint8_t, 12> kNat64{0, 0x64, 0xFF, 0x9B};
  if (starts_with(a, kMapped, 96) || starts_with(a, kNat64, 96)) return is_private4(a.subspan(12));
  if (starts_with(a, kZero, 96)) return true;                          // ::, ::1, IPv4-compatible
  if (a[0] == 0x20 && a[1] == 0x02) return is_private4(a.subspan(2));  // 6to4
  // Only 2000::/3 is given out; of it 2001::/23 (Teredo and other protocols) and documentation are not for servers.
  if ((a[0] & 0xE0) != 0x20) return true;
  if (a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xFE) == 0) return true;
  return a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0D && a[3] == 0xB8;
}

struct Fetch {
  const FetchLimits& limits;
  std::vector<std::byte> bytes;
  bool refused_address = false;
  bool too_large = false;
};

curl_socket_t open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& fetch = *static_cast<Fetch*>(user);
  if (!fetch.limits.allow_private && is_private_address(&address->addr)) {
    fetch.refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t take(char* data, size_t /*one*/, size_t size, void* user) {
  auto& fetch = *static_cast<Fetch*>(user);
  if (fetch.bytes.size() + size > fetch.limits.most_bytes) {
    fetch.too_large = true;
    return 0;
  }
  const auto bytes = std::as_bytes(std::span(data, size));
  fetch.bytes.insert(fetch.bytes.end(), bytes.begin(), bytes.end());
  return size;
}

int go_on(void* user, curl_off_t /*total*/, curl_off_t /*now*/, curl_off_t /*up_total*/, curl_off_t /*up*/) {
  const auto& fetch = *static_cast<Fetch*>(user);
  return fetch.limits.give_up && fetch.limits.give_up() ? 1 : 0;
}

Error invalid(std::string words) { return {ErrorKind::invalid, std::move(words)}; }

}  // namespace

bool is_private_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, sizeof bytes);
    return is_private4(bytes);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, sizeof bytes);
    return is_private6(bytes);
  }
  return true;
}

Result<std::vector<std::byte>> fetch_picture(const std::string& url, const FetchLimits& limits) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (curl == nullptr) return Error{ErrorKind::internal, "the HTTP client could not be made"};
  Fetch fetch{limits, {}, false, false};
  const auto set = [&](auto option, auto value) { CHECK(curl_easy_setopt(curl.get(), option, value) == CURLE_OK); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(limits.most_redirects));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.timeout.count()));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits.most_bytes));
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");  // what a proxy connects to we cannot see
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_USERAGENT, "avatar-worker");
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, &fetch);
  set(CURLOPT_WRITEFUNCTION, &take);
  set(CURLOPT_WRITEDATA, &fetch);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &go_on);
  set(CURLOPT_XFERINFODATA, &fetch);
  switch (const CURLcode code = curl_easy_perform(curl.get())) {
    case CURLE_OK:
      if (fetch.bytes.empty()) return invalid("the address of the picture leads to nothing");
      return std::move(fetch.bytes);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return invalid("the address of the picture is not an http:// or https:// address");
    case CURLE_TOO_MANY_REDIRECTS:
      return invalid("the address of the picture leads from one address to the next");
    case CURLE_HTTP_RETURNED_ERROR: {
      long status = 0;
      curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
      return invalid("the server of the picture answered with status " + std::to_string(status));
    }
    case CURLE_COULDNT_RESOLVE_HOST:
      return invalid("the server of the picture has no address");
    case CURLE_ABORTED_BY_CALLBACK:
      return Error{ErrorKind::busy, "the picture was not waited for: this worker is shutting down"};
    case CURLE_OPERATION_TIMEDOUT:
      return Error{ErrorKind::timeout, "the picture did not come in time"};
    default:
      if (fetch.refused_address) {
        return invalid(
            "the address of the picture leads into a private network; send the picture itself, or allow it with "
            "AVATAR_ALLOW_PRIVATE_URLS=true");
      }
      if (fetch.too_large || code == CURLE_FILESIZE_EXCEEDED) return invalid("the picture is larger than 10 MB");
      return Error{ErrorKind::unavailable,
                   std::string("the picture could not be fetched: ") + curl_easy_strerror(code)};
  }
}

}  // namespace avatar
