// SPDX-License-Identifier: Apache-2.0
// multipart/form-data (RFC 7578): the fields and files of a form, as pieces of the body they came in.
//
//   auto parts = parse_multipart(request.content_type, request.body);
//
// Read strictly where it is about borders and loosely where clients differ (a missing last line end, "filename*" is
// ignored). Work is linear in the size of the body.
// Threads: [any thread]. Ownership: parts point into `body`.
// Errors: invalid (no boundary, broken borders, a part without a name, too many parts or too large headers).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace avatar {

inline constexpr size_t kMostParts = 32;
inline constexpr size_t kMostPartHeaderBytes = 4096;

struct Part {
  std::string name;
  std::string file_name;     ///< empty: it is a field
  std::string content_type;  ///< as it came; may be empty
  std::string_view content;
};

[[nodiscard]] Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace avatar
