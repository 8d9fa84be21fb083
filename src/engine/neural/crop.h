// SPDX-License-Identifier: Apache-2.0
// Cutting the face out of a picture the way the networks were taught: upright by the line from the eyes to the mouth,
// so many times the face's size.
//
//   const Affine cut = crop_round(points_of(portrait.landmarks), {512, 2.3, -0.125}).to_picture;
//   const Image face = warp(picture, cut, 512, 512);
//
// Coordinates here: the middle of the top-left pixel is (0, 0), as in the published code; everywhere else in the house
// it is (0.5, 0.5) (types/image.h). Threads: pure functions.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "types/image.h"
#include "types/portrait.h"

namespace avatar::neural {

struct Point {
  double x = 0, y = 0;
};

/// x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5]
struct Affine {
  std::array<double, 6> m{1, 0, 0, 0, 1, 0};
  [[nodiscard]] Point operator()(Point p) const;
  [[nodiscard]] Affine inverse() const;
  [[nodiscard]] Affine after(const Affine& first) const;  ///< first `first`, then this
};

/// What a crop is measured by: everything on the face counts for the size, eyes and mouth for the angle.
struct FacePoints {
  std::vector<Point> all;
  Point eyes, mouth;  ///< the middle of the two eyes; of the two corners
};
/// Of our 478 landmarks (px, middle of the top-left pixel at 0.5): jaw, brows, eyes, nose, lips; no forehead.
[[nodiscard]] FacePoints points_of(std::span<const Point3, kLandmarks> landmarks);
/// Of the 203 points of the landmark network.
[[nodiscard]] FacePoints points_of(std::span<const Point, 203> points);

struct CropWish {
  int side = 512;        ///< px of the crop
  double scale = 2.3;    ///< its side, in sizes of the face
  double down = -0.125;  ///< shift of its middle, in sides, along the face
};
struct CropPlace {
  Point middle;      ///< px of the picture
  double size = 0;   ///< its side, px of the picture
  double angle = 0;  ///< radians, of the face
  Affine to_crop, to_picture;
};
[[nodiscard]] CropPlace crop_round(const FacePoints& face, const CropWish& wish);

/// Bilinear, black outside. Pixel p of the answer is the picture at to_picture(p).
[[nodiscard]] Image warp(const Image& picture, const Affine& to_picture, int width, int height);

/// Each pixel the mean of 2 x 2, halves upwards.
[[nodiscard]] Image halved(const Image& picture);

/// [R, G, B][row][column], 0..1.
void planes_of(const Image& picture, std::span<float> planes);

/// How open the eyes are and where they look, of landmarks in a crop of `side` px: what a face that has no settings
/// file with it is conditioned on.
struct EyeMeasures {
  std::array<float, 2> open{};  ///< left of the picture first
  std::array<float, 6> ball{};  ///< left x, right x, left y, right y, left z, right z
};
[[nodiscard]] EyeMeasures measure_eyes(std::span<const Point3, kLandmarks> in_crop, double side);

}  // namespace avatar::neural
