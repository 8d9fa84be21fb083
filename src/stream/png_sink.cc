// SPDX-License-Identifier: Apache-2.0
#include "stream/png_sink.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include "base/new_file.h"
#include "stream/frame_colour.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

class PngSink final : public Sink {
 public:
  PngSink(fs::path part, fs::path folder, WritePicture write)
      : part_(std::move(part)), folder_(std::move(folder)), write_(std::move(write)) {}
  ~PngSink() override {
    std::error_code ignored;
    if (!part_.empty()) fs::remove_all(part_, ignored);
  }
  PngSink(const PngSink&) = delete;
  PngSink& operator=(const PngSink&) = delete;

  Result<void> show(const Frame& frame, MediaTime) override {
    std::array<char, 32> name;
    std::snprintf(name.data(), name.size(), "frame_%05lld.png", static_cast<long long>(pictures_++));
    return write_(part_ / name.data(), rgb_of(frame));
  }
  Result<void> play(std::span<const float>, MediaTime) override { return {}; }
  Result<void> finish() override {
    std::error_code error;
    fs::rename(part_, folder_, error);  // replaces an empty folder
    if (error) return file_error("write", folder_, error.value());
    part_.clear();
    return {};
  }

 private:
  fs::path part_;  // empty: finished
  fs::path folder_;
  WritePicture write_;
  int64_t pictures_ = 0;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_png_sink(const fs::path& folder, WritePicture write) {
  // "frames/" and "frames" are the same folder.
  const fs::path target = folder.filename().empty() ? folder.parent_path() : folder;
  std::error_code error;
  if (fs::exists(target, error) && !(fs::is_directory(target, error) && fs::is_empty(target, error))) {
    return Error{ErrorKind::invalid,
                 "cannot write frames into " + target.string() + ": it is there already and not an empty folder"};
  }
  fs::path part = target;
  part.replace_filename(".");
  part += target.filename();
  part += '.' + std::to_string(::getpid()) + ".part";
  if (!fs::create_directory(part, error)) return file_error("write", target, error ? error.value() : EEXIST);
  return std::unique_ptr<Sink>(new PngSink(part, target, std::move(write)));
}

}  // namespace avatar
