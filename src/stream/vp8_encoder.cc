// SPDX-License-Identifier: Apache-2.0
#include "stream/vp8_encoder.h"

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include <algorithm>
#include <string>
#include <utility>

namespace avatar {
namespace {

// Negative: a fixed speed. Positive ones measure their own time and were slower (3.5 ms against 2.0 ms a picture of
// 512x512, 2 cores, 2026-11).
constexpr int kSpeed = -8;
constexpr unsigned kFinest = 2, kCoarsest = 56;  // of 0..63; coarser than this a face is unreadable
// A key picture may take this share of an average picture's bits, in percent: as many as half of the rate buffer's
// optimum of 600 ms holds at 25 pictures a second.
constexpr unsigned kKeyPicturePercent = 750;

}  // namespace

struct Vp8Encoder::Library {
  vpx_codec_ctx_t codec{};
  vpx_codec_enc_cfg_t settings{};
  int64_t picture_samples = 0;  // how long a picture is shown
};

void Vp8Encoder::Close::operator()(Library* library) const {
  vpx_codec_destroy(&library->codec);
  delete library;
}

Vp8Encoder::Vp8Encoder(std::unique_ptr<Library, Close> library) : library_(std::move(library)) {}

Result<Vp8Encoder> Vp8Encoder::create(int width, int height, int fps, int bitrate_bps) {
  CHECK(fps > 0 && bitrate_bps > 0);
  std::unique_ptr<Library, Close> library(new Library);
  auto& s = library->settings;
  const bool known = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &s, 0) == VPX_CODEC_OK;
  s.g_w = static_cast<unsigned>(width);
  s.g_h = static_cast<unsigned>(height);
  s.g_timebase = {1, kSampleRate};
  s.g_threads = 1;
  s.g_lag_in_frames = 0;
  s.g_pass = VPX_RC_ONE_PASS;
  s.rc_end_usage = VPX_CBR;
  s.rc_target_bitrate = static_cast<unsigned>(bitrate_bps / 1000);
  s.rc_dropframe_thresh = 0;
  s.rc_resize_allowed = 0;
  s.rc_min_quantizer = kFinest;
  s.rc_max_quantizer = kCoarsest;
  s.rc_undershoot_pct = 100;
  s.rc_overshoot_pct = 15;
  s.rc_buf_initial_sz = 500;  // ms
  s.rc_buf_optimal_sz = 600;
  s.rc_buf_sz = 1000;
  s.kf_mode = VPX_KF_DISABLED;
  library->picture_samples = kSampleRate / fps;
  if (!known || vpx_codec_enc_init(&library->codec, vpx_codec_vp8_cx(), &s, 0) != VPX_CODEC_OK) {
    return Error{ErrorKind::unsupported,
                 "libvpx cannot encode " + std::to_string(width) + "x" + std::to_string(height) + " as VP8"};
  }
  vpx_codec_control(&library->codec, VP8E_SET_CPUUSED, kSpeed);
  vpx_codec_control(&library->codec, VP8E_SET_NOISE_SENSITIVITY, 0);
  vpx_codec_control(&library->codec, VP8E_SET_STATIC_THRESHOLD, 1U);
  vpx_codec_control(&library->codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, kKeyPicturePercent);
  return Vp8Encoder(std::move(library));
}

Result<Vp8Encoder::Picture> Vp8Encoder::encode(const Frame& frame, MediaTime time, bool want_key) {
  Library& l = *library_;
  CHECK(frame.width() == static_cast<int>(l.settings.g_w) && frame.height() == static_cast<int>(l.settings.g_h));
  // The library takes a pointer to non-const and only reads.
  vpx_image_t image;
  vpx_img_wrap(&image, VPX_IMG_FMT_I420, l.settings.g_w, l.settings.g_h, 1, const_cast<uint8_t*>(frame.y()));
  const auto failed = [&] {
    return Error{ErrorKind::internal, "libvpx failed on the picture at " + std::to_string(time.seconds()) + " s"};
  };
  if (vpx_codec_encode(&l.codec, &image, time.samples, static_cast<unsigned long>(l.picture_samples),
                       want_key ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME) != VPX_CODEC_OK) {
    return failed();
  }
  vpx_codec_iter_t next = nullptr;
  while (const vpx_codec_cx_pkt_t* packet = vpx_codec_get_cx_data(&l.codec, &next)) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    const auto& picture = packet->data.frame;
    return Picture{{static_cast<const uint8_t*>(picture.buf), picture.sz}, (picture.flags & VPX_FRAME_IS_KEY) != 0};
  }
  return failed();
}

void Vp8Encoder::set_bitrate(int bits_per_second) {
  library_->settings.rc_target_bitrate = static_cast<unsigned>(std::max(bits_per_second / 1000, 1));
  vpx_codec_enc_config_set(&library_->codec, &library_->settings);
}

}  // namespace avatar
