// SPDX-License-Identifier: Apache-2.0
#include "face/face_fit.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace avatar {
namespace {

using Matrix4 = std::array<std::array<double, 4>, 4>;

/// Eigenvector of the largest eigenvalue of a symmetric matrix, by Jacobi rotations.
std::array<double, 4> principal(Matrix4 a) {
  Matrix4 v{};
  for (size_t i = 0; i < 4; ++i) v[i][i] = 1;
  for (int sweep = 0; sweep < 30; ++sweep) {  // converges quadratically: 6 or 7 sweeps reach double precision
    double off = 0;
    for (size_t p = 0; p < 4; ++p) {
      for (size_t q = p + 1; q < 4; ++q) off += a[p][q] * a[p][q];
    }
    if (off == 0) break;
    for (size_t p = 0; p < 4; ++p) {
      for (size_t q = p + 1; q < 4; ++q) {
        if (a[p][q] == 0) continue;
        const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (size_t k = 0; k < 4; ++k) {
          const double kp = a[k][p], kq = a[k][q];
          a[k][p] = c * kp - s * kq, a[k][q] = s * kp + c * kq;
        }
        for (size_t k = 0; k < 4; ++k) {
          const double pk = a[p][k], qk = a[q][k];
          a[p][k] = c * pk - s * qk, a[q][k] = s * pk + c * qk;
          const double vp = v[k][p], vq = v[k][q];
          v[k][p] = c * vp - s * vq, v[k][q] = s * vp + c * vq;
        }
      }
    }
  }
  size_t best = 0;
  for (size_t i = 1; i < 4; ++i) best = a[i][i] > a[best][best] ? i : best;
  return {v[0][best], v[1][best], v[2][best], v[3][best]};
}

/// How rigid a point of the face is: all of it above the nostrils, little of it from the mouth down.
double rigidity(Point3 canonical) {
  constexpr double kNostrils = -2.0, kMouth = -3.5, kSoft = 0.15;  // cm, canonical y; chosen by eye
  const double up = std::clamp((canonical.y - kMouth) / (kNostrils - kMouth), 0.0, 1.0);
  return kSoft + (1 - kSoft) * up;
}

}  // namespace

FaceFit fit_face(const CanonicalFace& canonical, const Landmarks& landmarks) {
  std::array<double, 3> mean_c{}, mean_p{};
  double total = 0;
  const auto turned = [](Point3 c) { return std::array<double, 3>{c.x, -c.y, -c.z}; };
  const auto array = [](Point3 p) { return std::array<double, 3>{p.x, p.y, p.z}; };
  for (size_t i = 0; i < kFaceVertices; ++i) {
    const double w = rigidity(canonical.vertices[i]);
    const auto c = turned(canonical.vertices[i]), p = array(landmarks[i]);
    for (size_t k = 0; k < 3; ++k) mean_c[k] += w * c[k], mean_p[k] += w * p[k];
    total += w;
  }
  for (size_t k = 0; k < 3; ++k) mean_c[k] /= total, mean_p[k] /= total;

  std::array<std::array<double, 3>, 3> m{};  // sum of canonical x picture
  double spread = 0;
  for (size_t i = 0; i < kFaceVertices; ++i) {
    const double w = rigidity(canonical.vertices[i]);
    const auto c = turned(canonical.vertices[i]), p = array(landmarks[i]);
    for (size_t r = 0; r < 3; ++r) {
      for (size_t k = 0; k < 3; ++k) m[r][k] += w * (c[r] - mean_c[r]) * (p[k] - mean_p[k]);
      spread += w * (c[r] - mean_c[r]) * (c[r] - mean_c[r]);
    }
  }
  // Horn 1987, section 4.A: the unit quaternion that maximises q^T N q.
  const Matrix4 n{{{m[0][0] + m[1][1] + m[2][2], m[1][2] - m[2][1], m[2][0] - m[0][2], m[0][1] - m[1][0]},
                   {m[1][2] - m[2][1], m[0][0] - m[1][1] - m[2][2], m[0][1] + m[1][0], m[2][0] + m[0][2]},
                   {m[2][0] - m[0][2], m[0][1] + m[1][0], -m[0][0] + m[1][1] - m[2][2], m[1][2] + m[2][1]},
                   {m[0][1] - m[1][0], m[2][0] + m[0][2], m[1][2] + m[2][1], -m[0][0] - m[1][1] + m[2][2]}}};
  const auto [w, x, y, z] = principal(n);
  const std::array<double, 9> r{1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                                2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                                2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
  double along = 0;  // trace(R * m): how much of the picture's spread the turned canonical face explains
  for (size_t i = 0; i < 3; ++i) {
    for (size_t k = 0; k < 3; ++k) along += r[3 * i + k] * m[k][i];
  }
  const double scale = along / spread;

  FaceFit fit;
  fit.scale = static_cast<float>(scale);
  for (size_t i = 0; i < 9; ++i) fit.rotation[i] = static_cast<float>(r[i]);
  std::array<float, 3> shift{};
  for (size_t i = 0; i < 3; ++i) {
    shift[i] = static_cast<float>(mean_p[i] -
                                  scale * (r[3 * i] * mean_c[0] + r[3 * i + 1] * mean_c[1] + r[3 * i + 2] * mean_c[2]));
  }
  fit.shift = {shift[0], shift[1], shift[2]};
  // R = yaw * pitch * roll about y, x, z; the face looks along -z of the picture's axes.
  constexpr double kDegrees = 180 / std::numbers::pi;
  fit.yaw_deg = static_cast<float>(kDegrees * std::atan2(-r[2], r[8]));
  fit.pitch_deg = static_cast<float>(kDegrees * std::asin(std::clamp(r[5], -1.0, 1.0)));
  fit.roll_deg = static_cast<float>(kDegrees * std::atan2(r[3], r[4]));
  return fit;
}

Point3 to_canonical(const FaceFit& fit, Point3 picture) {
  const float x = (picture.x - fit.shift.x) / fit.scale, y = (picture.y - fit.shift.y) / fit.scale,
              z = (picture.z - fit.shift.z) / fit.scale;
  const auto& r = fit.rotation;
  return {r[0] * x + r[3] * y + r[6] * z, -(r[1] * x + r[4] * y + r[7] * z), -(r[2] * x + r[5] * y + r[8] * z)};
}

}  // namespace avatar
