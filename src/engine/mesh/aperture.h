// SPDX-License-Identifier: Apache-2.0
// The opening between two curves - lips or lids - as an area: how deep inside it a point lies.
// Threads: pure functions on borrowed data.
#pragma once

#include <algorithm>
#include <cmath>

#include "engine/mesh/face_mesh.h"

namespace avatar::mesh {

/// The curves of a seam at some placement of the vertices (frame px), measured along its own axis, corner to corner.
class Aperture {
 public:
  Aperture(const Seam& seam, const std::vector<float>& x, const std::vector<float>& y) : seam_(seam), x_(x), y_(y) {
    const Index a = seam.upper.front(), b = seam.upper.back();
    width_ = std::max(1e-3F, std::hypot(x[b] - x[a], y[b] - y[a]));
    ax_ = (x[b] - x[a]) / width_;
    ay_ = (y[b] - y[a]) / width_;
  }

  [[nodiscard]] float width() const { return width_; }  ///< px, corner to corner

  /// Place along the axis (0 at the first corner), and distances to the two curves across it: `below_upper` is positive
  /// under the upper curve, `above_lower` positive over the lower one. Both positive: inside. px.
  void locate(float px, float py, float& along, float& below_upper, float& above_lower) const {
    const float dx = px - x_[seam_.upper.front()], dy = py - y_[seam_.upper.front()];
    along = dx * ax_ + dy * ay_;
    const float across = -dx * ay_ + dy * ax_;
    below_upper = across - height_at(seam_.upper, along);
    above_lower = height_at(seam_.lower, along) - across;
  }

  /// How deep inside a point lies, px; negative outside.
  [[nodiscard]] float depth(float px, float py) const {
    float along = 0, up = 0, low = 0;
    locate(px, py, along, up, low);
    return std::min({up, low, along, width_ - along});
  }

  /// The box round the curves, px.
  void bounds(float& x0, float& y0, float& x1, float& y1) const {
    x0 = y0 = 1e9F;
    x1 = y1 = -1e9F;
    for (const auto* curve : {&seam_.upper, &seam_.lower}) {
      for (const Index i : *curve) {
        x0 = std::min(x0, x_[i]), x1 = std::max(x1, x_[i]);
        y0 = std::min(y0, y_[i]), y1 = std::max(y1, y_[i]);
      }
    }
  }

  /// The widest distance between the curves, px.
  [[nodiscard]] float gap() const {
    float widest = 0;
    for (size_t i = 1; i + 1 < seam_.upper.size(); ++i) {
      const Index u = seam_.upper[i], l = seam_.lower[i];
      widest = std::max(widest, -(x_[l] - x_[u]) * ay_ + (y_[l] - y_[u]) * ax_);
    }
    return widest;
  }

 private:
  // Height of a curve over the axis at a place along it.
  [[nodiscard]] float height_at(const std::vector<Index>& curve, float along) const {
    const float ox = x_[curve.front()], oy = y_[curve.front()];
    float a0 = 0, h0 = 0;
    for (size_t i = 1; i < curve.size(); ++i) {
      const float dx = x_[curve[i]] - ox, dy = y_[curve[i]] - oy;
      const float a1 = dx * ax_ + dy * ay_, h1 = -dx * ay_ + dy * ax_;
      if (along <= a1 || i + 1 == curve.size()) {
        const float t = a1 > a0 ? std::clamp((along - a0) / (a1 - a0), 0.0F, 1.0F) : 1.0F;
        return h0 + (h1 - h0) * t;
      }
      a0 = a1, h0 = h1;
    }
    return 0;
  }

  const Seam& seam_;
  const std::vector<float>& x_;
  const std::vector<float>& y_;
  float width_ = 1, ax_ = 1, ay_ = 0;
};

}  // namespace avatar::mesh
