// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/crop.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace avatar::neural {
namespace {

// Landmarks of types/portrait.h: the oval from ear to ear below, brows, eyes, nose, lips.
constexpr int kCropPoints[] = {
    234, 93,  132, 58,  172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454,  // jaw
    70,  63,  105, 66,  107, 46,  53,  52,  65,  55,  300, 293, 334, 296, 336, 276, 283, 282, 295, 285,       // brows
    33,  133, 159, 145, 263, 362, 386, 374,                                                                   // eyes
    168, 6,   197, 195, 5,   4,   1,   2,   98,  327,                                                         // nose
    61,  291, 0,   17,  37,  267, 84,  314,                                                                   // lips
};

template <typename Get>
Point mean_of(const Get& get, std::initializer_list<int> indices) {
  Point sum;
  for (const int i : indices) {
    sum.x += get(i).x;
    sum.y += get(i).y;
  }
  const auto n = static_cast<double>(indices.size());
  return {sum.x / n, sum.y / n};
}

Point middle(Point a, Point b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

}  // namespace

Point Affine::operator()(Point p) const { return {m[0] * p.x + m[1] * p.y + m[2], m[3] * p.x + m[4] * p.y + m[5]}; }

Affine Affine::inverse() const {
  const double d = m[0] * m[4] - m[1] * m[3];
  Affine i{{m[4] / d, -m[1] / d, 0, -m[3] / d, m[0] / d, 0}};
  i.m[2] = -(i.m[0] * m[2] + i.m[1] * m[5]);
  i.m[5] = -(i.m[3] * m[2] + i.m[4] * m[5]);
  return i;
}

Affine Affine::after(const Affine& f) const {
  return {{m[0] * f.m[0] + m[1] * f.m[3], m[0] * f.m[1] + m[1] * f.m[4], m[0] * f.m[2] + m[1] * f.m[5] + m[2],
           m[3] * f.m[0] + m[4] * f.m[3], m[3] * f.m[1] + m[4] * f.m[4], m[3] * f.m[2] + m[4] * f.m[5] + m[5]}};
}

FacePoints points_of(std::span<const Point3, kLandmarks> landmarks) {
  const auto at = [&](int i) {
    const Point3& p = landmarks[static_cast<size_t>(i)];
    return Point{p.x - 0.5, p.y - 0.5};
  };
  FacePoints face;
  for (const int i : kCropPoints) face.all.push_back(at(i));
  face.eyes = middle(mean_of(at, {33, 133, 159, 145}), mean_of(at, {263, 362, 386, 374}));
  face.mouth = middle(at(61), at(291));
  return face;
}

FacePoints points_of(std::span<const Point, 203> points) {
  const auto at = [&](int i) { return points[static_cast<size_t>(i)]; };
  return {{points.begin(), points.end()},
          middle(mean_of(at, {0, 6, 12, 18}), mean_of(at, {24, 30, 36, 42})),
          middle(at(48), at(66))};
}

CropPlace crop_round(const FacePoints& face, const CropWish& wish) {
  CHECK(!face.all.empty());
  Point uy{face.mouth.x - face.eyes.x, face.mouth.y - face.eyes.y};
  const double length = std::hypot(uy.x, uy.y);
  uy = length <= 1e-3 ? Point{0, 1} : Point{uy.x / length, uy.y / length};
  const Point ux{uy.y, -uy.x};
  CropPlace place;
  place.angle = std::acos(std::clamp(ux.x, -1.0, 1.0)) * (ux.y < 0 ? -1 : 1);

  Point c0;
  for (const Point& p : face.all) {
    c0.x += p.x / static_cast<double>(face.all.size());
    c0.y += p.y / static_cast<double>(face.all.size());
  }
  Point low{1e30, 1e30}, high{-1e30, -1e30};
  for (const Point& p : face.all) {
    const Point d{p.x - c0.x, p.y - c0.y};
    const Point q{d.x * ux.x + d.y * ux.y, d.x * uy.x + d.y * uy.y};
    low = {std::min(low.x, q.x), std::min(low.y, q.y)};
    high = {std::max(high.x, q.x), std::max(high.y, q.y)};
  }
  place.size = wish.scale * std::max(high.x - low.x, high.y - low.y);
  const double right = (low.x + high.x) / 2, down = (low.y + high.y) / 2 + wish.down * place.size;
  place.middle = {c0.x + ux.x * right + uy.x * down, c0.y + ux.y * right + uy.y * down};

  const double s = wish.side / place.size, c = std::cos(place.angle), n = std::sin(place.angle);
  const double half = wish.side / 2.0, cx = place.middle.x, cy = place.middle.y;
  place.to_crop = {{s * c, s * n, half - s * (c * cx + n * cy), -s * n, s * c, half - s * (-n * cx + c * cy)}};
  place.to_picture = place.to_crop.inverse();
  return place;
}

Image warp(const Image& picture, const Affine& to_picture, int width, int height) {
  Image out(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Point p = to_picture({static_cast<double>(x), static_cast<double>(y)});
      if (!(p.x > -1 && p.y > -1 && p.x < picture.width && p.y < picture.height)) continue;
      const int x0 = static_cast<int>(std::floor(p.x)), y0 = static_cast<int>(std::floor(p.y));
      const double fx = p.x - x0, fy = p.y - y0;
      double sum[3] = {0.5, 0.5, 0.5};
      for (int corner = 0; corner < 4; ++corner) {
        const int cx = x0 + corner % 2, cy = y0 + corner / 2;
        if (cx < 0 || cy < 0 || cx >= picture.width || cy >= picture.height) continue;
        const double weight = (corner % 2 != 0 ? fx : 1 - fx) * (corner / 2 != 0 ? fy : 1 - fy);
        const uint8_t* from = picture.at(cx, cy);
        for (int i = 0; i < 3; ++i) sum[i] += weight * from[i];
      }
      for (int i = 0; i < 3; ++i) out.at(x, y)[i] = static_cast<uint8_t>(sum[i]);
    }
  }
  return out;
}

