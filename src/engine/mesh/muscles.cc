// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/muscles.h"

#include <algorithm>
#include <cmath>

#include "engine/mesh/colour.h"

namespace avatar::mesh {
namespace {

constexpr float kCornerY = -4.34F;  // lip corners, canonical vertices 61 and 291
constexpr float kHingeY = 0.5F;     // the jaw's hinge, in front of the ear canal
constexpr float kHingeZ = -2.0F;
constexpr float kJawAngle = 0.37F;  // rad at jaw_open 1: 2.6 cm between the incisors, 7 cm from the hinge

// A bump of height 1 with elliptical fall-off, 0 beyond the radii.
float bump(Point3 p, float x, float y, float rx, float ry) {
  const float dx = (p.x - x) / rx, dy = (p.y - y) / ry;
  const float d2 = dx * dx + dy * dy;
  if (d2 >= 1) return 0;
  const float k = 1 - d2;
  return k * k * (3 - 2 * k);  // flat at the top, smooth at the rim
}

// Position along the mouth: 0 in the middle, 1 at the corners and beyond.
float along(float x) { return std::min(std::fabs(x) / kMouthHalfWidth, 1.0F); }
// The same for the opening between the lips, which ends before their corners (canonical vertices 78 and 308).
float along_opening(float x) { return std::min(std::fabs(x) / 2.15F, 1.0F); }

// Height above (positive) or below the line of the lips.
float above_lips(Point3 p) { return p.y - mouth_line(p.x); }

// Share of the jaw's motion. Below the lips 1, above 0; both sides meet in the corners, which go down about 2/5 as far
// as the jaw; cheeks stretch between; the neck takes up the chin.
float jaw_share(Point3 p) {
  constexpr float kCorner = 0.40F;
  const float u = along_opening(p.x), d = above_lips(p);
  float share = 0;
  if (d >= 0) {
    share = kCorner * u * u * u * (1 - smoothstep(0, 3.4F, d));
  } else {
    const float lip = kCorner + (1 - kCorner) * std::pow(std::max(0.0F, 1 - u * u), 0.62F);
    share = lip + (1 - lip) * smoothstep(0, 2.6F, -d);
  }
  return share * (1 - smoothstep(9.6F, 15.5F, -p.y));
}

// Lips: how much a point belongs to the upper or the lower lip and the skin that hangs on it.
float upper_lip(Point3 p, float reach_cm) {
  const float d = above_lips(p);
  return d < 0 ? 0
               : (1 - smoothstep(0.5F, reach_cm, d)) *
                     (1 - smoothstep(kMouthHalfWidth, kMouthHalfWidth + 1.2F, std::fabs(p.x)));
}
float lower_lip(Point3 p, float reach_cm) {
  const float d = -above_lips(p);
  return d < 0 ? 0
               : (1 - smoothstep(0.8F, reach_cm, d)) *
                     (1 - smoothstep(kMouthHalfWidth, kMouthHalfWidth + 1.2F, std::fabs(p.x)));
}
// 1 in the middle of the mouth, 0 at the corners.
float middle(Point3 p) {
  const float u = along(p.x);
  return 1 - u * u;
}

// How far the upper lip and the skin over it follow what lifts them: towards the corners the lip itself stays.
float lifted(Point3 p) {
  const float skin = smoothstep(0, 1.4F, above_lips(p));
  return skin + (1 - skin) * middle(p);
}

// Both lips drawn towards the middle: x shrinks by `share` round the mouth, smoothly less outside.
float gather(Point3 p, float share) {
  const float w = bump(p, 0, -4.4F, 6.2F, 4.2F);
  return -share * std::clamp(p.x, -2.7F, 2.7F) * w;
}

float side(float x, int sign) { return smoothstep(-0.9F, 0.9F, x * static_cast<float>(sign)); }

// sign: +1 for the person's left (the image's right), -1 for the right.
Point3 smile(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float corner = bump(p, f * 2.6F, -4.2F, 3.6F, 3.0F);
  const float cheek = bump(p, f * 4.3F, -1.6F, 3.0F, 3.2F);
  return {f * (0.62F * corner + 0.12F * cheek), 0.70F * corner + 0.36F * cheek, -0.35F * corner + 0.30F * cheek};
}
Point3 frown(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float corner = bump(p, f * 2.7F, -4.6F, 2.8F, 2.9F);
  return {f * 0.05F * corner, -0.72F * corner, 0};
}
Point3 stretch(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float corner = bump(p, f * 2.5F, -4.5F, 3.2F, 3.0F);
  return {f * 0.52F * corner, -0.12F * corner, -0.25F * corner};
}
Point3 upper_up(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float w = upper_lip(p, 2.6F) * (0.35F + 0.65F * bump(p, f * 1.0F, -3.6F, 2.6F, 4.0F)) * side(p.x + f * 0.6F, s);
  return {0, 0.62F * w * lifted(p), 0.1F * w};
}
Point3 lower_down(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float w = lower_lip(p, 2.8F) * side(p.x + f * 0.6F, s);
  return {0, -0.60F * w * (0.15F + 0.85F * middle(p)), 0.08F * w};
}
Point3 cheek_squint(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float w = bump(p, f * 3.9F, 0.1F, 3.0F, 2.1F);
  return {0, 0.50F * w, 0.26F * w};
}
// The wings of the nose and the cheek beside them go up with the lip, the skin of the root comes down to them.
Point3 nose_sneer(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float wing = bump(p, f * 1.7F, -0.9F, 2.2F, 2.3F);
  const float lip = upper_lip(p, 2.4F) * lifted(p) * bump(p, f * 1.6F, -3.4F, 2.0F, 2.6F);
  const float root = bump(p, f * 0.8F, 3.7F, 2.0F, 2.0F) * side(p.x, s);
  return {0, 0.54F * wing + 0.38F * lip - 0.34F * root, 0};
}
// Brows move the forehead; the lids below keep still.
float brow_zone(Point3 p) { return smoothstep(3.15F, 4.3F, p.y); }
Point3 brow_outer(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  return {0, 0.90F * bump(p, f * 4.9F, 5.0F, 2.9F, 3.2F) * brow_zone(p), 0};
}
// The inner ends come down and together most; the skin above the lid gives way.
Point3 brow_down(Point3 p, int s) {
  const auto f = static_cast<float>(s);
  const float zone = std::clamp((p.y - 2.5F) / 2.4F, 0.0F, 1.0F) * side(p.x, s);
  const float w = bump(p, f * 1.9F, 4.9F, 3.7F, 3.4F) * zone, inner = bump(p, f * 1.2F, 4.8F, 2.6F, 3.0F) * zone;
  return {-f * (0.16F * w + 0.20F * inner), -0.56F * w - 0.38F * inner, 0.1F * w};
}

}  // namespace

float mouth_line(float x) {
  const float u = along(x);
  return -4.265F + (kCornerY + 4.265F) * u * u;
}

Point3 jaw_displacement(Point3 p) {
  const float y = p.y - kHingeY, z = p.z - kHingeZ;
  const float s = std::sin(kJawAngle), c = std::cos(kJawAngle);
  return {0, y * (c - 1) - z * s, y * s + z * (c - 1)};
}

Point3 relaxed_smile(Point3 p, int s) {
  // The corners come down and together, the lips grow full again, the cheeks sink.
  const auto f = static_cast<float>(s);
  const float own = side(p.x, s);
  const float corner = bump(p, f * 3.0F, -4.0F, 2.9F, 3.2F);
  const float cheek = bump(p, f * 4.2F, -1.4F, 3.0F, 3.0F);
  const float lip = own * upper_lip(p, 2.2F) * middle(p);
  return {own * gather(p, 0.27F), -0.95F * corner - 0.36F * cheek - 0.06F * lip, 0.30F * corner - 0.20F * cheek};
}

Point3 displacement(Muscle muscle, Point3 p) {
  switch (muscle) {
    case Muscle::jaw_open: {
      const float w = jaw_share(p);
      // Skin near the outline of the face is seen edge-on: places that are close in the picture differ much in depth.
      // They must not part, so the skin's lever over the hinge is a smooth function of x alone.
      const float across = std::min(1.0F, std::fabs(p.x) / 7.6F);
      const Point3 d = jaw_displacement({p.x, p.y, kHingeZ + 6.8F * (1 - across * across)});
      // The corners are drawn in a little as the mouth grows tall.
      const float corner = bump(p, p.x < 0 ? -2.5F : 2.5F, kCornerY, 2.6F, 2.4F);
      return {(p.x < 0 ? 0.30F : -0.30F) * corner, d.y * w + 0.10F * upper_lip(p, 2.0F) * middle(p), d.z * w};
    }
    case Muscle::jaw_sideways:
      return {0.75F * jaw_share(p) * bump(p, 0, -7.0F, 8.5F, 7.0F), 0, 0};
    case Muscle::jaw_forward:
      return {0, -0.10F * jaw_share(p), 0.6F * jaw_share(p)};
    case Muscle::mouth_pucker: {
      const float w = bump(p, 0, -4.3F, 4.2F, 3.0F);
      const float open = middle(p);
      return {gather(p, 0.42F), 0.16F * open * upper_lip(p, 1.8F) - 0.16F * open * lower_lip(p, 2.2F), 0.9F * w};
    }
    case Muscle::mouth_funnel: {
      const float w = bump(p, 0, -4.3F, 4.2F, 3.0F);
      const float open = std::sqrt(std::max(0.0F, middle(p)));
      return {gather(p, 0.27F), 0.30F * open * upper_lip(p, 2.0F) - 0.38F * open * lower_lip(p, 2.6F), 0.7F * w};
    }
    case Muscle::mouth_sideways:
      return {0.7F * bump(p, 0, -4.4F, 5.0F, 3.4F), 0, 0};
    case Muscle::mouth_smile_left:
      return smile(p, +1);
    case Muscle::mouth_smile_right:
      return smile(p, -1);
    case Muscle::mouth_frown_left:
      return frown(p, +1);
    case Muscle::mouth_frown_right:
      return frown(p, -1);
    case Muscle::mouth_stretch_left:
      return stretch(p, +1);
    case Muscle::mouth_stretch_right:
      return stretch(p, -1);
    case Muscle::mouth_press: {
      // The red of the lips thins towards their line; the skin round it follows.
      const float d = above_lips(p), k = 0.34F * (1 - smoothstep(0.75F, 2.0F, std::fabs(d)));
      const float w = 1 - smoothstep(kMouthHalfWidth * 0.85F, kMouthHalfWidth + 0.8F, std::fabs(p.x));
      const float corner = bump(p, p.x < 0 ? -2.6F : 2.6F, kCornerY, 1.8F, 1.6F);
      return {(p.x < 0 ? -0.10F : 0.10F) * corner, -k * w * std::clamp(d, -0.9F, 0.75F), -0.15F * w * k};
    }
    case Muscle::mouth_roll_upper: {
      const float w = upper_lip(p, 1.9F) * (0.2F + 0.8F * middle(p));
      return {0, -0.42F * w * smoothstep(0.0F, 0.55F, above_lips(p)), -0.3F * w};
    }
    case Muscle::mouth_roll_lower: {
      const float w = lower_lip(p, 2.2F) * (0.2F + 0.8F * middle(p));
      return {0, 0.52F * w * smoothstep(0.0F, 0.85F, -above_lips(p)), -0.3F * w};
    }
    case Muscle::mouth_shrug_upper:
      return {0, 0.20F * upper_lip(p, 2.2F) * middle(p), 0};
    case Muscle::mouth_shrug_lower: {
      const float chin = bump(p, 0, -7.3F, 3.6F, 2.6F);
      return {0, 0.45F * std::max(chin, 0.6F * lower_lip(p, 3.0F) * (0.3F + 0.7F * middle(p))), 0.1F * chin};
    }
    case Muscle::mouth_upper_up_left:
      return upper_up(p, +1);
    case Muscle::mouth_upper_up_right:
      return upper_up(p, -1);
    case Muscle::mouth_lower_down_left:
      return lower_down(p, +1);
    case Muscle::mouth_lower_down_right:
      return lower_down(p, -1);
    case Muscle::lip_bite: {
      const float lower = lower_lip(p, 2.6F) * (0.25F + 0.75F * middle(p));
      const float upper = upper_lip(p, 2.2F) * middle(p);
      return {0, 0.10F * lower + 0.30F * upper, -0.35F * lower};
    }
    case Muscle::cheek_puff: {
      const float f = p.x < 0 ? -1.0F : 1.0F;
      const float w = bump(p, f * 4.6F, -4.2F, 2.9F, 3.4F);
      return {f * 0.40F * w, 0, 0.6F * w};
    }
    case Muscle::cheek_squint_left:
      return cheek_squint(p, +1);
    case Muscle::cheek_squint_right:
      return cheek_squint(p, -1);
    case Muscle::nose_sneer_left:
      return nose_sneer(p, +1);
    case Muscle::nose_sneer_right:
      return nose_sneer(p, -1);
    case Muscle::brow_inner_up: {
      const float w = (bump(p, -1.4F, 5.1F, 2.7F, 3.2F) + bump(p, 1.4F, 5.1F, 2.7F, 3.2F)) * brow_zone(p);
      return {0, 0.82F * std::min(w, 1.2F), 0};
    }
    case Muscle::brow_outer_up_left:
      return brow_outer(p, +1);
    case Muscle::brow_outer_up_right:
      return brow_outer(p, -1);
    case Muscle::brow_down_left:
      return brow_down(p, +1);
    case Muscle::brow_down_right:
      return brow_down(p, -1);
    case Muscle::mouth_close:
    case Muscle::eye_blink_left:
    case Muscle::eye_blink_right:
    case Muscle::eye_wide_left:
    case Muscle::eye_wide_right:
    case Muscle::eye_squint_left:
    case Muscle::eye_squint_right:
    case Muscle::tongue_up:
    case Muscle::tongue_out:
    case Muscle::count:
      break;
  }
  return {};
}

}  // namespace avatar::mesh
