// SPDX-License-Identifier: Apache-2.0
#include "motion/voice_gate.h"

#include <algorithm>
#include <numeric>

namespace avatar {
namespace {

// All chosen on EMO-DB, captured Mandarin and synthetic noises (motion/voice_gate_test.cc shows which).
constexpr size_t kFirstBand = 5, kLastBand = 27;  // about 300..3,800 Hz
constexpr float kDbPerLog = 4.3429448F;           // 10 / ln(10)
constexpr float kVoicing = 0.55F;
constexpr float kAboveFloorDb = 8;
constexpr float kQuietestDb = -92;   // mean band level; speech at about -60 dB of full scale
constexpr size_t kVoicedToOpen = 4;  // of the last nine frames
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

void VoiceGate::listen(const SpeechFrame& frame) {
  at_ = (at_ + 1) % kRecent;
  const float level = kDbPerLog *
                      std::accumulate(frame.log_mel.begin() + kFirstBand, frame.log_mel.begin() + kLastBand, 0.0F) /
                      static_cast<float>(kLastBand - kFirstBand);
  const bool stands_out = level > floor_db_ + kAboveFloorDb && level > kQuietestDb;
  const bool voiced = frame.voicing > kVoicing && stands_out;
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

  if (level < floor_db_) {
    floor_db_ += kFloorFall * (level - floor_db_);
  } else {
    floor_db_ += voiced && lives ? kFloorRiseVoiced : kFloorRise;
  }
  floor_db_ = std::max(floor_db_, kFirstFloorDb - 10);
}

void VoiceGate::cut() {
  open_ = false;
  past_.fill(0);
  voiced_.fill(false);
  quiet_ = unvoiced_ = 1000;
}

}  // namespace avatar
