// SPDX-License-Identifier: Apache-2.0
// The portraits that can be asked for by name: "default", which is built in, and those of a folder:
//
//   <folder>/<id>/<picture>.{jpg,jpeg,png,webp}       the first picture by name; the folder's name is the id
//
//   Presets presets(settings, analyse);
//   presets.refresh();                        // reads the folder; again whenever it may have changed
//   auto portrait = presets.find("anna");
//
// Pictures are analysed on several threads, and kept on disk by their content (face/portrait_file.h). One bad picture
// or folder is reported in list() and stops no other. A folder that appears, changes or goes is noticed by refresh(),
// which analyses only what is new; what was there stays in use until then. "default" in the folder replaces the
// built-in one. An id is 1 to 64 of letters, digits, '.', '-', '_', and does not begin with a dot: folders of other
// names are reported as bad. Threads: refresh() one at a time; the rest [any thread]. Portraits are shared and
// constant. Errors: of find(): not_found, or busy (not prepared yet), or what is wrong with its picture.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "types/portrait.h"

namespace avatar {

struct PresetSettings {
  std::filesystem::path folder;         ///< empty: only the built-in portrait
  std::filesystem::path cache;          ///< is made if need be; empty: nothing is kept on disk
  std::span<const std::byte> built_in;  ///< a picture file, for as long as the presets live
  int threads = 2;
};

class Presets final {
 public:
  static constexpr std::string_view kDefault = "default";

  /// Picture file -> Portrait. [any thread], several at once
  using Analyse = std::function<Result<std::shared_ptr<const Portrait>>(std::span<const std::byte>)>;

  Presets(PresetSettings settings, Analyse analyse);

  /// Answers what went wrong, one line for each preset that is newly bad. unavailable: the folder cannot be read.
  Result<std::vector<std::string>> refresh();

  [[nodiscard]] Result<std::shared_ptr<const Portrait>> find(std::string_view id) const;

  struct Preset {
    std::string id;
    std::shared_ptr<const Portrait> portrait;  ///< null: not ready, why_not tells
    std::optional<Error> why_not;
    std::filesystem::path picture;  ///< empty: built in
  };
  /// By id.
  [[nodiscard]] std::vector<Preset> list() const;

  /// The picture file itself.
  [[nodiscard]] Result<std::vector<std::byte>> picture_of(std::string_view id) const;

 private:
  struct Known {
    Preset preset;
    std::filesystem::file_time_type changed;
    uintmax_t size = 0;
  };
  using Table = std::map<std::string, Known, std::less<>>;

  [[nodiscard]] Result<Table> read_folder() const;
  void prepare(Known& known) const;
  [[nodiscard]] Result<std::shared_ptr<const Portrait>> portrait_of(std::span<const std::byte> picture) const;

  const PresetSettings settings_;
  const Analyse analyse_;
  mutable std::mutex mutex_;
  Table table_;
};

}  // namespace avatar
