// SPDX-License-Identifier: Apache-2.0
#include "engine/framing.h"

#include <algorithm>
#include <cmath>

namespace avatar {
namespace {

constexpr float kFaceShare = 0.48F;     // face height / frame height (docs: portrait rig, framing); chosen by eye
constexpr float kFaceShareMax = 0.66F;  // closer than this looks like a passport booth
constexpr float kFaceShareMin = 0.34F;  // a small face in a large picture is enlarged until it is this large, at least
constexpr float kUpscale = 1.5F;        // ... but beyond that size not more than this: blur is worse than a small face
constexpr float kFaceMiddle = 0.50F;    // height of the face's middle in the frame

// First edge of an interval of length `side` round `middle`, moved inside [0, limit] where it fits. Where it does not
// fit, the picture is centred.
float place(float middle, float side, float limit, float share) {
  const float first = middle - side * share;
  if (side >= limit) return (limit - side) * 0.5F;
  return std::clamp(first, 0.0F, limit - side);
}

}  // namespace

Framing frame_face(const Portrait& portrait, FrameSize size) {
  const Point3 top = portrait.landmarks[10];
  const Point3 chin = portrait.landmarks[152];
  const float face = std::max(8.0F, std::hypot(top.x - chin.x, top.y - chin.y));
  const auto picture_w = static_cast<float>(portrait.picture.width);
  const auto picture_h = static_cast<float>(portrait.picture.height);
  const float aspect = static_cast<float>(size.width) / static_cast<float>(size.height);
  // In an upright frame the width is what is scarce: the face counts against the smaller side.
  const float unit = std::min(1.0F, aspect);

  float side = face / (kFaceShare * unit);  // frame height, picture px
  const float sharp = static_cast<float>(size.height) / kUpscale;
  if (side < sharp) side = std::min(sharp, face / (kFaceShareMin * unit));
  const float fits = std::min(picture_h, picture_w / aspect);
  side = std::max(std::min(side, fits), face / (kFaceShareMax * unit));

  Framing f;
  f.width = size.width;
  f.height = size.height;
  f.scale = static_cast<float>(size.height) / side;
  f.origin_x = place((top.x + chin.x) * 0.5F, side * aspect, picture_w, 0.5F);
  f.origin_y = place((top.y + chin.y) * 0.5F, side, picture_h, kFaceMiddle);
  return f;
}

}  // namespace avatar
