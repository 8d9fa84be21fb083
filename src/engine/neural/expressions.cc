// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/expressions.h"

#include <algorithm>
#include <cmath>

namespace avatar::neural {
namespace {

constexpr int kEyePoints[] = {11, 13, 15, 16, 18};

struct Entry {
  size_t index;  // of the expression
  float factor;
};
constexpr size_t x(size_t point) { return 3 * point; }
constexpr size_t y(size_t point) { return 3 * point + 1; }
constexpr size_t z(size_t point) { return 3 * point + 2; }

// LivePortrait's editor: expression[index] += factor * amount.
constexpr Entry kSmile[] = {{y(20), -0.01F},    {y(14), -0.02F},    {y(17), 0.0065F}, {z(17), 0.003F},
                            {y(13), -0.00275F}, {y(16), -0.00275F}, {y(3), -0.0035F}, {y(7), -0.0035F}};
constexpr Entry kBrowsUp[] = {{y(1), 0.001F}, {y(2), -0.001F}};
constexpr Entry kBrowsDown[] = {{x(1), -0.001F}, {x(2), 0.001F}, {y(1), 0.0003F}, {y(2), -0.0003F}};
constexpr Entry kLipsOpen[] = {{y(19), 0.001F}, {z(19), 0.0001F}, {y(17), -0.0001F}};
constexpr Entry kPurse[] = {{y(14), 0.001F}, {y(3), -0.0005F}, {y(7), -0.0005F}, {z(17), -0.0005F}};
constexpr Entry kGrin[] = {{z(20), -0.001F}, {y(20), -0.001F}, {y(14), -0.001F}};
// Its wink at full amount, on both eyes.
constexpr Entry kShut[] = {{y(11), 0.039F}, {y(15), 0.039F}, {y(13), -0.0117F}, {y(16), -0.0117F}};

// The largest amounts, of the editor's ranges.
constexpr float kMostSmile = 1.3F, kLeastSmile = -0.3F, kMostBrows = 30, kMostOpen = 120, kMostClose = 90;
constexpr float kMostPurse = 15, kMostGrin = 15;

template <size_t N>
void push(const Entry (&entries)[N], float amount, Points& expression) {
  for (const Entry& e : entries) expression[e.index] += e.factor * amount;
}

}  // namespace

Pose sane(const Pose& in) {
  const auto keep = [](float v, float low, float high) { return std::isnan(v) ? 0 : std::clamp(v, low, high); };
  Pose out;
  for (size_t m = 0; m < kMuscleCount; ++m) out.muscle[m] = keep(in.muscle[m], -1, 1);
  out.gaze_yaw_deg = keep(in.gaze_yaw_deg, -40, 40);
  out.gaze_pitch_deg = keep(in.gaze_pitch_deg, -40, 40);
  out.head_yaw_deg = keep(in.head_yaw_deg, -12, 12);
  out.head_pitch_deg = keep(in.head_pitch_deg, -8, 8);
  out.head_roll_deg = keep(in.head_roll_deg, -8, 8);
  out.head_x_cm = keep(in.head_x_cm, -3, 3);
  out.head_y_cm = keep(in.head_y_cm, -3, 3);
  out.breath = keep(in.breath, 0, 1);
  return out;
}

Expressions::Expressions(const Portrait& portrait, const Source& source, double crop_px,
                         const std::optional<Points>& blink)
    : rest_(rest_look(source)),
      per_cm_(static_cast<float>(portrait.fit.scale * crop_px / 256)),  // the crop of 512 px spans 2
      blink_{} {
  // Parted lips are shut by what parts them: the gap in the expression's units, 0.001 a step.
  const float gap = portrait.rest.lip_gap_cm * per_cm_ / std::max(0.1F, source.scale);
  rest_gap_ = std::isfinite(gap) ? std::clamp(gap / 0.001F, 0.0F, kMostClose) : 0;
  if (blink) {
    for (const int point : kEyePoints) {
      for (size_t i = x(static_cast<size_t>(point)); i <= z(static_cast<size_t>(point)); ++i) blink_[i] = (*blink)[i];
    }
  } else {
    push(kShut, 1, blink_);
  }
}

Look Expressions::idle(const Pose& pose) const {
  Look look = rest_;
  look.pitch_deg -= pose.head_pitch_deg;  // a pose looks up at positive degrees, the networks down
  look.yaw_deg -= pose.head_yaw_deg;      // and to the other side
  look.roll_deg += pose.head_roll_deg;
  look.shift[0] += pose.head_x_cm * per_cm_;
  look.shift[1] -= pose.head_y_cm * per_cm_;
  return look;
}

void Expressions::add(const Pose& pose, float lips, Look& look) const {
  using enum Muscle;
  const auto both = [&](Muscle a, Muscle b) { return (pose[a] + pose[b]) / 2; };
  Points& e = look.expression;

  const float smile =
      kMostSmile * both(mouth_smile_left, mouth_smile_right) + kLeastSmile * both(mouth_frown_left, mouth_frown_right);
  push(kSmile, std::clamp(smile, kLeastSmile, kMostSmile), e);

  const float brows =
      (pose[brow_inner_up] + both(brow_outer_up_left, brow_outer_up_right)) / 2 - both(brow_down_left, brow_down_right);
  const float amount = kMostBrows * std::clamp(brows, -1.0F, 1.0F);
  if (amount > 0) {
    push(kBrowsUp, amount, e);
  } else {
    push(kBrowsDown, amount, e);
  }

  // Lids go a little farther apart than at rest, never farther shut than shut. Amounts by eye.
  const float lids = both(eye_blink_left, eye_blink_right) + 0.25F * both(eye_squint_left, eye_squint_right) -
                     0.25F * both(eye_wide_left, eye_wide_right);
  const float shut = std::clamp(lids, -0.25F, 1.0F);
  for (size_t i = 0; i < e.size(); ++i) e[i] += shut * blink_[i];

  // Where the person looks, from the head's place at rest; the head may have turned farther than the pose says.
  const float right = pose.gaze_yaw_deg + pose.head_yaw_deg + (look.yaw_deg - rest_.yaw_deg);
  const float up = pose.gaze_pitch_deg + pose.head_pitch_deg + (look.pitch_deg - rest_.pitch_deg);
  turn_eyes(kEyeAsidePerDegree * right, kEyeUpPerDegree * up, e);

  const float open =
      std::clamp(pose[jaw_open] + 0.2F * both(mouth_lower_down_left, mouth_lower_down_right), 0.0F, 1.0F);
  const float closed = std::clamp(pose[mouth_close], 0.0F, 1.0F);
  push(kLipsOpen, lips * (kMostOpen * open * (1 - closed) - rest_gap_ * closed), e);
  push(kPurse, lips * kMostPurse * std::clamp(std::max(pose[mouth_pucker], pose[mouth_funnel]), 0.0F, 1.0F), e);
  push(kGrin, lips * kMostGrin * std::clamp(both(mouth_stretch_left, mouth_stretch_right), 0.0F, 1.0F), e);
}

}  // namespace avatar::neural
