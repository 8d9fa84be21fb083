// SPDX-License-Identifier: Apache-2.0
#include "app/picture_source.h"

#include <cerrno>
#include <cstdio>
#include <string>

#include "base/new_file.h"
#include "face/analysis.h"
#include "face/picture_file.h"

extern "C" const std::byte avatar_built_in_portrait[], avatar_built_in_portrait_end[];

namespace avatar {
namespace {

// One byte more than is allowed is enough for the decoder to refuse.
Result<std::vector<std::byte>> content_of(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) return Error{ErrorKind::not_found, "there is no file " + path.string()};
  if (std::filesystem::is_directory(status)) return Error{ErrorKind::invalid, path.string() + " is a folder"};
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return file_error("read", path, errno);
  std::vector<std::byte> bytes(kMaxPictureBytes + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  const int failed = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (failed != 0) return file_error("read", path, failed);
  return bytes;
}

}  // namespace

std::span<const std::byte> built_in_portrait() { return {avatar_built_in_portrait, avatar_built_in_portrait_end}; }

Result<std::shared_ptr<const Portrait>> portrait_from(const std::filesystem::path& path) {
  std::vector<std::byte> bytes;
  if (!path.empty()) {
    auto content = content_of(path);
    if (!content) return content.error();
    bytes = std::move(*content);
  }
  auto faces = FaceAnalysis::load();
  if (!faces) return faces.error();
  auto portrait = (*faces)->analyse(path.empty() ? built_in_portrait() : bytes);
  if (!portrait && !path.empty()) return Error{portrait.error().kind, path.string() + ": " + portrait.error().message};
  return portrait;
}

}  // namespace avatar
