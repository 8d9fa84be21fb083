// SPDX-License-Identifier: Apache-2.0
#include "stream/live_encoder.h"

#include <utility>

#include "stream/video_encoder.h"
#include "stream/vp8_encoder.h"

namespace avatar {
namespace {

template <typename Encoder>
class Live final : public LiveEncoder {
 public:
  explicit Live(Encoder encoder) : encoder_(std::move(encoder)) {}

  Result<Unit> encode(const Frame& frame, MediaTime time, bool want_key) override {
    auto picture = encoder_.encode(frame, time, want_key);
    if (!picture) return picture.error();
    return Unit{picture->bytes, picture->is_key};
  }
  void set_bitrate(int bits_per_second) override { encoder_.set_bitrate(bits_per_second); }

 private:
  Encoder encoder_;
};

template <typename Encoder>
Result<std::unique_ptr<LiveEncoder>> live(Result<Encoder> encoder) {
  if (!encoder) return encoder.error();
  return std::unique_ptr<LiveEncoder>(std::make_unique<Live<Encoder>>(std::move(*encoder)));
}

}  // namespace

const char* name(VideoCodec codec) { return codec == VideoCodec::h264 ? "H264" : "VP8"; }

Result<std::unique_ptr<LiveEncoder>> make_live_encoder(VideoCodec codec, int width, int height, int fps,
                                                       int bitrate_bps) {
  return codec == VideoCodec::h264 ? live(VideoEncoder::create_live(width, height, fps, bitrate_bps))
                                   : live(Vp8Encoder::create(width, height, fps, bitrate_bps));
}

}  // namespace avatar
