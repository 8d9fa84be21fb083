// SPDX-License-Identifier: Apache-2.0
// A picture at half, quarter, ... size, from which turned squares are cut for the networks without aliasing.
// Threads: constant after construction, [any thread].
#pragma once

#include <span>
#include <vector>

#include "types/image.h"

namespace avatar {

struct Point2 {
  float x = 0, y = 0;
};

/// A square of the picture, turned: what a network looks at.
struct Crop {
  float x = 0, y = 0;  ///< centre, px of the picture
  float side = 0;      ///< px
  float angle = 0;     ///< radians, clockwise in the picture

  /// u, v: 0..1 across the crop, its own right and down.
  [[nodiscard]] Point2 to_picture(float u, float v) const;
  [[nodiscard]] Point2 from_picture(float px, float py) const;
};

/// What lies beyond the picture's edge.
enum class Beyond { black, nearest };

class Pyramid {
 public:
  /// Borrows the picture for its own life.
  explicit Pyramid(const Image& picture);

  /// The crop in size x size pixels, planes R, G, B one after the other, value = byte * gain + offset.
  void cut(const Crop& crop, int size, Beyond beyond, float gain, float offset, std::span<float> planes) const;

  [[nodiscard]] const Image& picture() const { return picture_; }
  /// The whole picture as a square, larger by the factor.
  [[nodiscard]] Crop whole(float factor = 1) const;

 private:
  [[nodiscard]] const Image& level(int i) const { return i == 0 ? picture_ : smaller_[static_cast<size_t>(i) - 1]; }

  const Image& picture_;
  std::vector<Image> smaller_;  // each half the one before
};

}  // namespace avatar
