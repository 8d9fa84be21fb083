// SPDX-License-Identifier: Apache-2.0
#include "face/rest_face.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "face/face_fit.h"

namespace avatar {
namespace {

using Indices = std::array<size_t, 5>;
// The middle of the inner lips and of the lids, the upper row above the lower one.
constexpr Indices kLipUpper{81, 82, 13, 312, 311}, kLipLower{178, 87, 14, 317, 402};

/// A gap as it is seen: depth is too coarse to count here.
float gap(const Point3& a, const Point3& b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Gap between the lids over the width of the eye, in parts of an ordinary open eye. The width is taken in space,
/// because an eye on the far side of a turned head looks narrow.
float eye_open(const Landmarks& l, size_t upper, size_t lower, size_t outer, size_t inner) {
  constexpr float kOrdinary = 0.28f;  // types/portrait.h
  const Point3 &a = l[outer], &b = l[inner];
  return gap(l[upper], l[lower]) / std::hypot(a.x - b.x, a.y - b.y, a.z - b.z) / kOrdinary;
}

struct Tone {
  float luma = 0;     // 0..255
  float redness = 0;  // (R - B) / (R + G + B)
};

Tone tone_at(const Image& picture, float x, float y) {
  const int px = std::clamp(static_cast<int>(x), 0, picture.width - 1);
  const int py = std::clamp(static_cast<int>(y), 0, picture.height - 1);
  const uint8_t* c = picture.at(px, py);
  const float r = c[0], g = c[1], b = c[2];
  return {0.299f * r + 0.587f * g + 0.114f * b, (r - b) / std::max(1.0f, r + g + b)};
}

/// The share of what is seen between the lips that is about as bright as the skin and clearly less red.
float teeth_share(const Image& picture, const Landmarks& l) {
  Tone skin;
  for (const size_t cheek : {50u, 205u, 280u, 425u}) {
    const Tone t = tone_at(picture, l[cheek].x, l[cheek].y);
    skin.luma += t.luma / 4;
    skin.redness += t.redness / 4;
  }
  int teeth = 0, all = 0;
  constexpr int kSteps = 16;
  for (size_t i = 0; i + 1 < kLipUpper.size(); ++i) {
    for (int across = 0; across < kSteps; ++across) {
      const float s = (static_cast<float>(across) + 0.5f) / kSteps;
      for (int down = 2; down < kSteps - 2; ++down) {  // not the lips' own rim
        const float t = (static_cast<float>(down) + 0.5f) / kSteps;
        const auto mix = [&](float Point3::*axis) {
          const float top = l[kLipUpper[i]].*axis + s * (l[kLipUpper[i + 1]].*axis - l[kLipUpper[i]].*axis);
          const float low = l[kLipLower[i]].*axis + s * (l[kLipLower[i + 1]].*axis - l[kLipLower[i]].*axis);
          return top + t * (low - top);
        };
        const Tone tone = tone_at(picture, mix(&Point3::x), mix(&Point3::y));
        ++all;
        if (tone.luma > 0.6f * skin.luma && tone.redness < 0.75f * skin.redness) ++teeth;
      }
    }
  }
  return static_cast<float>(teeth) / static_cast<float>(all);
}

/// Height of the lip corners above the middle of the mouth, and the mouth's width: cm of the canonical face.
struct Mouth {
  float corners_up, width;
};
Mouth mouth_of(Point3 right, Point3 left, Point3 upper, Point3 lower) {
  return {(right.y + left.y) / 2 - (upper.y + lower.y) / 2, left.x - right.x};
}

}  // namespace

RestFace measure_rest(const Image& picture, const CanonicalFace& canonical, const FaceFit& fit, const Landmarks& l) {
  RestFace rest;
  rest.eye_open_right = eye_open(l, 159, 145, 33, 133);
  rest.eye_open_left = eye_open(l, 386, 374, 263, 362);
  for (size_t i = 1; i < 4; ++i) rest.lip_gap_cm += gap(l[kLipUpper[i]], l[kLipLower[i]]) / 3 / fit.scale;

  constexpr float kApart = 0.15f;  // cm, types/portrait.h: below that the lips touch and nothing shows
  const float share = rest.lip_gap_cm > kApart ? teeth_share(picture, l) : 0;
  rest.teeth_show = share > 0.25f;

  const auto in_cm = [&](size_t i) { return to_canonical(fit, l[i]); };
  const Mouth here = mouth_of(in_cm(61), in_cm(291), in_cm(0), in_cm(17));
  const auto& c = canonical.vertices;
  const Mouth plain = mouth_of(c[61], c[291], c[0], c[17]);
  const float up = here.corners_up - plain.corners_up, out = (here.width - plain.width) / 2;
  // From an ordinary closed mouth to a wide laugh, as measured on 50 portraits: corners up 0.05 to 0.8 cm, out 0.2 to
  // 1.0 cm each.
  rest.smile = std::clamp(0.5f * (up - 0.05f) / 0.75f + 0.5f * (out - 0.2f) / 0.8f, 0.0f, 1.0f);
  return rest;
}

}  // namespace avatar
