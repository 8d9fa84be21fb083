// SPDX-License-Identifier: Apache-2.0
// The page (web/) and the API's description (openapi.yaml), as part of the program. Threads: [any thread].
#pragma once

#include <string_view>

namespace avatar {

struct PageFile {
  std::string_view name;  ///< "index.html"
  std::string_view content;
};

/// Null: there is no such file.
[[nodiscard]] const PageFile* page_file(std::string_view name);

/// By the end of its name: "text/html; charset=utf-8".
[[nodiscard]] std::string_view content_type_of(std::string_view file_name);

}  // namespace avatar
