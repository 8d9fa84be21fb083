// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/rig.h"

#include <algorithm>
#include <cmath>

#include "engine/mesh/colour.h"
#include "engine/mesh/muscles.h"

namespace avatar::mesh {
namespace {

constexpr float kDegrees = 3.14159265F / 180;
constexpr size_t kMaxColumns = 32;
constexpr float kTeethZ = 4.55F;    // canonical z of the incisors' front, about 0.7 cm behind the lips
constexpr float kBreathCm = 0.16F;  // rise of the shoulders, in to out
// The whole turn against the camera stays within this, whatever the picture started from: beyond it the far cheek
// folds.
constexpr float kMaxYaw = 12, kMaxPitch = 8, kMaxRoll = 8;

float clean(float value, float low, float high) { return std::isnan(value) ? 0 : std::clamp(value, low, high); }

}  // namespace

Rig::Rig(const Portrait& portrait, const Framing& framing, float margin_px)
    : framing_(framing),
      fit_(portrait.fit),
      mesh_(make_face_mesh(portrait, framing, margin_px)),
      px_per_cm_(portrait.fit.scale * framing.scale),
      rest_(portrait.rest),
      rest_yaw_(portrait.fit.yaw_deg) {
  pivot_ = to_frame({0, -5, -2});  // between the ears and the nape: where a head turns and nods
  const Point3 d = vector_to_frame({0, -1, 0});
  const float length = std::max(1e-3F, std::hypot(d.x, d.y));
  down_ = {d.x / length, d.y / length, 0};

  for (size_t m = 0; m < kMuscleCount; ++m) {
    pull_[m] = make_pull([m](Point3 p) { return displacement(static_cast<Muscle>(m), p); });
  }
  relax_left_ = make_pull([](Point3 p) { return relaxed_smile(p, +1); });
  relax_right_ = make_pull([](Point3 p) { return relaxed_smile(p, -1); });
  // From the brow's lower edge down to the lid; the canonical face's distance is room enough.
  const auto room = [&](Index brow_a, Index brow_b, Index lid) {
    const auto height = [&](const Point3& p) { return p.x * down_.x + p.y * down_.y; };
    const auto at = [&](Index i) { return height({mesh_.x[i], mesh_.y[i], 0}); };
    const auto& c = mesh_.canonical;
    const float ordinary = 0.5F * (c[brow_a].y + c[brow_b].y) - c[lid].y;
    return std::clamp((at(lid) - 0.5F * (at(brow_a) + at(brow_b))) / (px_per_cm_ * ordinary), 0.3F, 1.0F);
  };
  brow_room_right_ = room(52, 65, 159);
  brow_room_left_ = room(282, 295, 386);
  constexpr SeamReach kLips{0.35F, 0.35F, 1.9F, 0.6F, 3.2F, 0, 0};
  constexpr SeamReach kLids{0.92F, 0.10F, 1.1F, 0.05F, 1.0F, 0.36F, 0.12F};
  mouth_ = make_seam_field(mesh_.mouth, kLips);
  eye_right_ = make_seam_field(mesh_.eye_right, kLids);
  eye_left_ = make_seam_field(mesh_.eye_left, kLids);
}

Point3 Rig::vector_to_frame(Point3 c) const {
  const Point3 a = to_frame({0, 0, 0}), b = to_frame(c);
  return {b.x - a.x, b.y - a.y, b.z - a.z};
}

Rig::Pull Rig::make_pull(const std::function<Point3(Point3)>& displacement_of) const {
  Pull pull;
  for (size_t i = 0; i < mesh_.size(); ++i) {
    const Point3 c = displacement_of(mesh_.canonical[i]);
    if (c.x * c.x + c.y * c.y + c.z * c.z < 1e-6F) continue;
    const Point3 f = vector_to_frame(c);
    pull.vertex.push_back(static_cast<Index>(i));
    pull.dx.push_back(f.x);
    pull.dy.push_back(f.y);
    pull.dz.push_back(f.z);
  }
  return pull;
}

Rig::SeamField Rig::make_seam_field(const Seam& seam, const SeamReach& reach) const {
  SeamField field;
  field.seam = &seam;
  field.upper_share = reach.upper_share;
  const size_t n = seam.upper.size();
  CHECK(n <= kMaxColumns && n == seam.lower.size());
  const auto& c = mesh_.canonical;
  const auto column_x = [&](size_t i) { return 0.5F * (c[seam.upper[i]].x + c[seam.lower[i]].x); };
  std::vector<uint8_t> on_seam(mesh_.size());
  for (size_t i = 0; i < n; ++i) {
    on_seam[seam.upper[i]] = on_seam[seam.lower[i]] = 1;
    if (i == 0 || i + 1 == n) continue;  // the corners stay
    field.upper.push_back({seam.upper[i], static_cast<Index>(i), 0, 1, 0});
    field.lower.push_back({seam.lower[i], static_cast<Index>(i), 0, 1, 0});
  }
  for (size_t v = 0; v < mesh_.size(); ++v) {
    if (on_seam[v] || c[v].x <= column_x(0) || c[v].x >= column_x(n - 1)) continue;
    size_t i = 0;
    while (column_x(i + 1) < c[v].x) ++i;
    const float f = (c[v].x - column_x(i)) / (column_x(i + 1) - column_x(i));
    const float y_upper = c[seam.upper[i]].y * (1 - f) + c[seam.upper[i + 1]].y * f;
    const float y_lower = c[seam.lower[i]].y * (1 - f) + c[seam.lower[i + 1]].y * f;
    const bool is_upper = c[v].y > 0.5F * (y_upper + y_lower);
    const float distance = std::max(0.0F, is_upper ? c[v].y - y_upper : y_lower - c[v].y);
    const float far = is_upper ? reach.reach_up : reach.reach_down;
    const float weight = 1 - smoothstep(is_upper ? reach.plateau_up : reach.plateau_down, far, distance);
    if (weight <= 0.001F) continue;
    const float fold = is_upper ? reach.tuck_up : reach.tuck_down;
    // Nothing to fold at the corners, where the lids part.
    const float along = (static_cast<float>(i) + f) / static_cast<float>(n - 1);
    const float open = smoothstep(0, 0.4F, std::min(along, 1 - along));
    const float tuck = 0.62F * open * std::min(distance, fold) * (1 - smoothstep(fold, far, distance)) * px_per_cm_;
    (is_upper ? field.upper : field.lower)
        .push_back({static_cast<Index>(v), static_cast<Index>(i), f, weight, is_upper ? tuck : -tuck});
  }
  return field;
}

Shape Rig::shape() const {
  Shape s;
  s.x = s.screen_x = mesh_.x;
  s.y = s.screen_y = mesh_.y;
  s.z = mesh_.z;
  return s;
}

// Moves the two curves of a seam towards each other along `down_` until the share `closed` of their gap is gone, and
// never lets them cross. raise_upper/lower: first, a share of the gap at rest by which the curve goes up.
void Rig::meet(const SeamField& field, float closed, float raise_upper, float raise_lower, Shape& shape) const {
  const Seam& seam = *field.seam;
  const size_t n = seam.upper.size();
  std::array<float, kMaxColumns + 1> upper{}, lower{};  // travel along down_, px
  for (size_t i = 1; i + 1 < n; ++i) {
    const Index u = seam.upper[i], l = seam.lower[i];
    const float rest = (mesh_.x[l] - mesh_.x[u]) * down_.x + (mesh_.y[l] - mesh_.y[u]) * down_.y;
    const float u0 = -raise_upper * rest, l0 = -raise_lower * rest;
    const float gap = (shape.x[l] - shape.x[u]) * down_.x + (shape.y[l] - shape.y[u]) * down_.y + l0 - u0;
    const float touch = std::min(0.0F, rest);  // landmarks of closed lips may cross by a hair; that is where they meet
    const float go = gap - touch - std::max(0.0F, gap - touch) * (1 - closed);
    upper[i] = u0 + field.upper_share * go;
    lower[i] = l0 - (1 - field.upper_share) * go;
  }
  const auto follow = [&](const std::vector<Follower>& followers, const std::array<float, kMaxColumns + 1>& travel) {
    for (const Follower& f : followers) {
      const float t =
          f.weight * (travel[f.column] * (1 - f.fraction) + travel[f.column + 1U] * f.fraction) + f.tuck * closed;
      shape.x[f.vertex] += t * down_.x;
      shape.y[f.vertex] += t * down_.y;
    }
  };
  follow(field.upper, upper);
  follow(field.lower, lower);
}

void Rig::pose(const Pose& pose, Shape& shape) const {
  const size_t n = mesh_.size();
  std::array<float, kMuscleCount> a{};
  for (size_t m = 0; m < kMuscleCount; ++m) {
    a[m] = clean(pose.muscle[m], lowest(static_cast<Muscle>(m)), 1.0F);
  }
  const auto of = [&](Muscle m) -> float& { return a[static_cast<size_t>(m)]; };
  // A picture that smiles has spent part of that way already, and a lip that shows its teeth is already up.
  const float smile_left = 1 - 0.55F * rest_.smile;
  const float relaxed_left = rest_.smile * std::max(0.0F, -of(Muscle::mouth_smile_left)),
              relaxed_right = rest_.smile * std::max(0.0F, -of(Muscle::mouth_smile_right));
  for (const Muscle m :
       {Muscle::mouth_smile_left, Muscle::mouth_smile_right, Muscle::cheek_squint_left, Muscle::cheek_squint_right})
    of(m) = smile_left * std::max(0.0F, of(m));
  // Brows come down as far as there is room over the lids.
  of(Muscle::brow_down_right) *= brow_room_right_;
  of(Muscle::brow_down_left) *= brow_room_left_;
  // Under a lowered brow a lid cannot rise as far.
  of(Muscle::eye_wide_right) *= 1 - 0.5F * of(Muscle::brow_down_right);
  of(Muscle::eye_wide_left) *= 1 - 0.5F * of(Muscle::brow_down_left);
  const float lip_up_left = 1 - 0.75F * smoothstep(0.1F, 0.6F, rest_.lip_gap_cm);
  for (const Muscle m : {Muscle::mouth_upper_up_left, Muscle::mouth_upper_up_right}) of(m) *= lip_up_left;
  // Rounding the lips takes the picture's own gap back; what opens then is the rounding's own.
  const float rounding = std::max(of(Muscle::mouth_pucker), of(Muscle::mouth_funnel));

  std::copy(mesh_.x.begin(), mesh_.x.end(), shape.x.begin());
  std::copy(mesh_.y.begin(), mesh_.y.end(), shape.y.begin());
  std::copy(mesh_.z.begin(), mesh_.z.end(), shape.z.begin());
  const auto apply = [&shape](const Pull& pull, float k) {
    if (k == 0) return;
    for (size_t i = 0; i < pull.vertex.size(); ++i) {
      const Index v = pull.vertex[i];
      shape.x[v] += k * pull.dx[i];
      shape.y[v] += k * pull.dy[i];
      shape.z[v] += k * pull.dz[i];
    }
  };
  for (size_t m = 0; m < kMuscleCount; ++m) apply(pull_[m], a[m]);
  apply(relax_left_, relaxed_left);
  apply(relax_right_, relaxed_right);
  meet(mouth_, of(Muscle::mouth_close), -0.25F * rounding, 0.60F * rounding, shape);
  // Lids go by shares of this eye's gap and of an ordinary one, half each: a narrow eye opens visibly, too.
  const auto lids = [&](const SeamField& field, float open, float blink, float wide, float squint, float relaxed) {
    const float size = 0.5F + 0.5F / std::clamp(open, 0.5F, 1.5F);
    meet(field, blink, size * (0.44F * wide - 0.06F * squint), size * (0.40F * squint - 0.05F * wide - 0.14F * relaxed),
         shape);
  };
  lids(eye_right_, rest_.eye_open_right, of(Muscle::eye_blink_right), of(Muscle::eye_wide_right),
       of(Muscle::eye_squint_right), relaxed_right);
  lids(eye_left_, rest_.eye_open_left, of(Muscle::eye_blink_left), of(Muscle::eye_wide_left),
       of(Muscle::eye_squint_left), relaxed_left);

  // A picture that looks aside has less room on that side.
  const float spent = std::max(0.0F, std::fabs(rest_yaw_) - 8) * 0.6F;
  const float yaw_low = -kMaxYaw + (rest_yaw_ < 0 ? std::min(spent, kMaxYaw - 2) : 0);
  const float yaw_high = kMaxYaw - (rest_yaw_ > 0 ? std::min(spent, kMaxYaw - 2) : 0);
  const float yaw = clean(pose.head_yaw_deg, yaw_low, yaw_high) * kDegrees;
  const float pitch = clean(pose.head_pitch_deg, -kMaxPitch, kMaxPitch) * kDegrees;
  const float roll = clean(pose.head_roll_deg, -kMaxRoll, kMaxRoll) * kDegrees;
  const float cy = std::cos(yaw), sy = std::sin(yaw), cp = std::cos(pitch), sp = std::sin(pitch), cr = std::cos(roll),
              sr = std::sin(roll);
  // Roll after pitch after yaw, y down and z away: yaw turns the near side to +x, pitch lifts it, roll is clockwise.
  const std::array<float, 9> yaw_m{cy, 0, -sy, 0, 1, 0, sy, 0, cy}, pitch_m{1, 0, 0, 0, cp, sp, 0, -sp, cp},
      roll_m{cr, -sr, 0, sr, cr, 0, 0, 0, 1};
  const auto times = [](const std::array<float, 9>& p, const std::array<float, 9>& q) {
    std::array<float, 9> o{};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) o[i * 3 + j] = p[i * 3] * q[j] + p[i * 3 + 1] * q[3 + j] + p[i * 3 + 2] * q[6 + j];
    }
    return o;
  };
  HeadMotion& head = shape.head;
  head.r = times(roll_m, times(pitch_m, yaw_m));
  head.pivot = pivot_;
  const float breath = clean(pose.breath, 0, 1) * kBreathCm * px_per_cm_;
  head.shift_x = clean(pose.head_x_cm, -2, 2) * px_per_cm_;
  head.shift_y = -clean(pose.head_y_cm, -2, 2) * px_per_cm_ - 0.35F * breath;

  const auto& r = head.r;
  for (size_t i = 0; i < n; ++i) {
    const float x = shape.x[i] - pivot_.x, y = shape.y[i] - pivot_.y, z = shape.z[i] - pivot_.z;
    const float w = mesh_.head[i];
    shape.screen_x[i] = shape.x[i] + w * (r[0] * x + r[1] * y + r[2] * z + head.shift_x - x);
    shape.screen_y[i] = shape.y[i] + w * (r[3] * x + r[4] * y + r[5] * z + head.shift_y - y) - mesh_.breath[i] * breath;
  }

  const auto affine = [&](Point3 o, Point3 px, Point3 py, float unit) {
    const Point3 so = head(o), sx = head(px), sy2 = head(py);
    return Affine{so.x, so.y, (sx.x - so.x) / unit, (sx.y - so.y) / unit, (sy2.x - so.x) / unit, (sy2.y - so.y) / unit};
  };
  const auto mouth_affine = [&](Point3 moved) {
    const auto at = [&](float x, float y) {
      const Point3 p = to_frame({x, y, kTeethZ});
      return Point3{p.x + moved.x, p.y + moved.y, p.z + moved.z};
    };
    return affine(at(0, 0), at(1, 0), at(0, 1), 1);
  };
  const Point3 jaw = jaw_displacement({0, -4.6F, kTeethZ});
  const float open = of(Muscle::jaw_open);
  shape.upper_teeth = mouth_affine({});
  shape.lower_teeth =
      mouth_affine(vector_to_frame({jaw.x * open + 0.75F * of(Muscle::jaw_sideways), jaw.y * open, jaw.z * open}));
  const auto eye_affine = [&](const Seam& seam) {
    const Index in = seam.upper.front(), out = seam.upper.back();
    const Point3 o{0.5F * (mesh_.x[in] + mesh_.x[out]), 0.5F * (mesh_.y[in] + mesh_.y[out]),
                   0.5F * (mesh_.z[in] + mesh_.z[out])};
    Affine a2 = affine(o, {o.x + 10, o.y, o.z}, {o.x, o.y + 10, o.z}, 10);
    a2.origin_x -= a2.xx * o.x + a2.yx * o.y;  // so that (a, b) are the frame px at rest themselves
    a2.origin_y -= a2.xy * o.x + a2.yy * o.y;
    return a2;
  };
  shape.eye_right = eye_affine(mesh_.eye_right);
  shape.eye_left = eye_affine(mesh_.eye_left);
}

}  // namespace avatar::mesh
