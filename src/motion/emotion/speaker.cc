// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/speaker.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace avatar {
namespace {

// As in hearing.py.
constexpr float kQuietDb = -62, kRangeDb = 28, kFallDb = 0.02F, kQuietestDb = -50;
constexpr float kVoiced = 0.55F;
constexpr int kLongestUnvoiced = 30, kLongestPause = 20;  // frames
constexpr double kSureOfLevel = 30, kSureOfShape = 150;   // frames of speech that the usual speaker counts for
constexpr double kRemembered = 6000;                      // frames of speech, a minute; then the older half fades
constexpr float kDbPerLog = 4.3429448F;                   // 10 / ln(10)

bool is_voiced(const SpeechFrame& frame) { return frame.pitch_hz > 0 && frame.voicing > kVoiced; }

template <class T>
T mean_of(const std::array<T, kMelBands>& bands) {
  return std::accumulate(bands.begin(), bands.end(), T{0}) / kMelBands;
}

float bounded(float x) { return std::clamp(x, -3.0F, 3.0F); }

}  // namespace

Speaker::Heard Speaker::hear(const SpeechFrame& frame) {
  const float db = frame.loudness_db;
  if (db > loud_db_) {
    loud_db_ += 0.5F * (db - loud_db_);
  } else if (db > loud_db_ - kRangeDb) {
    loud_db_ = std::max(loud_db_ - kFallDb, kQuietestDb);
  }
  const bool over = db > kQuietDb && db > loud_db_ - kRangeDb;
  unvoiced_ = over && frame.voicing > kVoiced ? 0 : std::min(unvoiced_ + 1, 1000);
  const bool speech = over && unvoiced_ <= kLongestUnvoiced;
  pause_ = speech ? 0 : std::min(pause_ + 1, 1000);
  if (speech) {
    for (size_t b = 0; b < kMelBands; ++b) log_mel_[b] += frame.log_mel[b];
    voicing_ += frame.voicing;
    frames_ += 1;
    if (is_voiced(frame)) {
      octaves_ += std::log2(frame.pitch_hz);
      voiced_frames_ += 1;
    }
    if (frames_ >= kRemembered) {
      for (double& sum : log_mel_) sum /= 2;
      octaves_ /= 2, voicing_ /= 2, frames_ /= 2, voiced_frames_ /= 2;
    }
  }
  return {speech, pause_ <= kLongestPause};
}

SpeakerMean Speaker::mean() const {
  const double usual_level = mean_of(usual_.log_mel), n = frames_;
  std::array<double, kMelBands> own;
  for (size_t b = 0; b < kMelBands; ++b) own[b] = log_mel_[b] / std::max(n, 1.0);
  const double own_level = mean_of(own);
  const double level = (own_level * n + usual_level * kSureOfLevel) / (n + kSureOfLevel);
  SpeakerMean mean;
  for (size_t b = 0; b < kMelBands; ++b) {
    const double shape =
        ((own[b] - own_level) * n + (usual_.log_mel[b] - usual_level) * kSureOfShape) / (n + kSureOfShape);
    mean.log_mel[b] = static_cast<float>(level + shape);
  }
  mean.octaves = static_cast<float>((octaves_ + usual_.octaves * kSureOfShape) / (voiced_frames_ + kSureOfShape));
  mean.voicing = static_cast<float>((voicing_ + usual_.voicing * kSureOfShape) / (n + kSureOfShape));
  return mean;
}

EmotionInput Speaker::input(const SpeechFrame& frame) const {
  const SpeakerMean mine = mean();
  EmotionInput in;
  for (size_t b = 0; b < kMelBands; ++b) in[b] = bounded((frame.log_mel[b] - mine.log_mel[b]) / 2.5F);
  in[kMelBands] = bounded((frame.loudness_db - mean_of(mine.log_mel) * kDbPerLog - 20) / 10);
  const bool voiced = is_voiced(frame);
  in[kMelBands + 1] = voiced ? bounded(2 * (std::log2(std::max(frame.pitch_hz, 50.0F)) - mine.octaves)) : 0;
  in[kMelBands + 2] = 2 * (frame.voicing - mine.voicing);
  in[kMelBands + 3] = voiced ? 1 : 0;
  return in;
}

}  // namespace avatar
