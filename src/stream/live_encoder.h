// SPDX-License-Identifier: Apache-2.0
// What a sink for viewers needs of a video encoder, whichever the codec.
//
//   auto encoder = make_live_encoder(VideoCodec::h264, 512, 512, 25, 1'200'000);
//   if (the_link_changed) encoder->set_bitrate(800'000);
//   auto unit = encoder->encode(frame, time, somebody_needs_a_key_picture);
//   for (...) send(unit->bytes, unit->is_key);
//
// Every picture gives a unit, at once: no picture is left out, none waits. Key pictures are the first and those wanted.
// Threads: one at a time. Errors: of VideoEncoder and Vp8Encoder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "types/image.h"
#include "types/media_time.h"

namespace avatar {

enum class VideoCodec : uint8_t { h264, vp8 };
inline constexpr int kVideoCodecs = 2;

/// As it stands in SDP: "H264", "VP8".
[[nodiscard]] const char* name(VideoCodec codec);

class LiveEncoder {
 public:
  struct Unit {
    std::span<const uint8_t>
        bytes;            ///< H.264: Annex B with its parameter sets; VP8: one frame. Until the next encode()
    bool is_key = false;  ///< decoding can start here
  };

  virtual ~LiveEncoder() = default;
  virtual Result<Unit> encode(const Frame& frame, MediaTime time, bool want_key) = 0;
  /// From the next picture on.
  virtual void set_bitrate(int bits_per_second) = 0;
};

[[nodiscard]] Result<std::unique_ptr<LiveEncoder>> make_live_encoder(VideoCodec codec, int width, int height, int fps,
                                                                     int bitrate_bps);

}  // namespace avatar
