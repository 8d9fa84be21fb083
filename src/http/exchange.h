// SPDX-License-Identifier: Apache-2.0
// What is asked and what is answered, free of any HTTP library: http/server speaks HTTP, http/routes speaks this.
// Threads: values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace avatar {

struct Request {
  std::string method;        ///< "GET"
  std::string path;          ///< percent-decoded, without the query
  std::string query;         ///< behind the '?', as it came
  std::string content_type;  ///< as it came
  std::string if_match;
  std::string host;  ///< the Host header
  std::string body;
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string error_kind{};  ///< of an error, for the metrics
  /// Set: the client waits on until it gives the body; it is asked now and then, by any thread.
  std::function<std::optional<std::string>()> later{};
};

/// Equal but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);

/// Without spaces and tabs at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// "audio/L16; rate=16000": what stands before the first ';', in small letters.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// One of its parameters, unquoted (RFC 9110, 5.6.6); empty: it is not there.
[[nodiscard]] std::string media_parameter(std::string_view content_type, std::string_view name);

}  // namespace avatar
