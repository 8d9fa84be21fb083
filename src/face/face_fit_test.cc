// SPDX-License-Identifier: Apache-2.0
#include "face/face_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <utility>

#include "face/canonical_face.h"

namespace avatar {
namespace {

/// The canonical face itself, seen under these angles (types/portrait.h tells the signs).
Landmarks seen(const CanonicalFace& face, double yaw, double pitch, double roll, float scale, Point3 shift) {
  constexpr double kRadians = 3.14159265358979 / 180;
  const double y = yaw * kRadians, p = pitch * kRadians, r = roll * kRadians;
  Landmarks landmarks{};
  for (size_t i = 0; i < kFaceVertices; ++i) {
    // Picture axes: x right, y down, z away.
    double a = face.vertices[i].x, b = -face.vertices[i].y, c = -face.vertices[i].z;
    // Roll: clockwise as seen.
    std::tie(a, b) = std::pair(std::cos(r) * a - std::sin(r) * b, std::sin(r) * a + std::cos(r) * b);
    // Pitch: the front (c < 0) goes up (b < 0).
    std::tie(b, c) = std::pair(std::cos(p) * b + std::sin(p) * c, -std::sin(p) * b + std::cos(p) * c);
    // Yaw: the front goes to the right.
    std::tie(a, c) = std::pair(std::cos(y) * a - std::sin(y) * c, std::sin(y) * a + std::cos(y) * c);
    landmarks[i] = {scale * static_cast<float>(a) + shift.x, scale * static_cast<float>(b) + shift.y,
                    scale * static_cast<float>(c) + shift.z};
  }
  return landmarks;
}

TEST(FaceFit, finds_scale_place_and_angles_exactly) {
  const auto face = load_canonical_face();
  const auto landmarks = seen(*face, 20, -8, 5, 30, {500, 400, -10});
  const FaceFit fit = fit_face(*face, landmarks);
  EXPECT_NEAR(fit.scale, 30, 1e-3);
  EXPECT_NEAR(fit.yaw_deg, 20, 1e-2);
  EXPECT_NEAR(fit.pitch_deg, -8, 1e-2);
  EXPECT_NEAR(fit.roll_deg, 5, 1e-2);
  for (size_t i = 0; i < kFaceVertices; ++i) {
    const Point3 p = fit.to_picture(face->vertices[i]);
    ASSERT_NEAR(p.x, landmarks[i].x, 0.01);
    ASSERT_NEAR(p.y, landmarks[i].y, 0.01);
    ASSERT_NEAR(p.z, landmarks[i].z, 0.01);
  }
}

TEST(FaceFit, goes_back_to_centimetres) {
  const auto face = load_canonical_face();
  const FaceFit fit = fit_face(*face, seen(*face, -15, 10, -20, 12, {90, 70, 3}));
  const Point3 c = face->vertices[152];
  const Point3 back = to_canonical(fit, fit.to_picture(c));
  EXPECT_NEAR(back.x, c.x, 1e-4);
  EXPECT_NEAR(back.y, c.y, 1e-4);
  EXPECT_NEAR(back.z, c.z, 1e-4);
}

TEST(FaceFit, an_open_mouth_is_no_nodding_head) {
  const auto face = load_canonical_face();
  auto landmarks = seen(*face, 0, 0, 0, 20, {300, 300, 0});
  for (size_t i = 0; i < kFaceVertices; ++i) {
    if (face->vertices[i].y < -4.5f) landmarks[i].y += 2 * 20;  // chin and lower lip, 2 cm down
  }
  const FaceFit fit = fit_face(*face, landmarks);
  EXPECT_NEAR(fit.pitch_deg, 0, 2);
  EXPECT_NEAR(fit.scale, 20, 0.8);
}

TEST(CanonicalFace, is_whole) {
  const auto face = load_canonical_face();
  ASSERT_EQ(face->triangles.size(), 898u);
  for (const auto& t : face->triangles) {
    for (const uint16_t i : t) ASSERT_LT(i, kFaceVertices);
  }
  EXPECT_LT(face->vertices[33].x, 0);                      // the person's right eye is on the picture's left
  EXPECT_GT(face->vertices[10].y, face->vertices[152].y);  // forehead above chin: y is up
  EXPECT_GT(face->vertices[4].z, face->vertices[234].z);   // the nose is nearer than the cheek
}

}  // namespace
}  // namespace avatar
