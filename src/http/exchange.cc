// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.h"

#include <algorithm>

namespace avatar {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string media_type(std::string_view content_type) {
  std::string type(trimmed(content_type.substr(0, content_type.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

std::string media_parameter(std::string_view text, std::string_view name) {
  size_t at = text.find(';');
  while (at < text.size()) {
    text.remove_prefix(at + 1);
    const size_t equals = text.find_first_of("=;");
    if (equals >= text.size() || text[equals] == ';') {
      at = equals;
      continue;
    }
    const std::string_view key = trimmed(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    std::string value;
    if (!text.empty() && text.front() == '"') {
      size_t i = 1;
      for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
      }
      at = text.find(';', i);
    } else {
      at = text.find(';');
      value = trimmed(text.substr(0, at));
    }
    if (same_word(key, name)) return value;
  }
  return {};
}

}  // namespace avatar
