// SPDX-License-Identifier: Apache-2.0
#include "motion/idle.h"

#include <algorithm>
#include <cmath>

#include "motion/ease.h"

namespace avatar {
namespace {

constexpr double kStep = 0.01;  // s

// Calibrated with idle_test: what is counted over ten minutes, doubles included.
constexpr double kIdlePerSecond = 16.0 / 60, kSpeakingPerSecond = 21.5 / 60;
constexpr double kGapSpread = 0.55;    // deviation of the logarithm (Bentivoglio 1997 finds gaps as uneven)
constexpr double kShortestGap = 0.35;  // s from one blink's start to the next
constexpr double kDouble = 0.06;       // of blinks have a second one at once

}  // namespace

Blinks::Blinks(uint64_t seed) : random_(seed, 1) { due_ = random_.between(0.2, 1.2); }

void Blinks::plan() {
  since_ = 0;
  closing_ = random_.between(0.050, 0.060);
  shut_ = 0.041;
  opening_ = random_.between(0.095, 0.120);
  due_ = random_.chance(kDouble) ? 0 : random_.lognormal(kGapSpread);
}

float Blinks::step(bool speaking, float rate) {
  since_ += kStep;
  due_ -= kStep * rate * (speaking ? kSpeakingPerSecond : kIdlePerSecond);
  if (due_ <= 0 && since_ >= kShortestGap) plan();
  return static_cast<float>(pulse(since_, closing_, shut_, opening_));
}

void Blinks::invite(float how_much) {
  if (due_ < how_much) due_ = 0;
}

Gaze::Gaze(uint64_t seed) : random_(seed, 2) { fixation_ = random_.between(0.8, 2.5); }

void Gaze::jump(Direction to) {
  from_ = to_;
  to_ = to;
  since_ = 0;
  const double size = std::hypot(to.yaw_deg - from_.yaw_deg, to.pitch_deg - from_.pitch_deg);
  duration_ = 0.021 + 0.0022 * size;
  jumped_deg_ = size;
}

Gaze::Direction Gaze::step(bool speaking, float rest_pitch_deg) {
  since_ += kStep;
  fixation_ -= kStep;
  micro_ -= kStep;
  jumped_deg_ = 0;
  if (fixation_ <= 0) {
    // Speakers look at their listener some two thirds of the time (Kendon 1967); ours, on a screen, rather more.
    const bool look_away = !away_ && random_.chance(speaking ? 0.45 : 0.40);
    if (look_away) {
      // Mostly sideways, a little more often down than up.
      const double side = random_.chance(0.5) ? 1 : -1;
      centre_ = {side * random_.between(2.5, 7.0), random_.normal() * 1.6 - 0.5 + rest_pitch_deg * random_.unit()};
      fixation_ = 0.35 + 0.5 * random_.lognormal(0.5);
    } else {
      // Eyes, mouth and bridge of the nose of the viewer are within a degree or two.
      centre_ = {random_.normal() * 0.7, random_.normal() * 0.5};
      fixation_ = 0.6 + 1.8 * random_.lognormal(0.5);
    }
    away_ = look_away;
    micro_ = 0.25 + 0.6 * random_.lognormal(0.4);
    jump(centre_);
  } else if (micro_ <= 0) {
    // 1-2 a second, below a degree, back round the fixation point (Martinez-Conde 2004).
    micro_ = 0.25 + 0.6 * random_.lognormal(0.4);
    jump({centre_.yaw_deg + random_.normal() * 0.25, centre_.pitch_deg + random_.normal() * 0.18});
  }
  const double s = ease(since_ / duration_);
  return {from_.yaw_deg + s * (to_.yaw_deg - from_.yaw_deg), from_.pitch_deg + s * (to_.pitch_deg - from_.pitch_deg)};
}

Breath::Breath(uint64_t seed) : random_(seed, 3) {}

float Breath::step(bool speaking) {
  since_ += kStep;
  if (since_ >= duration_) {
    since_ = 0;
    from_ = to_;
    const bool in = from_ < 0.4;
    if (in) {
      to_ = std::clamp(0.8 + 0.1 * random_.normal(), 0.6, 1.0);
      duration_ = (speaking ? 0.8 : 1.9) * random_.between(0.85, 1.2);
    } else {
      to_ = std::clamp(0.06 + 0.05 * random_.normal(), 0.0, 0.25);
      duration_ = (speaking ? 3.4 : 2.7) * random_.between(0.85, 1.2);
    }
  }
  return static_cast<float>(from_ + (to_ - from_) * ease(since_ / duration_));
}

}  // namespace avatar
