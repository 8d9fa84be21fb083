// SPDX-License-Identifier: Apache-2.0
#include "http/keys.h"

#include <algorithm>

#include "http/base64.h"
#include "http/exchange.h"

namespace avatar {
namespace {

bool same_secret(std::string_view given, std::string_view secret) {
  if (given.empty()) return false;
  unsigned different = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < secret.size(); ++i) {
    different |= static_cast<unsigned>(static_cast<uint8_t>(given[i % given.size()]) ^ static_cast<uint8_t>(secret[i]));
  }
  return different == 0;
}

std::string token_in(std::string_view protocols) {
  constexpr std::string_view kPrefix = "bearer.";
  while (!protocols.empty()) {
    const size_t comma = protocols.find(',');
    const std::string_view one = trimmed(protocols.substr(0, comma));
    protocols.remove_prefix(comma == std::string_view::npos ? protocols.size() : comma + 1);
    if (one.substr(0, kPrefix.size()) != kPrefix) continue;
    if (const auto bytes = decode_base64(one.substr(kPrefix.size()))) {
      return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
    }
  }
  return {};
}

}  // namespace

bool opens(const Keys& keys, std::string_view token) {
  constexpr size_t kScheme = 7;  // "Bearer "
  std::string_view bearer;
  if (keys.authorization.size() > kScheme && same_word(keys.authorization.substr(0, kScheme), "bearer ")) {
    bearer = trimmed(keys.authorization.substr(kScheme));
  }
  return same_secret(bearer, token) || same_secret(keys.api_secret, token) ||
         same_secret(token_in(keys.protocols), token);
}

bool may_call(std::string_view origin, std::string_view host, std::span<const std::string> allowed) {
  const size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && same_word(origin.substr(scheme + 3), host)) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& a) { return a == "*" || same_word(a, origin); });
}

bool is_local_name(std::string_view host) {
  if (host.substr(0, 1) == "[") return host.find(']') != std::string_view::npos;
  const std::string_view name = host.substr(0, host.find(':'));
  constexpr std::string_view kLocal = "localhost";
  if (same_word(name, kLocal)) return true;
  if (name.size() > kLocal.size() && same_word(name.substr(name.size() - kLocal.size()), kLocal) &&
      name[name.size() - kLocal.size() - 1] == '.') {
    return true;
  }
  return name.find_first_not_of("0123456789.") == std::string_view::npos && !name.empty();
}

}  // namespace avatar
