// SPDX-License-Identifier: Apache-2.0
#include "face/portrait_file.h"

#include <bit>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include "base/new_file.h"
#include "face/canonical_face.h"
#include "face/picture_file.h"
#include "face/sha256.h"

namespace avatar {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "AVATARPF";
constexpr size_t kDigest = 64;
constexpr size_t kHash = 64;  // digits of content_hash
// A picture and a mask of the largest size, and room for the rest.
constexpr uintmax_t kMostBytes = uintmax_t{4} * kMaxPortraitSide * kMaxPortraitSide + 65536;

// One description of the layout for both ways: `Disk` is a Writer or a Reader.
template <typename Disk, typename P>
void pass(Disk& disk, P& p) {
  disk.pixels(p.picture.width, p.picture.height, p.picture.rgb, 3);
  disk.pixels(p.person.width, p.person.height, p.person.value, 1);
  disk.value(p.landmarks);
  disk.value(p.face_score);
  disk.value(p.faces_found);
  disk.value(p.fit);
  disk.value(p.rest.lip_gap_cm);
  disk.value(p.rest.teeth_show);
  disk.value(p.rest.smile);
  disk.value(p.rest.eye_open_left);
  disk.value(p.rest.eye_open_right);
  disk.text(p.content_hash);
}

class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& out) : out_(out) {}
  void bytes(const void* data, size_t size) {
    const auto* first = static_cast<const uint8_t*>(data);
    out_.insert(out_.end(), first, first + size);
  }
  template <typename T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&v, sizeof v);
  }
  void pixels(int width, int height, const std::vector<uint8_t>& data, int) {
    value(width);
    value(height);
    bytes(data.data(), data.size());
  }
  void text(const std::string& hash) {
    CHECK(hash.size() == kHash);
    bytes(hash.data(), hash.size());
  }

 private:
  std::vector<uint8_t>& out_;
};

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> in) : in_(in) {}
  void bytes(void* data, size_t size) {
    good_ = good_ && size <= in_.size();
    if (!good_) return;
    std::memcpy(data, in_.data(), size);
    in_ = in_.subspan(size);
  }
  template <typename T>
  void value(T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&v, sizeof v);
  }
  void value(bool& v) {  // of a byte's 256 values two are one
    uint8_t byte = 0;
    bytes(&byte, sizeof byte);
    good_ = good_ && byte <= 1;
    v = byte == 1;
  }
  void pixels(int& width, int& height, std::vector<uint8_t>& data, int bytes_a_pixel) {
    value(width);
    value(height);
    good_ = good_ && width > 0 && height > 0 && width <= kMaxPortraitSide && height <= kMaxPortraitSide;
    if (!good_) return;
    data.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(bytes_a_pixel));
    bytes(data.data(), data.size());
  }
  void text(std::string& hash) {
    hash.resize(kHash);
    bytes(hash.data(), hash.size());
  }
  [[nodiscard]] bool is_read() const { return good_ && in_.empty(); }

 private:
  std::span<const uint8_t> in_;
  bool good_ = true;
};

Result<std::vector<uint8_t>> content_of(const std::filesystem::path& path) {
  std::error_code code;
  const uintmax_t size = std::filesystem::file_size(path, code);
  if (code) return Error{ErrorKind::not_found, "there is no file " + path.string()};
  if (size > kMostBytes) return Error{ErrorKind::invalid, path.string() + " is too large"};
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return file_error("read", path, errno);
  std::vector<uint8_t> bytes(size);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  return bytes;
}

std::string digest_of(std::span<const uint8_t> bytes) { return sha256_hex(std::as_bytes(bytes)); }

}  // namespace

Result<void> write_portrait(const std::filesystem::path& path, const Portrait& portrait) {
  std::vector<uint8_t> out;
  out.reserve(portrait.picture.rgb.size() + portrait.person.value.size() + 8192);
  Writer writer(out);
  writer.bytes(kMagic.data(), kMagic.size());
  writer.value(kPortraitFileVersion);
  pass(writer, portrait);
  const std::string digest = digest_of(out);
  writer.bytes(digest.data(), digest.size());

  auto file = NewFile::create(path);
  if (!file) return file.error();
  if (auto written = file->append(out); !written) return written;
  return file->commit();
}

Result<std::shared_ptr<const Portrait>> read_portrait(const std::filesystem::path& path) {
  auto content = content_of(path);
  if (!content) return content.error();
  const Error damaged{ErrorKind::invalid, path.string() + " is not a portrait of this version, or is damaged"};
  std::span<const uint8_t> bytes = *content;
  if (bytes.size() < kMagic.size() + sizeof kPortraitFileVersion + kDigest) return damaged;
  const auto digest = bytes.last(kDigest);
  bytes = bytes.first(bytes.size() - kDigest);
  const std::string expected = digest_of(bytes);
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return damaged;
  if (std::memcmp(digest.data(), expected.data(), kDigest) != 0) return damaged;

  Reader reader(bytes.subspan(kMagic.size()));
  uint32_t version = 0;
  reader.value(version);
  if (version != kPortraitFileVersion) return damaged;
  auto portrait = std::make_shared<Portrait>();
  pass(reader, *portrait);
  if (!reader.is_read()) return damaged;
  if (portrait->person.width != portrait->picture.width || portrait->person.height != portrait->picture.height) {
    return damaged;
  }
  portrait->canonical = load_canonical_face();
  return std::shared_ptr<const Portrait>(std::move(portrait));
}

}  // namespace avatar
