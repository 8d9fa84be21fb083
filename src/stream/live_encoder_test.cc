// SPDX-License-Identifier: Apache-2.0
#include "stream/live_encoder.h"

#include <gtest/gtest.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <wels/codec_api.h>

#include <chrono>
#include <memory>
#include <vector>

#include "stream/test_moving_picture.h"

namespace avatar {
namespace {

constexpr int kSize = 256;
constexpr int kFps = 25;

// Decodes units one by one; luma() is the last picture, or null.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual bool decode(std::span<const uint8_t> unit) = 0;
  const uint8_t* luma = nullptr;
  int stride = 0;
  int width = 0;
};

class H264Decoder final : public Decoder {
 public:
  H264Decoder() {
    WelsCreateDecoder(&decoder_);
    SDecodingParam settings{};
    settings.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
    int quiet = WELS_LOG_QUIET;
    decoder_->SetOption(DECODER_OPTION_TRACE_LEVEL, &quiet);
    decoder_->Initialize(&settings);
  }
  ~H264Decoder() override {
    decoder_->Uninitialize();
    WelsDestroyDecoder(decoder_);
  }
  bool decode(std::span<const uint8_t> unit) override {
    unsigned char* planes[3] = {};
    SBufferInfo info{};
    if (decoder_->DecodeFrameNoDelay(unit.data(), static_cast<int>(unit.size()), planes, &info) != dsErrorFree ||
        info.iBufferStatus != 1) {
      return false;
    }
    luma = planes[0];
    stride = info.UsrData.sSystemBuffer.iStride[0];
    width = info.UsrData.sSystemBuffer.iWidth;
    return true;
  }

 private:
  ISVCDecoder* decoder_ = nullptr;
};

class Vp8Decoder final : public Decoder {
 public:
  Vp8Decoder() { vpx_codec_dec_init(&decoder_, vpx_codec_vp8_dx(), nullptr, 0); }
  ~Vp8Decoder() override { vpx_codec_destroy(&decoder_); }
  bool decode(std::span<const uint8_t> unit) override {
    if (vpx_codec_decode(&decoder_, unit.data(), static_cast<unsigned>(unit.size()), nullptr, 0) != VPX_CODEC_OK) {
      return false;
    }
    vpx_codec_iter_t next = nullptr;
    const vpx_image_t* image = vpx_codec_get_frame(&decoder_, &next);
    if (image == nullptr) return false;
    luma = image->planes[0];
    stride = image->stride[0];
    width = static_cast<int>(image->d_w);
    return true;
  }

 private:
  vpx_codec_ctx_t decoder_{};
};

class LiveEncoderTest : public testing::TestWithParam<VideoCodec> {
 protected:
  struct Run {
    double worst_db = 100;
    int64_t bits = 0;
    int keys = 0;
  };

  static std::unique_ptr<LiveEncoder> encoder(int bitrate_bps, int size = kSize) {
    auto made = make_live_encoder(GetParam(), size, size, kFps, bitrate_bps);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  static std::unique_ptr<Decoder> decoder() {
    if (GetParam() == VideoCodec::h264) return std::make_unique<H264Decoder>();
    return std::make_unique<Vp8Decoder>();
  }
  // Pictures from..to through both.
  Run pass(LiveEncoder& from, Decoder& into, int first, int last) {
    Run run;
    for (int i = first; i < last; ++i) {
      paint_moving_picture(frame_, i);
      auto unit = from.encode(frame_, MediaTime::of_picture(i, kFps), false);
      if (!unit || !into.decode(unit->bytes)) {
        ADD_FAILURE() << "picture " << i;
        break;
      }
      run.worst_db = std::min(run.worst_db, luma_psnr(frame_, into.luma, into.stride));
      run.bits += static_cast<int64_t>(unit->bytes.size()) * 8;
      run.keys += unit->is_key ? 1 : 0;
    }
    return run;
  }

  Frame frame_{kSize, kSize};
};

TEST_P(LiveEncoderTest, shows_each_picture_at_once_as_it_was) {
  auto enc = encoder(600'000);
  auto dec = decoder();
  const Run run = pass(*enc, *dec, 0, 100);
  EXPECT_EQ(dec->width, kSize);
  EXPECT_GT(run.worst_db, 34);
  EXPECT_EQ(run.keys, 1) << "the first, and no other";
}

TEST_P(LiveEncoderTest, makes_a_key_picture_when_one_is_wanted) {
  auto enc = encoder(600'000);
  auto first = decoder();
  pass(*enc, *first, 0, 30);
  paint_moving_picture(frame_, 30);
  auto unit = enc->encode(frame_, MediaTime::of_picture(30, kFps), true);
  ASSERT_TRUE(unit);
  EXPECT_TRUE(unit->is_key);
  auto late = decoder();  // one that saw nothing before
  ASSERT_TRUE(late->decode(unit->bytes));
  EXPECT_GT(luma_psnr(frame_, late->luma, late->stride), 30);
  EXPECT_LT(unit->bytes.size() * 8, 600'000U / 4) << "at most a quarter of a second of the link";
}

TEST_P(LiveEncoderTest, follows_the_bit_rate_while_it_runs) {
  auto enc = encoder(400'000);
  auto dec = decoder();
  pass(*enc, *dec, 0, 50);
  for (const int rate : {250'000, 800'000, 300'000}) {
    enc->set_bitrate(rate);
    const Run settle = pass(*enc, *dec, 0, 25);
    const Run run = pass(*enc, *dec, 25, 125);
    EXPECT_LT(static_cast<double>(run.bits) / 4, rate * 1.25);
    EXPECT_EQ(run.keys + settle.keys, 0) << "a new rate is no reason for a key picture";
  }
}

TEST_P(LiveEncoderTest, is_refused_for_a_size_that_cannot_be) {
  auto made = make_live_encoder(GetParam(), 0, 0, kFps, 100'000);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::unsupported);
}

TEST_P(LiveEncoderTest, takes_a_few_milliseconds_a_picture) {
  constexpr int kLarge = 512;
  auto enc = encoder(1'200'000, kLarge);
  std::vector<Frame> frames(25, Frame(kLarge, kLarge));
  for (size_t i = 0; i < frames.size(); ++i) paint_moving_picture(frames[i], static_cast<int64_t>(i));
  std::chrono::nanoseconds spent{0};
  constexpr int kPictures = 100;
  for (int i = 0; i < kPictures; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(enc->encode(frames[static_cast<size_t>(i) % frames.size()], MediaTime::of_picture(i, kFps), false));
    spent += std::chrono::steady_clock::now() - start;
  }
  const double ms = std::chrono::duration<double, std::milli>(spent).count() / kPictures;
  RecordProperty("ms_per_picture", std::to_string(ms));
  std::printf("%s: %.2f ms a picture of %dx%d\n", name(GetParam()), ms, kLarge, kLarge);
  EXPECT_LT(ms, 40) << "a whole tick, even with sanitizers";
}

INSTANTIATE_TEST_SUITE_P(Codecs, LiveEncoderTest, testing::Values(VideoCodec::h264, VideoCodec::vp8),
                         [](const auto& codec) { return name(codec.param); });

}  // namespace
}  // namespace avatar
