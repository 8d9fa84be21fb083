// SPDX-License-Identifier: Apache-2.0
#include "face/overlay.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "face/landmarks.h"

namespace avatar {
namespace {

using Colour = std::array<uint8_t, 3>;
constexpr Colour kRed{255, 60, 60}, kGreen{60, 255, 90}, kBlue{70, 120, 255}, kCyan{40, 230, 230},
    kYellow{255, 220, 40}, kGrey{230, 230, 230};

// The rings of design/portrait-rig: corner to corner, upper then lower, as closed lines.
constexpr int kOuterLips[] = {61,  185, 40,  39,  37, 0,  267, 269, 270, 409, 291,
                              375, 321, 405, 314, 17, 84, 181, 91,  146, 61};
constexpr int kInnerLips[] = {78,  191, 80,  81,  82, 13, 312, 311, 310, 415, 308,
                              324, 318, 402, 317, 14, 87, 178, 88,  95,  78};
constexpr int kRightEye[] = {33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7, 33};
constexpr int kLeftEye[] = {263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249, 263};

class Canvas {
 public:
  Canvas(Image& image, float scale) : image_(image), scale_(scale) {}

  /// Coordinates in pixels of the portrait; width in pixels of the canvas, soft at its rim.
  void line(Point3 a, Point3 b, Colour colour, float width, float strength = 1) {
    const float ax = a.x * scale_, ay = a.y * scale_, bx = b.x * scale_, by = b.y * scale_;
    const float reach = width / 2 + 1;
    const float length2 = std::max(1e-6f, (bx - ax) * (bx - ax) + (by - ay) * (by - ay));
    for (int y = row(std::min(ay, by) - reach); y <= row(std::max(ay, by) + reach); ++y) {
      for (int x = column(std::min(ax, bx) - reach); x <= column(std::max(ax, bx) + reach); ++x) {
        const float px = static_cast<float>(x) + 0.5f, py = static_cast<float>(y) + 0.5f;
        const float t = std::clamp(((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length2, 0.0f, 1.0f);
        const float away = std::hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
        blend(x, y, colour, std::clamp(width / 2 + 0.5f - away, 0.0f, 1.0f) * strength);
      }
    }
  }
  void dot(Point3 p, Colour colour, float width, float strength = 1) { line(p, p, colour, width, strength); }

  void blend(int x, int y, Colour colour, float strength) {
    uint8_t* p = image_.at(x, y);
    for (size_t c = 0; c < 3; ++c) {
      p[c] = static_cast<uint8_t>(std::lround(p[c] + strength * static_cast<float>(colour[c] - p[c])));
    }
  }

 private:
  [[nodiscard]] int row(float y) const { return std::clamp(static_cast<int>(y), 0, image_.height - 1); }
  [[nodiscard]] int column(float x) const { return std::clamp(static_cast<int>(x), 0, image_.width - 1); }

  Image& image_;
  float scale_;
};

}  // namespace

Image draw_overlay(const Portrait& portrait) {
  const Image& picture = portrait.picture;
  const int enlarge =
      std::max(1, (1024 + std::max(picture.width, picture.height) - 1) / std::max(picture.width, picture.height));
  Image out(picture.width * enlarge, picture.height * enlarge);
  Canvas canvas(out, static_cast<float>(enlarge));
  const auto person = [&](int x, int y) {
    return portrait.person.at(std::clamp(x / enlarge, 0, picture.width - 1),
                              std::clamp(y / enlarge, 0, picture.height - 1));
  };
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      std::copy_n(picture.at(x / enlarge, y / enlarge), 3, out.at(x, y));
      canvas.blend(x, y, {20, 20, 60}, 0.55f * (1 - static_cast<float>(person(x, y)) / 255));
      const bool in = person(x, y) >= 128;
      if (in != (person(x + 1, y) >= 128) || in != (person(x, y + 1) >= 128)) canvas.blend(x, y, kGreen, 0.9f);
    }
  }

  const auto at = [&](int i) { return portrait.landmarks[static_cast<size_t>(i)]; };
  const auto ring = [&](std::span<const int> points, Colour colour) {
    for (size_t i = 1; i < points.size(); ++i) canvas.line(at(points[i - 1]), at(points[i]), colour, 1.2f, 0.9f);
  };
  for (int i = 0; i < kFaceVertices; ++i) canvas.dot(at(i), kGrey, 1.5f, 0.5f);
  ring(kOuterLips, kRed);
  ring(kInnerLips, kRed);
  ring(kRightEye, kCyan);
  ring(kLeftEye, kCyan);
  for (const int iris : {468, 473}) {
    canvas.dot(at(iris), kBlue, 3);
    float radius = 0;
    for (int k = 1; k <= 4; ++k) radius += std::hypot(at(iris + k).x - at(iris).x, at(iris + k).y - at(iris).y) / 4;
    constexpr int kSteps = 24;
    const auto rim = [&](int i) {
      const float a = 6.2831853f * static_cast<float>(i) / kSteps;
      return Point3{at(iris).x + radius * std::cos(a), at(iris).y + radius * std::sin(a), 0};
    };
    for (int i = 0; i < kSteps; ++i) canvas.line(rim(i), rim(i + 1), kBlue, 1.2f, 0.8f);
  }

  const Crop crop = crop_round(portrait.landmarks);
  const auto corner = [&](float u, float v) {  // of the landmarks' own box, 1 / 1.5 of the crop
    const Point2 p = crop.to_picture(0.5f + u / 3, 0.5f + v / 3);
    return Point3{p.x, p.y, 0};
  };
  constexpr float kCorners[][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}, {-1, -1}};
  for (int i = 0; i < 4; ++i) {
    canvas.line(corner(kCorners[i][0], kCorners[i][1]), corner(kCorners[i + 1][0], kCorners[i + 1][1]), kYellow, 1.2f,
                0.8f);
  }
  const Point3 nose = portrait.canonical->vertices[4];
  const Point3 origin = portrait.fit.to_picture(nose);
  constexpr float kLength = 5;  // cm
  canvas.line(origin, portrait.fit.to_picture({nose.x + kLength, nose.y, nose.z}), kRed, 2.5f);
  canvas.line(origin, portrait.fit.to_picture({nose.x, nose.y + kLength, nose.z}), kGreen, 2.5f);
  canvas.line(origin, portrait.fit.to_picture({nose.x, nose.y, nose.z + kLength}), kBlue, 2.5f);
  return out;
}

}  // namespace avatar
