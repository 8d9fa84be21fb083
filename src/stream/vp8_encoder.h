// SPDX-License-Identifier: Apache-2.0
// Pictures -> VP8 for viewers (libvpx), one thread. The only file that includes libvpx.
//
//   auto encoder = Vp8Encoder::create(512, 512, 25, 1'200'000);
//   encoder->set_bitrate(800'000);
//   auto picture = encoder->encode(frame, time, somebody_lost_a_picture);
//
// As VideoEncoder::create_live: a bit rate that a link can carry, no key picture but the first and those that are asked
// for, no picture left out. VP8's colour is BT.601 (RFC 6386, 9.2), as Frame's.
// Threads: one at a time. Ours allocates nothing per picture.
// Errors: unsupported (the library refuses the size), internal (it fails on a picture).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "types/image.h"
#include "types/media_time.h"

namespace avatar {

class Vp8Encoder final {
 public:
  struct Picture {
    std::span<const uint8_t> bytes;  ///< one frame; valid until the next encode()
    bool is_key = false;             ///< decoding can start here
  };

  static Result<Vp8Encoder> create(int width, int height, int fps, int bitrate_bps);

  /// A wanted key picture is this one.
  Result<Picture> encode(const Frame& frame, MediaTime time, bool want_key = false);

  /// From the next picture on.
  void set_bitrate(int bits_per_second);

 private:
  struct Library;
  struct Close {
    void operator()(Library* library) const;
  };
  explicit Vp8Encoder(std::unique_ptr<Library, Close> library);

  std::unique_ptr<Library, Close> library_;
};

}  // namespace avatar
