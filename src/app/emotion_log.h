// SPDX-License-Identifier: Apache-2.0
// A file of what mood was heard: one line of JSON for each estimate, {"t": seconds, "emotion": {"angry": p, ...}}, all
// seven by name. It appears whole or not at all.
//
//   auto log = EmotionLog::create(path);       // an empty path: everything that is added is dropped
//   log->add(estimate);
//   log->finish();
//
// Threads: one at a time. Errors: of the file; add() keeps them for finish().
#pragma once

#include <filesystem>
#include <optional>

#include "base/new_file.h"
#include "base/result.h"
#include "types/emotion.h"

namespace avatar {

class EmotionLog final {
 public:
  static Result<EmotionLog> create(const std::filesystem::path& path);

  void add(const EmotionEstimate& estimate);
  Result<void> finish();

 private:
  explicit EmotionLog(std::optional<NewFile> file) : file_(std::move(file)) {}

  std::optional<NewFile> file_;
  Result<void> written_;
};

}  // namespace avatar
