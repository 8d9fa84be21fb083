// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/hearing.h"

#include <algorithm>
#include <utility>

namespace avatar::neural {

Hearing::Hearing(HearWindow network)
    : network_(std::move(network)),
      window_(kWindowSamples),
      raw_(static_cast<size_t>(kWindowRows) * kAudioNumbers),
      rows_(static_cast<size_t>(kToldFrames) * kAudioNumbers),
      silence_(rows_.size()) {
  begin();
}

Result<void> Hearing::learn_silence() {
  std::fill(window_.begin(), window_.end(), 0.0F);
  auto done = look(silence_);
  begin();
  return done;
}

void Hearing::begin() {
  filled_ = static_cast<size_t>(kPastFrames) * kFrameSamples;
  std::fill_n(window_.begin(), filled_, 0.0F);
}

// The last of the window's rows are past their future, so they are told by the next window.
Result<void> Hearing::look(Rows& rows) {
  if (auto done = network_(window_, raw_); !done) return done;
  const size_t first = kWindowRows - 2 * (kToldFrames + kFutureFrames);
  for (size_t r = 0; r < kToldFrames; ++r) {
    const float* a = &raw_[(first + 2 * r) * kAudioNumbers];
    const float* b = a + kAudioNumbers;
    for (size_t i = 0; i < kAudioNumbers; ++i) rows[r * kAudioNumbers + i] = (a[i] + b[i]) / 2;
  }
  return {};
}

Result<void> Hearing::hear(std::span<const float> sound, const OnRow& on_row) {
  while (!sound.empty()) {
    const size_t n = std::min(sound.size(), window_.size() - filled_);
    std::copy_n(sound.begin(), n, window_.begin() + static_cast<std::ptrdiff_t>(filled_));
    sound = sound.subspan(n);
    filled_ += n;
    if (filled_ < window_.size()) break;
    const bool is_silent = std::all_of(window_.begin(), window_.end(), [](float s) { return s == 0; });
    if (!is_silent) {
      if (auto done = look(rows_); !done) return done;
    }
    for (int r = 0; r < kToldFrames; ++r) {
      if (auto done = on_row(row(is_silent ? silence_ : rows_, r)); !done) return done;
    }
    std::copy(window_.begin() + kHopSamples, window_.end(), window_.begin());
    filled_ -= kHopSamples;
  }
  return {};
}

}  // namespace avatar::neural
