// SPDX-License-Identifier: Apache-2.0
// A picture of a person, understood once: where the face is in space, which pixels are the person, what the face is
// already doing. Made by face/analysis, constant afterwards, shared by every avatar of that person.
// Coordinates: pixels of `picture`, x right, y down, z away from the viewer (smaller = nearer), the same scale as x.
// "left" and "right" are the person's own, as everywhere in this house.
// Threads: share as shared_ptr<const Portrait>.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "types/image.h"

namespace avatar {

struct Point3 {
  float x = 0, y = 0, z = 0;
};

inline constexpr int kFaceVertices = 468;  ///< of the canonical face mesh
inline constexpr int kLandmarks = 478;     ///< face vertices, then right iris 468-472, left iris 473-477
                                           ///< (centre, then four rim points)

/// The canonical face of the landmark network: centimetres, x to the image's right, y UP, z TOWARDS the viewer, origin
/// inside the head. MediaPipe's geometry_pipeline_metadata_landmarks.binarypb.
struct CanonicalFace {
  std::array<Point3, kFaceVertices> vertices;
  std::vector<std::array<uint16_t, 3>> triangles;  ///< 898
};

/// Canonical centimetres -> picture pixels: p = scale * R * (c.x, -c.y, -c.z) + shift (Procrustes fit, Umeyama 1991).
struct FaceFit {
  float scale = 1;                                           ///< px per cm
  std::array<float, 9> rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};  ///< row by row, picture axes
  Point3 shift;                                              ///< px
  float yaw_deg = 0;    ///< of the head in the picture; positive: turned to the image's right
  float pitch_deg = 0;  ///< positive: looking up
  float roll_deg = 0;   ///< positive: clockwise in the image

  [[nodiscard]] Point3 to_picture(Point3 c) const {
    const float x = c.x, y = -c.y, z = -c.z;
    const auto& r = rotation;
    return {scale * (r[0] * x + r[1] * y + r[2] * z) + shift.x, scale * (r[3] * x + r[4] * y + r[5] * z) + shift.y,
            scale * (r[6] * x + r[7] * y + r[8] * z) + shift.z};
  }
};

/// What the face in the picture already does; every pose is relative to it.
struct RestFace {
  float lip_gap_cm = 0;     ///< inner-lip distance at the middle; above 0.15 the lips are apart
  bool teeth_show = false;  ///< bright, unsaturated pixels between the lips
  float smile = 0;          ///< 0..1, how far the lip corners are pulled up and out against the canonical face
  float eye_open_left = 1;  ///< lid gap / eye width, divided by 0.28 (an ordinary open eye): 0 shut, 1 ordinary
  float eye_open_right = 1;
};

struct Portrait {
  Image picture;  ///< upright; long side at most 2,048 px
  Mask person;    ///< same size: 255 = the person, soft at the rim
  std::shared_ptr<const CanonicalFace> canonical;
  std::array<Point3, kLandmarks> landmarks{};  ///< px of picture
  float face_score = 0;                        ///< of the detector, 0..1
  int faces_found = 1;                         ///< when more than 1: the largest near the middle was taken
  FaceFit fit;
  RestFace rest;
  std::string content_hash;  ///< hex SHA-256 of the file's bytes; names it in caches
};

}  // namespace avatar
