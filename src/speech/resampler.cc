// SPDX-License-Identifier: Apache-2.0
#include "speech/resampler.h"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/check.h"

namespace avatar {
namespace {

// 160 taps, flat to 0.95 of the band, stop band near 100 dB: inaudible, and 5 ms at 16 kHz.
constexpr int kQuality = 8;
constexpr size_t kBlock = 1024;  // samples cleaned at a time

}  // namespace

void Resampler::Free::operator()(SpeexResamplerState_* state) const { speex_resampler_destroy(state); }

Resampler::Resampler(int from_rate, int to_rate, SpeexResamplerState_* state)
    : from_rate_(from_rate), to_rate_(to_rate), state_(state) {}

Result<Resampler> Resampler::create(int from_rate, int to_rate) {
  for (const int rate : {from_rate, to_rate}) {
    if (rate < kMinRate || rate > kMaxRate) {
      return Error{ErrorKind::unsupported,
                   "a sampling rate of " + std::to_string(rate) + " Hz is outside 8000..192000"};
    }
  }
  if (from_rate == to_rate) return Resampler(from_rate, to_rate, nullptr);
  int failed = 0;
  auto* state = speex_resampler_init(1, static_cast<spx_uint32_t>(from_rate), static_cast<spx_uint32_t>(to_rate),
                                     kQuality, &failed);
  if (state == nullptr) return Error{ErrorKind::internal, "the resampler could not be made"};
  speex_resampler_skip_zeros(state);
  return Resampler(from_rate, to_rate, state);
}

MediaTime Resampler::delay() const {
  if (!state_) return {};
  const int64_t samples = speex_resampler_get_input_latency(state_.get());
  return MediaTime::from_samples((samples * kSampleRate + from_rate_ - 1) / from_rate_);
}

void Resampler::convert(std::span<const float> sound, std::vector<float>& out) {
  if (!state_) {
    out.insert(out.end(), sound.begin(), sound.end());
    return;
  }
  while (!sound.empty()) {
    const size_t at = out.size();
    const size_t room = sound.size() * static_cast<size_t>(to_rate_) / static_cast<size_t>(from_rate_) + 64;
    out.resize(at + room);
    auto taken = static_cast<spx_uint32_t>(sound.size());
    auto made = static_cast<spx_uint32_t>(room);
    CHECK(speex_resampler_process_float(state_.get(), 0, sound.data(), &taken, out.data() + at, &made) == 0);
    out.resize(at + made);
    sound = sound.subspan(taken);
  }
}

void Resampler::add(std::span<const float> sound, std::vector<float>& out) {
  const size_t before = out.size();
  samples_in_ += static_cast<int64_t>(sound.size());
  std::array<float, kBlock> clean;
  while (!sound.empty()) {
    const size_t n = std::min(sound.size(), kBlock);
    for (size_t i = 0; i < n; ++i) clean[i] = std::isfinite(sound[i]) ? sound[i] : 0;
    convert({clean.data(), n}, out);
    sound = sound.subspan(n);
  }
  samples_out_ += static_cast<int64_t>(out.size() - before);
}

void Resampler::finish(std::vector<float>& out) {
  const int64_t due = (samples_in_ * to_rate_ + from_rate_ - 1) / from_rate_;
  const std::array<float, 64> silence{};
  while (samples_out_ < due) {
    const size_t before = out.size();
    convert(silence, out);
    samples_out_ += static_cast<int64_t>(out.size() - before);
  }
  // What the last block of silence gave beyond the end.
  out.resize(out.size() - static_cast<size_t>(samples_out_ - due));
  samples_in_ = samples_out_ = 0;
  if (state_) {
    speex_resampler_reset_mem(state_.get());
    speex_resampler_skip_zeros(state_.get());
  }
}

}  // namespace avatar
