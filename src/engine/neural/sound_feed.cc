// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/sound_feed.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace avatar::neural {
namespace {

constexpr double kLoud = 1e-5;      // mean square: -50 dB of full scale; chosen by ear
constexpr double kCutoffHz = 7300;  // speech has little above; half the level is reached at 7.6 kHz
constexpr size_t kBlock = 4096;     // of zeros, where sound never came
constexpr int64_t kLongestGap = 2 * kSampleRate;

}  // namespace

SoundFeed::SoundFeed() : filter_(2 * kHalf + 1) {
  // A sinc under a Hann window, of sum 1.
  double sum = 0;
  for (int i = -kHalf; i <= kHalf; ++i) {
    const double x = 2 * kCutoffHz / kSampleRate * i;
    const double sinc = i == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
    const double value = sinc * (0.5 + 0.5 * std::cos(std::numbers::pi * i / (kHalf + 1)));
    filter_[static_cast<size_t>(i + kHalf)] = static_cast<float>(value);
    sum += value;
  }
  for (float& f : filter_) f = static_cast<float>(f / sum);
  sound48_.reserve(2 * kSampleRate);
  sound48_.assign(kHalf, 0.0F);
  sound16_.reserve(2 * kKept);
}

void SoundFeed::add(std::span<const float> sound) {
  for (const float s : sound) sound48_.push_back(std::isfinite(s) ? std::clamp(s, -1.0F, 1.0F) : 0.0F);
  // Sample j of 16 kHz lies at 3 j of 48 kHz and needs kHalf on either side.
  while (end_ * kDecimation + kHalf < begin48_ + static_cast<int64_t>(sound48_.size())) {
    const float* at = &sound48_[static_cast<size_t>(end_ * kDecimation - kHalf - begin48_)];
    float sum = 0;
    for (size_t i = 0; i < filter_.size(); ++i) sum += filter_[i] * at[i];
    sound16_.push_back(sum);
    ++end_;
  }
  const int64_t used = std::min<int64_t>(end_ * kDecimation - kHalf - begin48_, static_cast<int64_t>(sound48_.size()));
  if (used > 0) {
    sound48_.erase(sound48_.begin(), sound48_.begin() + used);
    begin48_ += used;
  }
  if (sound16_.size() > kKept) sound16_.erase(sound16_.begin(), sound16_.end() - static_cast<std::ptrdiff_t>(kKept));
}

void SoundFeed::take(const Moment& moment) {
  const int64_t from = moment.time.samples, to = from + static_cast<int64_t>(moment.sound.size());
  int64_t have = begin48_ + static_cast<int64_t>(sound48_.size());
  if (to <= have) return;
  static constexpr float kZeros[kBlock]{};
  if (from - have > kLongestGap) {  // so long a silence need not be heard
    begin48_ = (from - kLongestGap / 2) / kDecimation * kDecimation - kHalf;
    sound48_.assign(kHalf, 0.0F);
    sound16_.clear();
    end_ = (begin48_ + kHalf) / kDecimation;
    next_frame_ = (end_ + kFrameSamples - 1) / kFrameSamples;
    have = begin48_ + kHalf;
  }
  for (; have < from; have = begin48_ + static_cast<int64_t>(sound48_.size())) {
    add(std::span(kZeros).first(std::min<size_t>(kBlock, static_cast<size_t>(from - have))));
  }
  for (auto rest = moment.sound.subspan(static_cast<size_t>(have - from)); !rest.empty();) {
    const auto block = rest.first(std::min(rest.size(), kBlock));
    add(block);
    rest = rest.subspan(block.size());
  }
}

bool SoundFeed::next_frame(HeardFrame& frame) {
  const int64_t begin = end_ - static_cast<int64_t>(sound16_.size());
  next_frame_ = std::max(next_frame_, (begin + kFrameSamples - 1) / kFrameSamples);
  const int64_t at = next_frame_ * kFrameSamples;
  if (at + kFrameSamples > end_) return false;
  double energy = 0;
  for (const float s : std::span(sound16_).subspan(static_cast<size_t>(at - begin), kFrameSamples)) {
    energy += static_cast<double>(s) * s;
  }
  frame = {next_frame_++, energy > kLoud * kFrameSamples};
  return true;
}

std::span<const float> SoundFeed::sound_from(int64_t& from) const {
  from = std::clamp(from, end_ - static_cast<int64_t>(sound16_.size()), end_);
  return std::span(sound16_).last(static_cast<size_t>(end_ - from));
}

void SoundFeed::forget_from(MediaTime time) {
  const int64_t keep = std::max<int64_t>(time.samples - begin48_, 0);
  const auto have = static_cast<int64_t>(sound48_.size());
  if (keep < have) sound48_.resize(static_cast<size_t>(keep));
  if (time.samples < begin48_) {
    // Some of it is 16 kHz already: the rest begins anew there, after zeros as long as the filter.
    begin48_ = (time.samples + kDecimation - 1) / kDecimation * kDecimation - kHalf;
    sound48_.assign(kHalf, 0.0F);
  }
  const int64_t end = std::min(end_, (begin48_ + kHalf + kDecimation - 1) / kDecimation);
  const auto drop = static_cast<size_t>(std::min<int64_t>(end_ - end, static_cast<int64_t>(sound16_.size())));
  sound16_.resize(sound16_.size() - drop);
  end_ = end;
  next_frame_ = std::min(next_frame_, end_ / kFrameSamples);
}

}  // namespace avatar::neural
