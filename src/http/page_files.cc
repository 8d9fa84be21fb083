// SPDX-License-Identifier: Apache-2.0
#include "http/page_files.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace avatar {

// Written by CMake: one entry for each file.
std::span<const PageFile> all_page_files();

const PageFile* page_file(std::string_view name) {
  const auto files = all_page_files();
  const auto it = std::find_if(files.begin(), files.end(), [&](const PageFile& f) { return f.name == name; });
  return it == files.end() ? nullptr : &*it;
}

std::string_view content_type_of(std::string_view file_name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"},
      {".yaml", "application/yaml"},
  }};
  for (const auto& [end, type] : kTypes) {
    if (file_name.size() > end.size() && file_name.substr(file_name.size() - end.size()) == end) return type;
  }
  return "application/octet-stream";
}

}  // namespace avatar
