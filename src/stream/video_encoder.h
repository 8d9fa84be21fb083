// SPDX-License-Identifier: Apache-2.0
// Pictures -> H.264 (constrained baseline, openh264), one thread. The only file that includes openh264.
//
//   auto encoder = VideoEncoder::create(512, 512, 25);            // for a file
//   auto picture = encoder->encode(frame, time);
//   write(picture->bytes);
//
//   auto encoder = VideoEncoder::create_live(512, 512, 25, 1'200'000);   // for viewers: see live_encoder.h
//   encoder->set_bitrate(800'000);
//   auto picture = encoder->encode(frame, time, somebody_lost_a_picture);
//
// Files: constant fineness instead of a constant bit rate, because a talking head costs few bits in its still parts
// and gets them back as a sharp mouth. Measured on the built-in portrait, 512x512 at 25 fps: see bench/results.
// Viewers: a bit rate that a link can carry; no key picture but the first and those that are asked for, because each
// is a pulse of bits and a flicker in the still parts; no picture is ever left out.
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

  /// For viewers: about `bitrate_bps` bits a second, key pictures on demand only.
  static Result<VideoEncoder> create_live(int width, int height, int fps, int bitrate_bps);

  /// A wanted key picture is this one.
  Result<Picture> encode(const Frame& frame, MediaTime time, bool want_key = false);

  /// From the next picture on; of a live encoder.
  void set_bitrate(int bits_per_second);

 private:
  struct Close {
    void operator()(ISVCEncoder* encoder) const;
  };
  static Result<VideoEncoder> create(int width, int height, int fps, int live_bitrate_bps);
  VideoEncoder(std::unique_ptr<ISVCEncoder, Close> encoder, int width, int height);

  std::unique_ptr<ISVCEncoder, Close> encoder_;
  int width_;
  int height_;
  std::vector<uint8_t> bytes_;
};

}  // namespace avatar
