// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/eyes.h"

#include <algorithm>
#include <cmath>

#include "engine/mesh/texels.h"

namespace avatar::mesh {
namespace {

constexpr float kEyeballRadiusCm = 1.2F;  // of an adult; the iris travels on it
constexpr float kMaxGazeDeg = 16;

}  // namespace

Eye::Eye(const Canvas& canvas, float scale, float margin, const FaceMesh& mesh, const Seam& seam,
         const Point3 (&iris)[5], float px_per_cm)
    : seam_(&seam), scale_(scale), gaze_px_(kEyeballRadiusCm * px_per_cm) {
  const Aperture rest(seam, mesh.x, mesh.y);
  float x1 = 0, y1 = 0;
  rest.bounds(x0_, y0_, x1, y1);
  const float pad = 0.28F * rest.width();
  x0_ -= pad, y0_ -= pad, x1 += pad, y1 += pad;
  width_ = static_cast<int>(std::ceil((x1 - x0_) * scale));
  height_ = static_cast<int>(std::ceil((y1 - y0_) * scale));
  iris_x_ = iris[0].x;
  iris_y_ = iris[0].y;
  for (int i = 1; i < 5; ++i) iris_radius_ += 0.25F * std::hypot(iris[i].x - iris_x_, iris[i].y - iris_y_);
  iris_radius_ = std::clamp(iris_radius_, 0.14F * rest.width(), 0.30F * rest.width());
  const float rim = 1.12F * iris_radius_;

  const auto source = [&](float x, float y) { return canvas.sample((x + margin) * scale, (y + margin) * scale); };
  const auto place = [&](int i, int j, float& x, float& y) {
    x = x0_ + (static_cast<float>(i) + 0.5F) / scale;
    y = y0_ + (static_cast<float>(j) + 0.5F) / scale;
  };

  // The white, measured: the brighter half of what is inside the lids and outside the iris.
  std::vector<Rgb> whites;
  std::vector<Filled> fill(static_cast<size_t>(width_) * height_);
  const float lash = 0.045F * rest.width();  // shadow and lashes under the lid are no white
  for (int j = 0; j < height_; ++j) {
    for (int i = 0; i < width_; ++i) {
      float x = 0, y = 0;
      place(i, j, x, y);
      const float from_iris = std::hypot(x - iris_x_, y - iris_y_);
      if (rest.depth(x, y) > lash && from_iris > rim + 0.3F) {
        const Rgb c = source(x, y);
        whites.push_back(c);
        fill[static_cast<size_t>(j) * width_ + i] = {c, 1};
      }
    }
  }
  if (whites.size() >= 4) {
    std::sort(whites.begin(), whites.end(), [](Rgb a, Rgb b) { return a.luma() < b.luma(); });
    Rgb sum;
    const size_t half = whites.size() / 2;
    for (size_t i = half; i < whites.size(); ++i) sum = sum + whites[i];
    white_ = sum * (1.0F / static_cast<float>(whites.size() - half));
  } else {  // a narrow eye: the skin beside it tells the light
    const Index corner = seam.upper.back();
    white_ = mix(source(mesh.x[corner] + 0.3F * rest.width(), mesh.y[corner]), {200, 195, 190}, 0.5F);
    fill[fill.size() / 2] = {white_, 1};
  }
  fill_unknown(fill, width_, height_);

  // Mean colour of the iris by distance from its centre, for what no mirror image shows.
  constexpr int kRings = 12;
  std::vector<Filled> profile(kRings);
  for (int j = 0; j < height_; ++j) {
    for (int i = 0; i < width_; ++i) {
      float x = 0, y = 0;
      place(i, j, x, y);
      const float r = std::hypot(x - iris_x_, y - iris_y_) / rim;
      if (r >= 1 || rest.depth(x, y) < lash) continue;
      Filled& p = profile[static_cast<size_t>(r * kRings)];
      p.colour = p.colour + source(x, y);
      p.known += 1;
    }
  }
  for (Filled& p : profile) {
    if (p.known > 0) p = {p.colour * (1 / p.known), 1};
  }
  fill_unknown(profile, kRings, 1);

  ball_.resize(fill.size());
  iris_.resize(fill.size());
  for (int j = 0; j < height_; ++j) {
    for (int i = 0; i < width_; ++i) {
      float x = 0, y = 0;
      place(i, j, x, y);
      const size_t at = static_cast<size_t>(j) * width_ + i;
      const Rgb here = source(x, y);
      const float r = std::hypot(x - iris_x_, y - iris_y_);
      const float depth = rest.depth(x, y);
      const float keep = smoothstep(rim - 0.5F, rim + 0.7F, r) * smoothstep(-0.6F, 0.6F, depth);
      ball_[at] = texel(mix(fill[at].colour, here, keep));
      if (r > rim + 1.5F) continue;
      const float seen = smoothstep(-0.3F, lash, depth);
      const float y_mirrored = 2 * iris_y_ - y;
      const float seen_mirrored = smoothstep(-0.3F, lash, rest.depth(x, y_mirrored));
      const Rgb guess = mix(profile[static_cast<size_t>(std::min(r / rim, 0.999F) * kRings)].colour,
                            source(x, y_mirrored), seen_mirrored);
      iris_[at] = texel(mix(guess, here, seen), 1 - smoothstep(rim - 0.5F, rim + 0.7F, r));
    }
  }
}

Patch Eye::patch() const {
  Patch p;
  p.texels.resize(static_cast<size_t>(static_cast<float>(width_) / scale_ * 1.3F + 8) *
                  static_cast<size_t>(static_cast<float>(height_) / scale_ * 1.6F + 8));
  return p;
}

void Eye::paint(const Shape& shape, const Affine& place, float gaze_yaw_deg, float gaze_pitch_deg, Patch& patch) const {
  const Aperture now(*seam_, shape.screen_x, shape.screen_y);
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  now.bounds(x0, y0, x1, y1);
  patch.x = static_cast<int>(std::floor(x0)) - 1;
  patch.y = static_cast<int>(std::floor(y0)) - 1;
  patch.width = std::max(0, static_cast<int>(std::ceil(x1)) + 1 - patch.x);
  patch.height = std::max(0, static_cast<int>(std::ceil(y1)) + 1 - patch.y);
  // Painted even when shut: what is left between the lids' rims by a rounding must be eye, not background.
  patch.height = std::min(patch.height, static_cast<int>(patch.texels.size()) / std::max(1, patch.width));
  constexpr float kDegrees = 3.14159265F / 180;
  const auto angle = [](float deg) {
    return std::isnan(deg) ? 0 : std::sin(std::clamp(deg, -kMaxGazeDeg, kMaxGazeDeg) * kDegrees);
  };
  const float dx = angle(gaze_yaw_deg) * gaze_px_, dy = -angle(gaze_pitch_deg) * gaze_px_;
  const TexelSampler ball{ball_.data(), width_, height_}, iris{iris_.data(), width_, height_};
  for (int j = 0; j < patch.height; ++j) {
    for (int i = 0; i < patch.width; ++i) {
      float x = 0, y = 0;
      place.invert(static_cast<float>(patch.x + i) + 0.5F, static_cast<float>(patch.y + j) + 0.5F, x, y);
      const float u = (x - x0_) * scale_, v = (y - y0_) * scale_;
      const uint32_t under = ball(u, v);
      const uint32_t over = iris(u - dx * scale_, v - dy * scale_);
      patch.texels[static_cast<size_t>(j) * patch.width + i] = blend(under, over, over >> 24) | 0xff000000U;
    }
  }
}

}  // namespace avatar::mesh
