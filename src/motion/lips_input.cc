// SPDX-License-Identifier: Apache-2.0
#include "motion/lips_input.h"

#include <algorithm>

namespace avatar {
namespace {

constexpr float kDbPerLog = 4.3429448F;       // 10 / ln(10)
constexpr float kFallDb = 0.015F;             // a frame, while somebody speaks: 1.5 dB/s
constexpr float kSpeechRangeDb = 30;          // quieter than that below the loud moments is a pause
constexpr float kQuietestDb = -50;            // quieter speech is not raised further
constexpr float kLeast = -2, kMost = 1.5F;    // of a value
constexpr float kBandDb = -18, kUnitDb = 20;  // a band's usual level below the whole, and the scale: about -2..1

}  // namespace

LipsInput::Values LipsInput::silence() {
  Values v;
  v.fill(kLeast);
  v.back() = 0;
  return v;
}

LipsInput::Values LipsInput::hear(const SpeechFrame& frame) {
  const float db = frame.loudness_db;
  if (db > loud_db_) {
    loud_db_ += 0.5F * (db - loud_db_);
  } else if (db > loud_db_ - kSpeechRangeDb) {
    loud_db_ = std::max(loud_db_ - kFallDb, kQuietestDb);
  }
  Values v;
  for (size_t b = 0; b + 1 < kSize; ++b) {
    const float band = kDbPerLog * frame.log_mel[b];
    v[b] = std::clamp((band - loud_db_ - kBandDb) / kUnitDb, kLeast, kMost);
  }
  v[kSize - 1] = frame.voicing;
  return v;
}

}  // namespace avatar
