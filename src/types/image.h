// SPDX-License-Identifier: Apache-2.0
// Pictures: Image (what was given, RGB), Mask (one value a pixel), Frame (what is shown, I420).
// Coordinates everywhere: x right, y down; the centre of the top-left pixel is (0.5, 0.5).
// Threads: values; share only when const.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace avatar {

/// An upright picture: [row][column][R, G, B], 8 bits, sRGB, rows without padding.
struct Image {
  int width = 0;   ///< px
  int height = 0;  ///< px
  std::vector<uint8_t> rgb;

  Image() = default;
  Image(int w, int h) : width(w), height(h), rgb(static_cast<size_t>(w) * h * 3) {}
  [[nodiscard]] bool empty() const { return rgb.empty(); }
  [[nodiscard]] const uint8_t* at(int x, int y) const { return &rgb[(static_cast<size_t>(y) * width + x) * 3]; }
  [[nodiscard]] uint8_t* at(int x, int y) { return &rgb[(static_cast<size_t>(y) * width + x) * 3]; }
};

/// One value a pixel, 0 = no, 255 = yes: [row][column].
struct Mask {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> value;

  Mask() = default;
  Mask(int w, int h) : width(w), height(h), value(static_cast<size_t>(w) * h) {}
  [[nodiscard]] uint8_t at(int x, int y) const { return value[static_cast<size_t>(y) * width + x]; }
  [[nodiscard]] uint8_t& at(int x, int y) { return value[static_cast<size_t>(y) * width + x]; }
};

/// A picture to show: I420, BT.601, limited range (Y 16..235, Cb and Cr 16..240). BT.601 at every size, because VP8
/// knows nothing else (RFC 6386, 9.2) and one picture feeds every encoder. Width and height are even; rows have no
/// padding; the three planes follow each other in one block.
class Frame {
 public:
  Frame() = default;
  Frame(int width, int height) : width_(width), height_(height), data_(static_cast<size_t>(width) * height * 3 / 2) {}

  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] uint8_t* y() { return data_.data(); }
  [[nodiscard]] uint8_t* u() { return y() + static_cast<size_t>(width_) * height_; }
  [[nodiscard]] uint8_t* v() { return u() + static_cast<size_t>(width_) * height_ / 4; }
  [[nodiscard]] const uint8_t* y() const { return data_.data(); }
  [[nodiscard]] const uint8_t* u() const { return y() + static_cast<size_t>(width_) * height_; }
  [[nodiscard]] const uint8_t* v() const { return u() + static_cast<size_t>(width_) * height_ / 4; }
  [[nodiscard]] const std::vector<uint8_t>& bytes() const { return data_; }

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<uint8_t> data_;
};

}  // namespace avatar
