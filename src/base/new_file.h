// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: it is written under a temporary name beside its target
// (".talk.mp4.123.part") and renamed at the end. Whatever goes wrong before, the temporary file is removed and the
// target is as it was.
//
//   auto file = NewFile::create("talk.mp4");     // refused early: no such folder, no right to write
//   file->append(bytes);
//   file->commit();                              // now talk.mp4 is there
//
// A process that is killed outright (SIGKILL) leaves the temporary file behind; nothing can be done about that.
// Threads: none of its own; one at a time.
// Errors: not_found (no such folder), invalid (the target is a folder or a device), unavailable (no right, no space).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace avatar {

class NewFile final {
 public:
  static Result<NewFile> create(const std::filesystem::path& target);

  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  /// Adds to the end.
  Result<void> append(std::span<const uint8_t> bytes);

  /// Makes room at `at` and puts `bytes` there: what stood behind moves back. Costs one pass over that part.
  Result<void> insert(int64_t at, std::span<const uint8_t> bytes);

  /// Closes and gives the file its name; an older file of that name is replaced. Nothing may be written afterwards.
  Result<void> commit();

  /// The temporary name, for libraries that want to write the file themselves.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] int64_t size() const { return size_; }  ///< bytes appended and inserted

 private:
  NewFile(int fd, std::filesystem::path path, std::filesystem::path target);
  Result<void> write_at(int64_t at, std::span<const uint8_t> bytes);

  int fd_;
  std::filesystem::path path_;  // empty: committed, or moved away
  std::filesystem::path target_;
  int64_t size_ = 0;
};

/// "No space left on device" and its kin as a sentence about this file: what could not be done and why.
[[nodiscard]] Error file_error(const char* what, const std::filesystem::path& path, int error_number);

}  // namespace avatar
