// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/retarget.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace avatar::neural {

MotionVector Source::as_vector() const {
  MotionVector v{};
  v[0] = scale - 1;
  std::copy(pitch.begin(), pitch.end(), &v[kPitchAt]);
  std::copy(yaw.begin(), yaw.end(), &v[kYawAt]);
  std::copy(roll.begin(), roll.end(), &v[kRollAt]);
  std::copy(shift.begin(), shift.end(), &v[kShiftAt]);
  std::copy(expression.begin(), expression.end(), &v[kExpressionAt]);
  return v;
}

float degrees(std::span<const float, kAngleBins> logits) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0, mean = 0;
  for (int i = 0; i < kAngleBins; ++i) {
    const double weight = std::exp(static_cast<double>(logits[static_cast<size_t>(i)] - top));
    sum += weight;
    mean += weight * i;
  }
  return static_cast<float>(3 * mean / sum - 97.5);
}

bool is_lip(int point) { return std::find(kLipPoints.begin(), kLipPoints.end(), point) != kLipPoints.end(); }

Look rest_look(const Source& s) { return {degrees(s.pitch), degrees(s.yaw), degrees(s.roll), s.shift, s.expression}; }

Look follow(const MotionVector& v, const MotionVector& first, const Source& s, float gain) {
  const auto angle = [&](const std::array<float, kAngleBins>& own, size_t at) {
    std::array<float, kAngleBins> logits;
    for (size_t i = 0; i < logits.size(); ++i) logits[i] = own[i] + (v[at + i] - first[at + i]) * gain;
    return degrees(logits);
  };
  Look look{angle(s.pitch, kPitchAt), angle(s.yaw, kYawAt), angle(s.roll, kRollAt), s.shift, s.expression};
  for (size_t i = 0; i < 3; ++i) look.shift[i] += v[kShiftAt + i] - first[kShiftAt + i];
  for (const int point : kLipPoints) {
    for (size_t axis = 0; axis < 3; ++axis) {
      const size_t i = static_cast<size_t>(point) * 3 + axis;
      look.expression[i] += (v[kExpressionAt + i] - first[kExpressionAt + i]) * gain;
    }
  }
  return look;
}

MotionVector limited(const MotionVector& v, const MotionVector& low, const MotionVector& high) {
  MotionVector out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = std::min(std::max(v[i], low[i]), high[i]);
  return out;
}

// The published gaze correction: the eye that turns away from the nose goes farther.
void turn_eyes(float aside, float up, Points& e) {
  e[33] += (aside > 0 ? 0.0007F : 0.001F) * aside;
  e[45] += (aside > 0 ? 0.001F : 0.0007F) * aside;
  e[34] -= 0.001F * up;
  e[46] -= 0.001F * up;
}

Look mix(const Look& a, const Look& b, float share) {
  if (share == 1) return b;  // exactly
  const auto between = [share](float x, float y) { return x + share * (y - x); };
  Look out{between(a.pitch_deg, b.pitch_deg), between(a.yaw_deg, b.yaw_deg), between(a.roll_deg, b.roll_deg), {}, {}};
  for (size_t i = 0; i < out.shift.size(); ++i) out.shift[i] = between(a.shift[i], b.shift[i]);
  for (size_t i = 0; i < out.expression.size(); ++i) out.expression[i] = between(a.expression[i], b.expression[i]);
  return out;
}

// (Rz Ry Rx) transposed.
std::array<float, 9> rotation(float pitch_deg, float yaw_deg, float roll_deg) {
  const auto radians = [](float deg) { return static_cast<double>(deg) * std::numbers::pi / 180; };
  const double cx = std::cos(radians(pitch_deg)), sx = std::sin(radians(pitch_deg));
  const double cy = std::cos(radians(yaw_deg)), sy = std::sin(radians(yaw_deg));
  const double cz = std::cos(radians(roll_deg)), sz = std::sin(radians(roll_deg));
  const double r[9] = {cz * cy,
                       sz * cy,
                       -sy,
                       cz * sy * sx - sz * cx,
                       sz * sy * sx + cz * cx,
                       cy * sx,
                       cz * sy * cx + sz * sx,
                       sz * sy * cx - cz * sx,
                       cy * cx};
  std::array<float, 9> out;
  std::transform(r, r + 9, out.begin(), [](double x) { return static_cast<float>(x); });
  return out;
}

void transform(const Source& s, const Look& look, std::span<float, kPointNumbers> points) {
  const auto r = rotation(look.pitch_deg, look.yaw_deg, look.roll_deg);
  for (size_t p = 0; p < kPointNumbers; p += 3) {
    for (size_t axis = 0; axis < 3; ++axis) {
      const float turned = s.points[p] * r[axis] + s.points[p + 1] * r[3 + axis] + s.points[p + 2] * r[6 + axis];
      points[p + axis] = s.scale * (turned + look.expression[p + axis]) + (axis < 2 ? look.shift[axis] : 0);
    }
  }
}

}  // namespace avatar::neural
