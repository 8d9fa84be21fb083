// SPDX-License-Identifier: Apache-2.0
// Who may come in: the token as clients bring it, and the sites whose pages may call.
// Threads: [any thread].
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace avatar {

/// What a request brings; each may be empty.
struct Keys {
  std::string_view authorization;  ///< "Bearer <token>"
  std::string_view api_secret;     ///< "<token>"
  std::string_view protocols;      ///< of a WebSocket: "avatar, bearer.<token in base64url>"
};

/// Whether one of them is the token. Takes the same time whichever characters are wrong.
[[nodiscard]] bool opens(const Keys& keys, std::string_view token);

/// Whether a page of `origin` may call a server that the browser knows as `host`: one of its own, or of `allowed`.
[[nodiscard]] bool may_call(std::string_view origin, std::string_view host, std::span<const std::string> allowed);

/// Whether a Host header names this machine in a way that no page of elsewhere can take on: localhost, or an IP
/// address. A name that a stranger's DNS leads to 127.0.0.1 (DNS rebinding) is none of these.
[[nodiscard]] bool is_local_name(std::string_view host);

}  // namespace avatar
