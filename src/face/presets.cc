// SPDX-License-Identifier: Apache-2.0
#include "face/presets.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include "base/new_file.h"
#include "face/picture_file.h"
#include "face/portrait_file.h"
#include "face/sha256.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

bool is_good_id(std::string_view id) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return !id.empty() && id.size() <= 64 && id.front() != '.' && std::all_of(id.begin(), id.end(), good);
}

bool is_picture_name(const fs::path& path) {
  std::string kind = path.extension().string();
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  constexpr std::array<std::string_view, 4> kKinds{".jpg", ".jpeg", ".png", ".webp"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

// The first picture by name; empty: there is none.
fs::path first_picture(const fs::path& folder) {
  fs::path first;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    const fs::path& path = it->path();
    if (path.filename().string().front() == '.' || !is_picture_name(path)) continue;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored) && (first.empty() || path.filename() < first.filename())) first = path;
  }
  return first;
}

// One byte more than is allowed is enough for the decoder to refuse.
Result<std::vector<std::byte>> content_of(const fs::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return file_error("read", path, errno);
  std::vector<std::byte> bytes(kMaxPictureBytes + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  bytes.shrink_to_fit();
  return bytes;
}

}  // namespace

Presets::Presets(PresetSettings settings, Analyse analyse)
    : settings_(std::move(settings)), analyse_(std::move(analyse)) {}

Result<std::vector<std::string>> Presets::refresh() {
  auto read = read_folder();
  if (!read) return read.error();
  Table table = std::move(*read);
  std::vector<Known*> fresh;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, known] : table) {
      const auto old = table_.find(id);
      const bool same = old != table_.end() && old->second.preset.picture == known.preset.picture &&
                        old->second.changed == known.changed && old->second.size == known.size;
      if (same) {
        known.preset = old->second.preset;
      } else if (!known.preset.why_not) {
        fresh.push_back(&known);
      }
    }
  }
  std::vector<std::string> bad;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < fresh.size(); i = next++) prepare(*fresh[i]);
  };
  std::vector<std::thread> threads;
  const size_t most = std::min<size_t>(static_cast<size_t>(std::max(settings_.threads, 1)), fresh.size());
  for (size_t i = 1; i < most; ++i) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();

  const std::lock_guard lock(mutex_);
  for (const auto& [id, known] : table) {
    if (!known.preset.why_not) continue;
    const auto old = table_.find(id);
    const bool was_bad = old != table_.end() && old->second.preset.why_not &&
                         old->second.preset.why_not->message == known.preset.why_not->message;
    if (!was_bad) bad.push_back(id + ": " + known.preset.why_not->message);
  }
  table_ = std::move(table);
  return bad;
}

// Who is there, without looking into the pictures.
Result<Presets::Table> Presets::read_folder() const {
  Table table;
  table[std::string(kDefault)].preset.id = kDefault;
  if (settings_.folder.empty()) return table;
  std::error_code code;
  for (fs::directory_iterator it(settings_.folder, code), end; !code && it != end; it.increment(code)) {
    std::error_code ignored;
    const std::string name = it->path().filename().string();
    if (!fs::is_directory(it->path(), ignored) || name.front() == '.') continue;
    Known known;
    known.preset.id = name;
    known.preset.picture = first_picture(it->path());
    if (!is_good_id(name)) {
      known.preset.why_not = Error{ErrorKind::invalid,
                                   "the folder's name is not an id: rename it to letters, digits, dots, dashes or "
                                   "underscores, 64 at most"};
    } else if (known.preset.picture.empty()) {
      known.preset.why_not = Error{ErrorKind::not_found, "there is no .jpg, .jpeg, .png or .webp in the folder"};
    } else {
      known.changed = fs::last_write_time(known.preset.picture, ignored);
      known.size = fs::file_size(known.preset.picture, ignored);
    }
    table[name] = std::move(known);
  }
  if (code) {
    return Error{ErrorKind::unavailable, "cannot read the folder " + settings_.folder.string() + ": " + code.message()};
  }
  return table;
}

void Presets::prepare(Known& known) const {
  Preset& preset = known.preset;
  std::vector<std::byte> bytes;
  if (!preset.picture.empty()) {
    auto content = content_of(preset.picture);
    if (!content) {
      preset.why_not = content.error();
      return;
    }
    bytes = std::move(*content);
  }
  auto portrait = portrait_of(preset.picture.empty() ? settings_.built_in : bytes);
  if (portrait) {
    preset.portrait = std::move(*portrait);
  } else {
    preset.why_not = portrait.error();
  }
}

// From the disk if it was analysed before. What cannot be kept there is no error: it only costs time at the next start.
Result<std::shared_ptr<const Portrait>> Presets::portrait_of(std::span<const std::byte> picture) const {
  if (settings_.cache.empty()) return analyse_(picture);
  const fs::path path =
      settings_.cache / (sha256_hex(picture) + ".v" + std::to_string(kPortraitFileVersion) + ".portrait");
  if (auto known = read_portrait(path)) return known;
  auto portrait = analyse_(picture);
  if (!portrait) return portrait;
  std::error_code ignored;
  fs::create_directories(settings_.cache, ignored);
  (void)write_portrait(path, **portrait);
  return portrait;
}

Result<std::shared_ptr<const Portrait>> Presets::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto it = table_.find(id);
  if (it == table_.end()) {
    if (table_.empty()) return Error{ErrorKind::busy, "the portraits are being prepared; try again in a second"};
    return Error{ErrorKind::not_found, "there is no avatar of this name; GET /avatars lists those there are"};
  }
  const Preset& preset = it->second.preset;
  if (preset.why_not) return Error{preset.why_not->kind, "its picture cannot be used: " + preset.why_not->message};
  return preset.portrait;
}

std::vector<Presets::Preset> Presets::list() const {
  std::vector<Preset> list;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, known] : table_) list.push_back(known.preset);
  return list;
}

Result<std::vector<std::byte>> Presets::picture_of(std::string_view id) const {
  fs::path path;
  {
    const std::lock_guard lock(mutex_);
    const auto it = table_.find(id);
    if (it == table_.end() || (it->second.preset.picture.empty() && it->first != kDefault)) {
      return Error{ErrorKind::not_found, "there is no avatar of this name; GET /avatars lists those there are"};
    }
    path = it->second.preset.picture;
  }
  if (path.empty()) return std::vector<std::byte>(settings_.built_in.begin(), settings_.built_in.end());
  return content_of(path);
}

}  // namespace avatar
