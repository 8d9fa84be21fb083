// SPDX-License-Identifier: Apache-2.0
#include "motion/head.h"

#include <algorithm>
#include <cmath>

#include "motion/ease.h"

namespace avatar {
namespace {

constexpr double kStep = 0.01;                               // s
constexpr double kMaxYaw = 10, kMaxPitch = 6, kMaxRoll = 6;  // degrees; what the engines can draw, with a margin

// Deviation of each octave of the drift, degrees; the shortest period is 3 s.
constexpr double kShortestPeriod = 3;
constexpr double kDriftYaw = 0.55, kDriftPitch = 0.30, kDriftRoll = 0.32;

// Carriage in speech: deviation of the targets about the drift, degrees, and time from one to the next.
constexpr double kCarryYaw = 1.85, kCarryPitch = 1.10, kCarryRoll = 1.30;
constexpr double kNodDeg = 3.3;

/// -1..1, fixed by (seed, axis, octave, knot).
double knot_value(uint64_t seed, int axis, int octave, int64_t knot) {
  Random r(seed,
           static_cast<uint64_t>(axis * 64 + octave) * 0x100000001ULL + static_cast<uint64_t>(knot) * 0x9E3779B1ULL);
  return std::clamp(r.normal() / 2, -1.0, 1.0) * 2;
}

/// x when well inside, never beyond the limit; smooth.
double soft_limit(double x, double limit) {
  const double knee = 0.7 * limit, over = std::abs(x) - knee;
  if (over <= 0) return x;
  const double room = limit - knee;
  return std::copysign(knee + room * over / (room + over), x);
}

}  // namespace

Head::Head(uint64_t seed) : random_(seed, 4), noise_seed_(Random(seed, 5).next()) {
  next_move_ = random_.between(0.0, 0.3);
}

void Head::move(HeadAngles by, double duration, double delay) {
  const auto place = std::find_if(moves_.begin(), moves_.end(), [](const Move& m) { return m.duration == 0; });
  if (place == moves_.end()) return;
  *place = {by, -delay, duration};
  aim_ = {aim_.yaw + by.yaw, aim_.pitch + by.pitch, aim_.roll + by.roll};
}

void Head::nod(float strength, const Manner& manner) {
  const double s = strength * manner.nod;
  const double down = kNodDeg * s * random_.between(0.75, 1.25);
  const double speed = manner.speed;
  // Down with the syllable, back more slowly, not quite to where it was; with a touch of turn, or it is a puppet's nod.
  const HeadAngles by{random_.normal() * 0.35 * s, -down, random_.normal() * 0.3 * s};
  const double back = random_.between(0.75, 1.05);
  move(by, 0.24 / speed);
  move({-by.yaw * back, -by.pitch * back, -by.roll * back}, random_.between(0.34, 0.46) / speed, 0.2 / speed);
}

void Head::carry(bool speaking, const Manner& manner) {
  next_move_ -= kStep * manner.speed;
  if (next_move_ > 0) return;
  // Idle people shift now and then; speakers all the time, in steps and with rests.
  const double reach = manner.reach * (speaking ? 1.0 : 0.45);
  const HeadAngles to{random_.normal() * kCarryYaw * reach, random_.normal() * kCarryPitch * reach,
                      random_.normal() * kCarryRoll * reach};
  const double size = std::abs(to.yaw - aim_.yaw) + std::abs(to.pitch - aim_.pitch) + std::abs(to.roll - aim_.roll);
  // Larger moves take longer, as people's do.
  const double duration = (speaking ? 0.26 + 0.045 * size : 1.0 + 0.2 * size) / manner.speed;
  move({to.yaw - aim_.yaw, to.pitch - aim_.pitch, to.roll - aim_.roll}, duration);
  next_move_ = speaking ? 0.16 + 0.16 * random_.lognormal(0.6) : 2.0 + 2.0 * random_.lognormal(0.6);
}

HeadAngles Head::drift() const {
  HeadAngles sum;
  double period = kShortestPeriod;
  for (int octave = 0; octave < kOctaves; ++octave, period *= 2) {
    const double t = static_cast<double>(steps_) * kStep / (period / 2) + 0.37 * octave;
    const auto knot = static_cast<int64_t>(std::floor(t));
    const double s = ease(t - static_cast<double>(knot));
    const auto value = [&](int axis) {
      return (1 - s) * knot_value(noise_seed_, axis, octave, knot) +
             s * knot_value(noise_seed_, axis, octave, knot + 1);
    };
    sum.yaw += kDriftYaw * value(0);
    sum.pitch += kDriftPitch * value(1);
    sum.roll += kDriftRoll * value(2);
  }
  return sum;
}

HeadAngles Head::step(bool speaking, const Manner& manner, float scale) {
  ++steps_;
  carry(speaking, manner);
  HeadAngles now = settled_;
  for (Move& m : moves_) {
    if (m.duration == 0) continue;
    m.since += kStep;
    const double s = ease(m.since / m.duration);
    now = {now.yaw + s * m.by.yaw, now.pitch + s * m.by.pitch, now.roll + s * m.by.roll};
    if (m.since >= m.duration) {
      settled_ = {settled_.yaw + m.by.yaw, settled_.pitch + m.by.pitch, settled_.roll + m.by.roll};
      m.duration = 0;
    }
  }
  const HeadAngles wander = drift();
  return {soft_limit(scale * (now.yaw + wander.yaw), kMaxYaw),
          soft_limit(scale * (now.pitch + wander.pitch + manner.head_pitch_deg), kMaxPitch),
          soft_limit(scale * (now.roll + wander.roll + manner.head_roll_deg), kMaxRoll)};
}

}  // namespace avatar
