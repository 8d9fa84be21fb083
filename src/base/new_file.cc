// SPDX-License-Identifier: Apache-2.0
#include "base/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace avatar {
namespace {

constexpr int64_t kMoveChunk = 1 << 20;  // bytes moved at a time by insert()

}  // namespace

Error file_error(const char* what, const std::filesystem::path& path, int error_number) {
  ErrorKind kind = ErrorKind::unavailable;
  if (error_number == ENOENT || error_number == ENOTDIR) kind = ErrorKind::not_found;
  if (error_number == EISDIR || error_number == ENAMETOOLONG) kind = ErrorKind::invalid;
  return {kind, "cannot " + std::string(what) + " " + path.string() + ": " + std::strerror(error_number)};
}

Result<NewFile> NewFile::create(const std::filesystem::path& target) {
  if (target.filename().empty())
    return Error{ErrorKind::invalid, "cannot write " + target.string() + ": it is a folder"};
  struct stat there {};
  if (::stat(target.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode))
      return Error{ErrorKind::invalid, "cannot write " + target.string() + ": it is a folder"};
    // A rename would put an ordinary file in the place of /dev/null.
    if (!S_ISREG(there.st_mode)) {
      return Error{ErrorKind::invalid, "cannot write " + target.string() + ": it is not an ordinary file"};
    }
    if (::access(target.c_str(), W_OK) != 0) return file_error("write", target, errno);
  }
  for (int attempt = 0;; ++attempt) {
    std::filesystem::path path = target;
    path.replace_filename(".");
    path += target.filename();
    path += '.' + std::to_string(::getpid());
    if (attempt > 0) path += '-' + std::to_string(attempt);
    path += ".part";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return NewFile(fd, std::move(path), target);
    if (errno != EEXIST || attempt == 100) return file_error("write", target, errno);
  }
}

NewFile::NewFile(int fd, std::filesystem::path path, std::filesystem::path target)
    : fd_(fd), path_(std::move(path)), target_(std::move(target)) {}

NewFile::NewFile(NewFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::exchange(other.path_, {})),
      target_(std::move(other.target_)),
      size_(other.size_) {}

NewFile::~NewFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> NewFile::write_at(int64_t at, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("write", target_, errno);
    bytes = bytes.subspan(static_cast<size_t>(n));
    at += n;
  }
  return {};
}

Result<void> NewFile::append(std::span<const uint8_t> bytes) {
  if (auto written = write_at(size_, bytes); !written) return written;
  size_ += static_cast<int64_t>(bytes.size());
  return {};
}

Result<void> NewFile::insert(int64_t at, std::span<const uint8_t> bytes) {
  CHECK(at >= 0 && at <= size_);
  const auto shift = static_cast<int64_t>(bytes.size());
  std::vector<uint8_t> chunk(static_cast<size_t>(std::min(kMoveChunk, size_ - at)));
  // From the end, so that nothing is overwritten before it was moved.
  for (int64_t end = size_; end > at;) {
    const int64_t begin = std::max(at, end - kMoveChunk);
    for (int64_t got = begin; got < end;) {
      const ssize_t n = ::pread(fd_, chunk.data() + (got - begin), static_cast<size_t>(end - got), got);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return file_error("read back", path_, n < 0 ? errno : EIO);
      got += n;
    }
    if (auto moved = write_at(begin + shift, {chunk.data(), static_cast<size_t>(end - begin)}); !moved) return moved;
    end = begin;
  }
  if (auto written = write_at(at, bytes); !written) return written;
  size_ += shift;
  return {};
}

Result<void> NewFile::commit() {
  CHECK(!path_.empty());
  // close() is where a network file system says that the disk is full.
  if (::close(std::exchange(fd_, -1)) != 0) return file_error("write", target_, errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) return file_error("write", target_, errno);
  path_.clear();
  return {};
}

}  // namespace avatar
