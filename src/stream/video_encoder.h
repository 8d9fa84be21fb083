// SPDX-License-Identifier: Apache-2.0
// Pictures -> H.264 (constrained baseline, openh264), one thread, every picture at the same fineness. The only file
// that includes openh264.
//
//   auto encoder = VideoEncoder::create(512, 512, 25);
//   auto picture = encoder->encode(frame, time);
//   write(picture->bytes);
//
// Constant fineness instead of a constant bit rate, because this is for files: a talking head costs few bits in its
// still parts and gets them back as a sharp mouth. Measured on the built-in portrait, 512x512 at 25 fps: see
// bench/results.
// The stream says BT.601, limited range (ITU-T H.264, E.2.1: 6, 6, 6), as Frame does.
// Threads: one at a time. Ours allocates nothing per picture.
// Errors: unsupported (the library refuses the size), internal (it fails on a picture).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "types/image.h"
#include "types/media_time.h"

class ISVCEncoder;

namespace avatar {

class VideoEncoder final {
 public:
  struct Picture {
    std::span<const uint8_t> bytes;  ///< one access unit, Annex B; valid until the next encode()
    bool is_key = false;             ///< decoding can start here; carries its parameter sets
  };

  /// `fps` pictures a second; a key frame every two seconds.
  static Result<VideoEncoder> create(int width, int height, int fps);

  Result<Picture> encode(const Frame& frame, MediaTime time);

 private:
  struct Close {
    void operator()(ISVCEncoder* encoder) const;
  };
  VideoEncoder(std::unique_ptr<ISVCEncoder, Close> encoder, int width, int height);

  std::unique_ptr<ISVCEncoder, Close> encoder_;
  int width_;
  int height_;
  std::vector<uint8_t> bytes_;
};

}  // namespace avatar
