// SPDX-License-Identifier: Apache-2.0
// Where the output frame lies in the picture. The face is about 48 % of the frame's height and in its middle; the frame
// is shifted and zoomed to stay inside the picture as long as the face keeps its room, and only then reaches beyond it.
// Threads: values and pure functions.
#pragma once

#include "engine/engine.h"
#include "types/portrait.h"

namespace avatar {

/// frame = (picture - origin) * scale; all in pixels, centre of the top-left pixel at (0.5, 0.5).
struct Framing {
  int width = 0;  ///< of the frame, px
  int height = 0;
  float scale = 1;     ///< frame px per picture px
  float origin_x = 0;  ///< picture px
  float origin_y = 0;

  [[nodiscard]] Point3 to_frame(Point3 p) const {
    return {(p.x - origin_x) * scale, (p.y - origin_y) * scale, p.z * scale};
  }
};

[[nodiscard]] Framing frame_face(const Portrait& portrait, FrameSize size);

}  // namespace avatar
