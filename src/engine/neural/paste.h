// SPDX-License-Identifier: Apache-2.0
// The drawn face goes back into the whole frame. Where the face was cut out, its new picture lies over the still one,
// soft at the crop's rim and only where the person is: the background cannot flicker, because it is not touched.
//
//   const Paste paste(portrait, framing, to_crop, still);        // once per person and size
//   paste.onto(drawn, scratch, frame);                           // [R, G, B][512][512], 0..1 -> I420
//
// Threads: constant after making.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/framing.h"
#include "engine/neural/crop.h"
#include "types/image.h"
#include "types/portrait.h"

namespace avatar::neural {

inline constexpr int kDrawnSide = 512;  ///< px of the picture that the decoder makes

/// How much of the drawn picture counts at (row, column), 0..1: 1 inside, down to 0 over 26 px at each side.
[[nodiscard]] float rim_mask(int row, int column);

class Paste final {
 public:
  /// `to_crop`: px of the picture -> px of the crop (crop.h). `still`: the frame without a drawn face.
  Paste(const Portrait& portrait, const Framing& framing, const Affine& to_crop, const Frame& still);

  /// What onto() works in; one for each that draws at the same time.
  struct Scratch {
    std::vector<uint8_t> ycc = std::vector<uint8_t>(static_cast<size_t>(3) * kDrawnSide * kDrawnSide);
  };
  void onto(std::span<const float> drawn, Scratch& scratch, Frame& frame) const;

 private:
  // One sample of a plane of the frame, where the drawn picture shows.
  struct Spot {
    uint32_t to;     // in the plane
    uint32_t from;   // in the drawn picture: the upper left of four
    uint8_t fx, fy;  // of 32: how far to the right and lower ones
    uint16_t share;  // of 256
  };
  static std::vector<Spot> spots(const Portrait& portrait, const Framing& framing, const Affine& to_crop, int step);

  Frame still_;
  std::vector<Spot> luma_, chroma_;
};

}  // namespace avatar::neural
