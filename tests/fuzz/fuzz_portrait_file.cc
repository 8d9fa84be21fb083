// SPDX-License-Identifier: Apache-2.0
// A portrait of the cache. An odd first byte: a file as it is; even: its content, under a right header and checksum.
#include <sys/mman.h>
#include <unistd.h>

#include "face/portrait_file.h"
#include "face/sha256.h"
#include "fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  std::string file;
  if (in.byte() % 2 == 0) {
    const uint32_t version = avatar::kPortraitFileVersion;
    file = "AVATARPF" + std::string(reinterpret_cast<const char*>(&version), sizeof version) + std::string(in.rest());
    file += avatar::sha256_hex(std::as_bytes(std::span(file)));
  } else {
    file = in.rest();
  }
  static const int fd = ::memfd_create("portrait", 0);
  FUZZ_EXPECT(::ftruncate(fd, 0) == 0);
  FUZZ_EXPECT(::pwrite(fd, file.data(), file.size(), 0) == static_cast<ssize_t>(file.size()));
  const auto portrait = avatar::read_portrait("/proc/self/fd/" + std::to_string(fd));
  if (!portrait) return 0;
  const auto& p = **portrait;
  FUZZ_EXPECT(p.picture.rgb.size() == size_t{3} * static_cast<size_t>(p.picture.width * p.picture.height));
  FUZZ_EXPECT(p.person.width == p.picture.width && p.person.height == p.picture.height);
  FUZZ_EXPECT(p.canonical != nullptr);
  const bool teeth = p.rest.teeth_show;  // one of two values
  FUZZ_EXPECT(teeth || !teeth);
  return 0;
}
