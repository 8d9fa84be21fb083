// SPDX-License-Identifier: Apache-2.0
#include "motion/emphasis.h"

#include <algorithm>
#include <cmath>

namespace avatar {
namespace {

// Chosen on EMO-DB and RAVDESS so that calm speech has one to two emphases a second.
constexpr float kSmoothing = 0.35F;  // of the level, part of the way per frame
constexpr int kRefractory = 28;      // frames between two
constexpr float kDbForFull = 8, kOctavesForFull = 0.6F;
constexpr float kLeast = 0.15F;
constexpr int kMostPeaks = 12;  // the mean reaches back over some 12 syllables

}  // namespace

float Emphasis::hear(const SpeechFrame& frame, bool is_speaking) {
  smooth_db_ += kSmoothing * (frame.loudness_db - smooth_db_);
  at_ = (at_ + 1) % kSpan;
  const bool voiced = is_speaking && frame.voicing > 0.5F && frame.pitch_hz > 0;
  recent_[at_] = {smooth_db_, voiced ? std::log2(frame.pitch_hz) : 0};
  ++since_;

  const Heard& middle = recent_[(at_ + kSpan - kDelay) % kSpan];
  if (middle.tone == 0) return 0;
  float lowest = middle.level_db;
  for (const Heard& h : recent_) {
    if (h.level_db > middle.level_db) return 0;
    lowest = std::min(lowest, h.level_db);
  }
  if (lowest > middle.level_db - 0.5F) return 0;  // a plateau, not a peak

  if (peaks_ == 0) {
    usual_db_ = middle.level_db - 2;
    usual_tone_ = middle.tone;
  }
  const float louder = (middle.level_db - usual_db_) / kDbForFull;
  const float higher = (middle.tone - usual_tone_) / kOctavesForFull;
  peaks_ = std::min(peaks_ + 1, kMostPeaks);
  usual_db_ += (middle.level_db - usual_db_) / static_cast<float>(peaks_ + 1);
  usual_tone_ += (middle.tone - usual_tone_) / static_cast<float>(peaks_ + 1);

  const float strength = 0.3F + 0.5F * louder + 0.5F * higher;
  if (strength < kLeast || since_ < kRefractory) return 0;
  since_ = 0;
  return std::min(strength, 1.0F);
}

}  // namespace avatar
