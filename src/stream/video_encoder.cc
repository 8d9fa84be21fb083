// SPDX-License-Identifier: Apache-2.0
#include "stream/video_encoder.h"

#include <wels/codec_api.h>

#include <string>
#include <utility>

namespace avatar {
namespace {

// Quantiser of every picture of a file, 0..51, less is finer. The sample recording at 512x512 and 25 fps (FFmpeg's
// psnr): 16 gives 48.4 dB of luma at 1.06 Mbit/s, 18 gives 46.8 dB at 0.71, 20 gives 45.6 dB at 0.52.
constexpr int kQuantiser = 18;
constexpr int kKeyFrameSeconds = 2;  // a player finds its place again within this time
constexpr int kBt601 = 6;            // ITU-T H.264, tables E-3 to E-5: SMPTE 170M
// Live: coarser than this a face is unreadable, so pictures then cost more than the target; finer than this nobody
// sees.
constexpr int kCoarsest = 45, kFinest = 12;

}  // namespace

void VideoEncoder::Close::operator()(ISVCEncoder* encoder) const {
  encoder->Uninitialize();
  WelsDestroySVCEncoder(encoder);
}

VideoEncoder::VideoEncoder(std::unique_ptr<ISVCEncoder, Close> encoder, int width, int height)
    : encoder_(std::move(encoder)), width_(width), height_(height) {
  bytes_.reserve(static_cast<size_t>(width) * height * 3 / 2);
}

Result<VideoEncoder> VideoEncoder::create(int width, int height, int fps) { return create(width, height, fps, 0); }

Result<VideoEncoder> VideoEncoder::create_live(int width, int height, int fps, int bitrate_bps) {
  CHECK(bitrate_bps > 0);
  return create(width, height, fps, bitrate_bps);
}

Result<VideoEncoder> VideoEncoder::create(int width, int height, int fps, int live_bitrate_bps) {
  ISVCEncoder* raw = nullptr;
  if (WelsCreateSVCEncoder(&raw) != 0) return Error{ErrorKind::internal, "openh264 gives no encoder"};
  std::unique_ptr<ISVCEncoder, Close> encoder(raw);

  int quiet = WELS_LOG_QUIET;
  encoder->SetOption(ENCODER_OPTION_TRACE_LEVEL, &quiet);

  SEncParamExt p{};
  encoder->GetDefaultParams(&p);
  p.iUsageType = CAMERA_VIDEO_REAL_TIME;
  p.iPicWidth = width;
  p.iPicHeight = height;
  p.fMaxFrameRate = static_cast<float>(fps);
  if (live_bitrate_bps > 0) {
    p.iRCMode = RC_BITRATE_MODE;
    p.iTargetBitrate = live_bitrate_bps;
    p.iMinQp = kFinest;
    p.iMaxQp = kCoarsest;
    p.uiIntraPeriod = 0;  // none but on demand
  } else {
    p.iRCMode = RC_OFF_MODE;
    p.uiIntraPeriod = static_cast<unsigned>(kKeyFrameSeconds * fps);
  }
  p.eSpsPpsIdStrategy = CONSTANT_ID;
  p.iEntropyCodingModeFlag = 0;  // CAVLC: baseline knows nothing else
  p.iMultipleThreadIdc = 1;
  p.bEnableFrameSkip = false;
  p.bEnableDenoise = false;
  // Guesses at what is background would freeze slow breathing; a still background costs nothing anyway.
  p.bEnableBackgroundDetection = false;
  p.bEnableAdaptiveQuant = false;
  p.bEnableSceneChangeDetect = false;
  SSpatialLayerConfig& layer = p.sSpatialLayers[0];
  layer.iVideoWidth = width;
  layer.iVideoHeight = height;
  layer.fFrameRate = p.fMaxFrameRate;
  layer.iDLayerQp = kQuantiser;
  layer.iSpatialBitrate = live_bitrate_bps;
  layer.uiProfileIdc = PRO_BASELINE;
  layer.uiLevelIdc = LEVEL_UNKNOWN;  // the library takes the lowest that holds
  layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
  layer.bVideoSignalTypePresent = true;
  layer.uiVideoFormat = 5;  // unspecified
  layer.bFullRange = false;
  layer.bColorDescriptionPresent = true;
  layer.uiColorPrimaries = kBt601;
  layer.uiTransferCharacteristics = kBt601;
  layer.uiColorMatrix = kBt601;
  if (encoder->InitializeExt(&p) != cmResultSuccess) {
    return Error{ErrorKind::unsupported, "openh264 cannot encode " + std::to_string(width) + "x" +
                                             std::to_string(height) + " at " + std::to_string(fps) +
                                             " pictures a second"};
  }
  return VideoEncoder(std::move(encoder), width, height);
}

Result<VideoEncoder::Picture> VideoEncoder::encode(const Frame& frame, MediaTime time, bool want_key) {
  CHECK(frame.width() == width_ && frame.height() == height_);
  if (want_key) encoder_->ForceIntraFrame(true);
  SSourcePicture source{};
  source.iColorFormat = videoFormatI420;
  source.iPicWidth = width_;
  source.iPicHeight = height_;
  source.iStride[0] = width_;
  source.iStride[1] = source.iStride[2] = width_ / 2;
  // The library takes pointers to non-const and only reads.
  source.pData[0] = const_cast<uint8_t*>(frame.y());
  source.pData[1] = const_cast<uint8_t*>(frame.u());
  source.pData[2] = const_cast<uint8_t*>(frame.v());
  source.uiTimeStamp = time.ms();
  SFrameBSInfo info{};
  if (encoder_->EncodeFrame(&source, &info) != cmResultSuccess || info.eFrameType == videoFrameTypeInvalid ||
      info.eFrameType == videoFrameTypeSkip) {
    return Error{ErrorKind::internal, "openh264 failed on the picture at " + std::to_string(time.seconds()) + " s"};
  }
  bytes_.clear();
  for (int i = 0; i < info.iLayerNum; ++i) {
    const SLayerBSInfo& part = info.sLayerInfo[i];
    int length = 0;
    for (int n = 0; n < part.iNalCount; ++n) length += part.pNalLengthInByte[n];
    bytes_.insert(bytes_.end(), part.pBsBuf, part.pBsBuf + length);
  }
  return Picture{bytes_, info.eFrameType == videoFrameTypeIDR};
}

void VideoEncoder::set_bitrate(int bits_per_second) {
  SBitrateInfo rate{SPATIAL_LAYER_ALL, bits_per_second};
  encoder_->SetOption(ENCODER_OPTION_BITRATE, &rate);
}

}  // namespace avatar
