// SPDX-License-Identifier: Apache-2.0
#include "stream/y4m_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/new_file.h"

namespace avatar {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class Y4mSink final : public Sink {
 public:
  Y4mSink(std::filesystem::path path, int fd, std::optional<NewFile> file, std::string header)
      : path_(std::move(path)), fd_(fd), file_(std::move(file)), header_(std::move(header)) {}
  ~Y4mSink() override {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  Y4mSink(const Y4mSink&) = delete;
  Y4mSink& operator=(const Y4mSink&) = delete;

  Result<void> show(const Frame& frame, MediaTime) override {
    if (auto written = write(bytes_of(std::exchange(header_, {}))); !written) return written;
    if (auto written = write(bytes_of("FRAME\n")); !written) return written;
    return write(frame.bytes());
  }
  Result<void> play(std::span<const float>, MediaTime) override { return {}; }
  Result<void> finish() override {
    if (auto written = write(bytes_of(std::exchange(header_, {}))); !written) return written;
    return file_ ? file_->commit() : Result<void>();
  }

 private:
  Result<void> write(std::span<const uint8_t> bytes) {
    if (file_) return file_->append(bytes);
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return file_error("write", fd_ == STDOUT_FILENO ? "standard output" : path_, errno);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return {};
  }

  std::filesystem::path path_;
  int fd_;  // when there is no file_
  std::optional<NewFile> file_;
  std::string header_;  // written with the first picture
};

}  // namespace

Result<std::unique_ptr<Sink>> make_y4m_sink(const std::filesystem::path& path, int width, int height, int fps) {
  // Chroma lies in the middle of its four pixels, which this format calls 420jpeg; the range is said apart.
  std::string header = "YUV4MPEG2 W" + std::to_string(width) + " H" + std::to_string(height) + " F" +
                       std::to_string(fps) + ":1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n";
  int fd = -1;
  std::optional<NewFile> file;
  std::error_code ignored;
  const auto kind = std::filesystem::status(path, ignored).type();
  if (path == "-") {
    fd = STDOUT_FILENO;
  } else if (kind == std::filesystem::file_type::character || kind == std::filesystem::file_type::fifo) {
    fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return file_error("write", path, errno);
  } else {
    auto created = NewFile::create(path);
    if (!created) return created.error();
    file.emplace(std::move(*created));
  }
  return std::unique_ptr<Sink>(new Y4mSink(path, fd, std::move(file), std::move(header)));
}

}  // namespace avatar