Image halved(const Image& picture) {
  Image out(picture.width / 2, picture.height / 2);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const uint8_t *a = picture.at(2 * x, 2 * y), *b = picture.at(2 * x, 2 * y + 1);
      for (int i = 0; i < 3; ++i) out.at(x, y)[i] = static_cast<uint8_t>((a[i] + a[i + 3] + b[i] + b[i + 3] + 2) >> 2);
    }
  }
  return out;
}

void planes_of(const Image& picture, std::span<float> planes) {
  const size_t n = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  CHECK(planes.size() == 3 * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < 3; ++c) planes[c * n + i] = static_cast<float>(picture.rgb[3 * i + c]) / 255;
  }
}

EyeMeasures measure_eyes(std::span<const Point3, kLandmarks> points, double side) {
  struct Vector {
    double x, y, z;
    [[nodiscard]] double length() const { return std::sqrt(x * x + y * y + z * z); }
    [[nodiscard]] Vector unit() const {
      const double l = length() + 1e-8;
      return {x / l, y / l, z / l};
    }
  };
  // Of point a seen from b, in sides of the crop.
  const auto between = [&](int a, int b) {
    const Point3 &p = points[static_cast<size_t>(a)], &q = points[static_cast<size_t>(b)];
    return Vector{(p.x - q.x) / side, (p.y - q.y) / side, (p.z - q.z) / side};
  };
  // Corners, then the three pairs of the lids, then the iris.
  constexpr int kEyes[2][9] = {{33, 133, 145, 159, 144, 160, 153, 158, 468},
                               {263, 362, 374, 386, 373, 387, 380, 385, 473}};
  EyeMeasures out;
  for (size_t e = 0; e < 2; ++e) {
    const auto& eye = kEyes[e];
    const double gaps =
        between(eye[2], eye[3]).length() + between(eye[4], eye[5]).length() + between(eye[6], eye[7]).length();
    out.open[e] = static_cast<float>(gaps / (between(eye[0], eye[1]).length() + 1e-8));
    const Vector a = between(eye[8], eye[0]), b = between(eye[8], eye[1]);
    const Vector off{(a.x + b.x) / 2, (a.y + b.y) / 2, (a.z + b.z) / 2};  // of the iris, from the middle of the corners
    const Vector d1 = off.unit(), d2 = between(eye[0], eye[1]).unit();
    const double length = off.length();
    out.ball[e] = static_cast<float>((d1.x - d2.x) * length);
    out.ball[2 + e] = static_cast<float>((d1.y - d2.y) * length);
    out.ball[4 + e] = static_cast<float>((d1.z - d2.z) * length);
  }
  return out;
}

}  // namespace avatar::neural
