// SPDX-License-Identifier: Apache-2.0
#include "stream/aac_encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

extern "C" {
#include <vo-aacenc/cmnMemory.h>
#include <vo-aacenc/voAAC.h>
}

namespace avatar {
namespace {

constexpr int kBitRate = 128000;  // bit/s; more brought nothing (the encoder is at its 42 dB from 96 kbit/s on)
constexpr size_t kLargestFrame = 6144 / 8;  // bytes per channel and frame (ISO/IEC 14496-3, 4.5.3.1)

}  // namespace

struct AacEncoder::Library {
  VO_AUDIO_CODECAPI api{};
  VO_HANDLE handle = nullptr;
  VO_MEM_OPERATOR memory{};  // the library keeps a pointer to it
};

void AacEncoder::Close::operator()(Library* library) const {
  if (library->handle != nullptr) library->api.Uninit(library->handle);
  delete library;
}

AacEncoder::AacEncoder(std::unique_ptr<Library, Close> library) : library_(std::move(library)) {}

Result<AacEncoder> AacEncoder::create() {
  std::unique_ptr<Library, Close> library(new Library);
  library->memory.Alloc = cmnMemAlloc;
  library->memory.Copy = cmnMemCopy;
  library->memory.Free = cmnMemFree;
  library->memory.Set = cmnMemSet;
  library->memory.Check = cmnMemCheck;
  VO_CODEC_INIT_USERDATA user{};
  user.memflag = VO_IMF_USERMEMOPERATOR;
  user.memData = &library->memory;
  AACENC_PARAM parameters{};
  parameters.sampleRate = 48000;
  parameters.bitRate = kBitRate;
  parameters.nChannels = 1;
  parameters.adtsUsed = 0;
  if (voGetAACEncAPI(&library->api) != VO_ERR_NONE ||
      library->api.Init(&library->handle, VO_AUDIO_CodingAAC, &user) != VO_ERR_NONE ||
      library->api.SetParam(library->handle, VO_PID_AAC_ENCPARAM, &parameters) != VO_ERR_NONE) {
    return Error{ErrorKind::internal, "vo-aacenc gives no encoder"};
  }
  return AacEncoder(std::move(library));
}

Result<void> AacEncoder::encode(std::span<const float> sound, const Take& take) {
  for (const float x : sound) {
    const float clipped = std::clamp(x, -1.0F, 1.0F);
    pending_[static_cast<size_t>(filled_++)] = static_cast<int16_t>(std::lrint(clipped * 32767.0F));
    if (filled_ < kFrame) continue;
    if (auto done = encode_frame(take); !done) return done;
    filled_ = 0;
  }
  return {};
}

Result<void> AacEncoder::encode_frame(const Take& take) {
  VO_CODECBUFFER in{};
  in.Buffer = reinterpret_cast<VO_PBYTE>(pending_.data());
  in.Length = sizeof(pending_);
  std::array<uint8_t, kLargestFrame> bytes;
  VO_CODECBUFFER out{};
  out.Buffer = bytes.data();
  out.Length = static_cast<VO_U32>(bytes.size());
  VO_AUDIO_OUTPUTINFO info{};
  if (library_->api.SetInputData(library_->handle, &in) != VO_ERR_NONE ||
      library_->api.GetOutputData(library_->handle, &out, &info) != VO_ERR_NONE) {
    return Error{ErrorKind::internal, "vo-aacenc failed on a frame"};
  }
  return take({bytes.data(), out.Length});
}

Result<void> AacEncoder::finish(const Take& take) {
  // The last sample that went in must leave the decoder: kDelay more, rounded up to whole frames.
  for (int left = filled_ + kDelay; left > 0; left -= kFrame) {
    std::fill(pending_.begin() + filled_, pending_.end(), int16_t{0});
    filled_ = 0;
    if (auto done = encode_frame(take); !done) return done;
  }
  return {};
}

}  // namespace avatar
