// SPDX-License-Identifier: Apache-2.0
#include "speech/features.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace avatar {
namespace {

constexpr size_t kMostAtOnce = 4800;   // 48 kHz samples; bounds the buffers whatever the block
constexpr double kCutoffHz = 7200;     // of the low-pass before the decimation
constexpr float kOffsetPole = 0.985F;  // high-pass at 40 Hz for 16 kHz
constexpr float kLeast = 1e-15F;       // below it the filter's tail is cut, before it becomes denormal
constexpr float kLeastPower = 1e-10F;  // -100 dB
constexpr float kVoiced = 0.3F;        // less periodic than that has no pitch
// A period and its multiples are alike; the shortest one that is nearly as good is the period (chosen by eye on
// EMO-DB).
constexpr float kNearlyAsGood = 0.88F;

}  // namespace

Features::Features() {
  // Windowed sinc (Blackman).
  const double pi = std::numbers::pi;
  double sum = 0;
  for (int i = -kFilterHalf; i <= kFilterHalf; ++i) {
    const double x = 2 * kCutoffHz / kSampleRate * i;
    const double sinc = i == 0 ? 1 : std::sin(pi * x) / (pi * x);
    const double u = pi * i / (kFilterHalf + 1);
    const double tap = sinc * (0.42 + 0.5 * std::cos(u) + 0.08 * std::cos(2 * u));
    filter_[static_cast<size_t>(i + kFilterHalf)] = static_cast<float>(tap);
    sum += tap;
  }
  for (float& tap : filter_) tap = static_cast<float>(tap / sum);

  // Before the session there was silence: half a filter of it makes the first output the sample at time 0.
  sound48_.assign(kFilterHalf, 0.0F);
  sound16_.assign(kHistory, 0.0F);
  next_end_ = kHistory + Spectrum::kWindow / 2;
}

std::span<const SpeechFrame> Features::hear(std::span<const float> sound) {
  frames_.clear();
  while (!sound.empty()) {
    const size_t n = std::min(sound.size(), kMostAtOnce);
    hear_some(sound.first(n));
    sound = sound.subspan(n);
  }
  return frames_;
}

void Features::hear_some(std::span<const float> sound) {
  for (const float s : sound) sound48_.push_back(std::isfinite(s) ? std::clamp(s, -1.0F, 1.0F) : 0);

  size_t at = 0;
  for (; at + filter_.size() <= sound48_.size(); at += kDecimation) {
    // Four sums: the additions do not wait for each other.
    std::array<float, 4> sum{};
    size_t i = 0;
    for (; i + 4 <= filter_.size(); i += 4) {
      for (size_t j = 0; j < 4; ++j) sum[j] += filter_[i + j] * sound48_[at + i + j];
    }
    const float in = (sum[0] + sum[1]) + (sum[2] + sum[3]) + filter_[i] * sound48_[at + i];
    last_out_ = in - last_in_ + kOffsetPole * last_out_;
    if (std::abs(last_out_) < kLeast) last_out_ = 0;
    last_in_ = in;
    sound16_.push_back(last_out_);
  }
  sound48_.erase(sound48_.begin(), sound48_.begin() + static_cast<std::ptrdiff_t>(at));

  for (; next_end_ <= sound16_.size(); next_end_ += kStep) frames_.push_back(frame_ending_at(next_end_));
  const size_t done = next_end_ - kHistory;
  if (done > 0) {
    const size_t n = std::min(done, sound16_.size());
    sound16_.erase(sound16_.begin(), sound16_.begin() + static_cast<std::ptrdiff_t>(n));
    next_end_ -= n;
  }
}

SpeechFrame Features::frame_ending_at(size_t end) const {
  SpeechFrame frame;
  const std::span<const float, Spectrum::kWindow> window(sound16_.data() + end - Spectrum::kWindow, Spectrum::kWindow);
  spectrum_.log_mel(window, frame.log_mel);
  float power = 0;
  for (const float s : window) power += s * s;
  power /= Spectrum::kWindow;
  frame.loudness_db = std::clamp(10 * std::log10(power + kLeastPower), -100.0F, 0.0F);
  find_pitch(std::span<const float, kHistory>(sound16_.data() + end - kHistory, kHistory), frame);
  return frame;
}

void Features::find_pitch(std::span<const float, kHistory> sound, SpeechFrame& frame) {
  // Normalised cross-correlation (Talkin 1995, RAPT) at 8 kHz.
  constexpr size_t kSamples = kPitchWindow + kLongestPeriod;
  std::array<float, kSamples> x;
  for (size_t i = 0; i < kSamples; ++i) {
    x[i] = 0.25F * sound[2 * i] + 0.5F * sound[2 * i + 1] + 0.25F * sound[2 * i + 2];
  }

  // Rumble below the voice is periodic too: take away the mean of the 10 ms round each sample (a high-pass at 60 Hz).
  constexpr size_t kAround = 40;
  std::array<float, kSamples> low;
  float sum = 0;
  for (size_t i = 0; i < kAround; ++i) sum += x[i];
  for (size_t i = 0, count = kAround; i < kSamples; ++i) {
    if (i + kAround < kSamples) sum += x[i + kAround], ++count;
    if (i > kAround) sum -= x[i - kAround - 1], --count;
    low[i] = sum / static_cast<float>(count);
  }
  for (size_t i = 0; i < kSamples; ++i) x[i] -= low[i];

  // r[p] = sum of x[i] * x[i - p] over the last kPitchWindow samples: one sample at a time, all periods at once.
  constexpr size_t kPeriods = kLongestPeriod - kShortestPeriod + 1;
  std::array<float, kPeriods> r{};
  float here = 0;
  for (size_t i = kLongestPeriod; i < kSamples; ++i) {
    const float* before = &x[i - kLongestPeriod];  // the longest period first
    for (size_t p = 0; p < kPeriods; ++p) r[p] += x[i] * before[p];
    here += x[i] * x[i];
  }
  float there = 0;  // energy of the window one period back
  for (size_t i = 0; i < kPitchWindow; ++i) there += x[i] * x[i];
  float best = 0;
  for (size_t p = 0; p < kPeriods; ++p) {
    r[p] /= std::sqrt(here * there) + 1e-7F;
    there += x[p + kPitchWindow] * x[p + kPitchWindow] - x[p] * x[p];
    there = std::max(there, 0.0F);
  }
  for (size_t p = 1; p + 1 < kPeriods; ++p) {
    if (r[p] >= r[p - 1] && r[p] >= r[p + 1]) best = std::max(best, r[p]);
  }
  frame.voicing = std::clamp(best, 0.0F, 1.0F);
  if (frame.voicing < kVoiced) return;
  for (size_t p = kPeriods - 1; p-- > 1;) {  // from short periods to long ones
    if (r[p] >= kNearlyAsGood * best && r[p] >= r[p - 1] && r[p] >= r[p + 1]) {
      frame.pitch_hz = static_cast<float>(kPitchRate) / static_cast<float>(kLongestPeriod - static_cast<int>(p));
      return;
    }
  }
}

}  // namespace avatar
