// SPDX-License-Identifier: Apache-2.0
#include "http/multipart.h"

#include "http/exchange.h"

namespace avatar {
namespace {

Error broken(const char* what) { return {ErrorKind::invalid, std::string("the form is broken: ") + what}; }

// The lines of a part's header, up to and without the empty line.
Result<Part> read_header(std::string_view header) {
  Part part;
  while (!header.empty()) {
    const size_t end = header.find("\r\n");
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return broken("a header of a part has no colon");
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_word(line.substr(0, colon), "content-disposition")) {
      if (media_type(value) != "form-data") return broken("a part is no form-data");
      part.name = media_parameter(value, "name");
      part.file_name = media_parameter(value, "filename");
    } else if (same_word(line.substr(0, colon), "content-type")) {
      part.content_type = value;
    }
  }
  if (part.name.empty()) return broken("a part has no name");
  return part;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body) {
  const std::string boundary = media_parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > 70) return broken("its Content-Type has no boundary of 1 to 70 characters");
  const std::string border = "\r\n--" + boundary;

  // The first border may stand at the very front, without its line end.
  size_t at = 0;
  if (body.substr(0, border.size() - 2) == std::string_view(border).substr(2)) {
    at = border.size() - 2;
  } else {
    const size_t found = body.find(border);
    if (found == std::string_view::npos) return broken("the boundary of its Content-Type does not occur");
    at = found + border.size();
  }
  std::vector<Part> parts;
  while (true) {
    if (body.substr(at, 2) == "--") return parts;
    while (at < body.size() && (body[at] == ' ' || body[at] == '\t')) ++at;
    if (body.substr(at, 2) != "\r\n") return broken("a boundary is not followed by a new line");
    at += 2;
    if (parts.size() == kMostParts) return broken("it has too many parts");
    // A part without headers has no name, so an empty header need not be looked for.
    const size_t header_end = body.substr(at, kMostPartHeaderBytes).find("\r\n\r\n");
    if (header_end == std::string_view::npos) return broken("the header of a part does not end, or is too large");
    auto part = read_header(body.substr(at, header_end));
    if (!part) return part.error();
    at += header_end + 4;
    // The line end before the border may be the one that ends an empty header.
    const size_t end = body.find(border, at - 2);
    if (end == std::string_view::npos) return broken("it does not end with its boundary");
    part->content = end < at ? std::string_view() : body.substr(at, end - at);
    parts.push_back(std::move(*part));
    at = end + border.size();
  }
}

}  // namespace avatar
