// SPDX-License-Identifier: Apache-2.0
#include "motion/voice_gate.h"

#include <algorithm>
#include <numeric>

namespace avatar {
namespace {

// All chosen on EMO-DB, captured Mandarin and synthetic noises (motion/voice_gate_test.cc shows which).
constexpr size_t kFirstBand = 5, kLastBand = 27;       // about 300..3,800 Hz
constexpr size_t kFirstLowBand = 1, kLastLowBand = 7;  // about 120..480 Hz
constexpr int kSkippedFrames = 3, kFirstFrames = 8;
constexpr float kFirstFloorDb = -65, kFirstLowFloorDb = -50;  // at most
constexpr float kDbPerLog = 4.3429448F;                       // 10 / ln(10)
constexpr float kVoicing = 0.55F;
constexpr float kAboveFloorDb = 8;
constexpr float kQuietestDb = -90;   // mean band level; speech at some -60 dB of full scale
constexpr size_t kVoicedToOpen = 3;  // of the last nine frames
constexpr float kUnsteadyDb = 0.7F;  // a voice moves by more than that in kMoveFrames
constexpr size_t kMoveFrames = 6;
constexpr int kLongestSteady = 150;   // frames: nobody holds a vowel so evenly for longer
constexpr int kQuietToShut = 14;      // frames, 9 of which are look-ahead
constexpr int kLongestUnvoiced = 32;  // frames: no fricative is longer; breath is
// The floor, dB per frame.
constexpr float kFloorRiseVoiced = 0.01F, kFloorRise = 0.1F;
constexpr float kFloorFall = 0.25F;  // part of the way

}  // namespace

float VoiceGate::hear(const SpeechFrame& frame) {
  listen(frame);
  past_[at_] = open_ ? 1 : 0;
  // A triangle over the last five decisions: the edge takes 50 ms, and is exactly 0 or 1 outside.
  constexpr std::array<int, 5> kEdge{1, 2, 3, 2, 1};
  int sum = 0;
  for (size_t age = 0; age < kEdge.size(); ++age) sum += kEdge[age] * past_[(at_ + kRecent - age) % kRecent];
  return static_cast<float>(sum) / 9.0F;
}

// A recording begins with a few frames of nothing (coders and filters start up) and then with its noise, or at once
// with speech: so the first floor is the least level of the next few, as long as it is no level of speech.
void VoiceGate::Floor::follow(float level_db, float loudest_first_db, bool voice, int frames) {
  if (frames <= kSkippedFrames) {
    db = loudest_first_db;
  } else if (frames <= kFirstFrames) {
    db = std::min(db, level_db);
  } else if (level_db < db) {
    db += kFloorFall * (level_db - db);
  } else {
    db += voice ? kFloorRiseVoiced : kFloorRise;
  }
}

void VoiceGate::listen(const SpeechFrame& frame) {
  at_ = (at_ + 1) % kRecent;
  frames_ = std::min(frames_ + 1, kFirstFrames + 1);
  const auto mean_db = [&](size_t first, size_t last) {
    return kDbPerLog * std::accumulate(frame.log_mel.begin() + first, frame.log_mel.begin() + last, 0.0F) /
           static_cast<float>(last - first);
  };
  const float level = mean_db(kFirstBand, kLastBand), low_level = mean_db(kFirstLowBand, kLastLowBand);
  const bool stands_out = level > floor_.db + kAboveFloorDb && level > kQuietestDb;
  const bool voiced = frame.voicing > kVoicing && stands_out && low_level > low_floor_.db + kAboveFloorDb;
  level_[at_] = level;
  voiced_[at_] = voiced;

  float low = level, high = level;
  for (size_t age = 1; age < kMoveFrames; ++age) {
    const float l = level_[(at_ + kRecent - age) % kRecent];
    low = std::min(low, l);
    high = std::max(high, l);
  }
  const bool moves = high - low > kUnsteadyDb;
  steady_ = moves ? 0 : steady_ + 1;
  const bool lives = moves || (open_ && steady_ < kLongestSteady);

  unvoiced_ = voiced && lives ? 0 : unvoiced_ + 1;
  quiet_ = stands_out && unvoiced_ < kLongestUnvoiced ? 0 : quiet_ + 1;
  if (open_) {
    open_ = quiet_ < kQuietToShut;
  } else if (voiced && moves) {
    open_ = static_cast<size_t>(std::count(voiced_.begin(), voiced_.end(), true)) >= kVoicedToOpen;
    if (open_) quiet_ = 0;
  }

  floor_.follow(level, kFirstFloorDb, voiced && lives, frames_);
  low_floor_.follow(low_level, kFirstLowFloorDb, voiced && lives, frames_);
}

void VoiceGate::cut() {
  open_ = false;
  past_.fill(0);
  voiced_.fill(false);
  quiet_ = unvoiced_ = 1000;
}

}  // namespace avatar
