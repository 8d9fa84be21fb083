// SPDX-License-Identifier: Apache-2.0
#include "motion/shown_mood.h"

#include <algorithm>
#include <cmath>

#include "motion/ease.h"
#include "types/speech_frame.h"

namespace avatar {
namespace {

// A probability below the first shows nothing, from the second on it shows in full. A false frown costs more than a
// missed one, a false smile little.
struct Clear {
  float from, full;
};
constexpr Clear clear(Emotion e) {
  return e == Emotion::happy || e == Emotion::sad ? Clear{0.38F, 0.62F} : Clear{0.5F, 0.75F};
}

constexpr float kStep = kSpeechFrameMs / 1000.0F;  // s
constexpr float kPull = 3.5F;                      // 1/s, critically damped: 90 % of the way in 1.1 s
constexpr float kStill = 1e-4F;                    // nearer and slower than that has arrived

size_t index(Emotion e) { return static_cast<size_t>(e); }

}  // namespace

ShownMood::ShownMood(std::optional<Emotion> asked, float intensity)
    : follows_(!asked), intensity_(intensity > 0 ? std::min(intensity, 1.0F) : 0) {
  for (size_t e = 0; e < kEmotionCount; ++e) {
    faces_[e] = emotion_face(static_cast<Emotion>(e), intensity);
  }
  if (!asked) faces_[index(Emotion::neutral)] = friendly_face(intensity);
  if (asked) share_[index(*asked)] = 1;
  face_ = faces_[index(asked.value_or(Emotion::neutral))];
}

void ShownMood::hear(const EmotionEstimate& estimate) {
  if (!follows_) return;
  goal_.fill(0);
  const Emotion felt = likeliest(estimate.mood);
  if (felt == Emotion::neutral) return;
  const Clear c = clear(felt);
  goal_[index(felt)] = static_cast<float>(ease((estimate.mood[felt] - c.from) / (c.full - c.from)));
}

void ShownMood::step() {
  if (!follows_) return;
  bool moved = false;
  for (size_t e = 0; e < kEmotionCount; ++e) {
    float &share = share_[e], &speed = speed_[e];
    if (share == goal_[e] && speed == 0) continue;
    moved = true;
    speed += kStep * (kPull * kPull * (goal_[e] - share) - 2 * kPull * speed);
    share += kStep * speed;
    if (std::abs(share - goal_[e]) < kStill && std::abs(speed) < kStill) {
      share = goal_[e];
      speed = 0;
    }
  }
  if (moved) mix();
}

void ShownMood::mix() {
  float neutral = 1;
  for (const float share : share_) neutral -= share;
  EmotionFace mixed;
  mixed.held = {};
  mixed.manner = {0, 0, 0, 0, 0, 0, 0, 0, 0};
  mixed.mouth_when_speaking = 0;
  for (size_t e = 0; e < kEmotionCount; ++e) {
    const float share = static_cast<Emotion>(e) == Emotion::neutral ? neutral : share_[e];
    if (share == 0) continue;
    const EmotionFace& f = faces_[e];
    for (size_t m = 0; m < kMuscleCount; ++m) mixed.held.muscle[m] += share * f.held.muscle[m];
    mixed.manner.speed += share * f.manner.speed;
    mixed.manner.reach += share * f.manner.reach;
    mixed.manner.nod += share * f.manner.nod;
    mixed.manner.brow += share * f.manner.brow;
    mixed.manner.articulation += share * f.manner.articulation;
    mixed.manner.blink_rate += share * f.manner.blink_rate;
    mixed.manner.head_pitch_deg += share * f.manner.head_pitch_deg;
    mixed.manner.head_roll_deg += share * f.manner.head_roll_deg;
    mixed.manner.gaze_pitch_deg += share * f.manner.gaze_pitch_deg;
    mixed.mouth_when_speaking += share * f.mouth_when_speaking;
  }
  face_ = mixed;
}

Mood ShownMood::mood() const {
  Mood mood;
  for (size_t e = 0; e < kEmotionCount; ++e) {
    if (static_cast<Emotion>(e) != Emotion::neutral) mood.weight[e] = intensity_ * std::max(share_[e], 0.0F);
  }
  return mood;
}

}  // namespace avatar
