// SPDX-License-Identifier: Apache-2.0
#include "face/rest_face.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "face/face_fit.h"

namespace avatar {
namespace {

float distance(const Point3& a, const Point3& b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Gap between the lids over the width of the eye, in parts of an ordinary open eye.
float eye_open(const Landmarks& l, std::array<size_t, 3> upper, std::array<size_t, 3> lower, size_t outer,
               size_t inner) {
  constexpr float kOrdinary = 0.28f;  // types/portrait.h
  // The middle of the three is where the eye is widest open.
  const float gap = distance(l[upper[1]], l[lower[1]]);
  return gap / distance(l[outer], l[inner]) / kOrdinary;
}

}  // namespace

RestFace measure_rest(const Image& picture, const CanonicalFace& canonical, const FaceFit& fit, const Landmarks& l) {
  RestFace rest;
  (void)picture;
  rest.eye_open_right = eye_open(l, {160, 159, 158}, {144, 145, 153}, 33, 133);
  rest.eye_open_left = eye_open(l, {385, 386, 387}, {380, 374, 373}, 263, 362);
  rest.lip_gap_cm = (distance(l[82], l[87]) + distance(l[13], l[14]) + distance(l[312], l[317])) / 3 / fit.scale;
  (void)canonical;
  return rest;
}

}  // namespace avatar
