// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/creases.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace avatar::mesh {
namespace {

// A place of the canonical face, cm; x is the distance from the middle, both sides being alike.
struct Place {
  float x, y;
};

float bell(float d, float width) { return std::exp(-d * d / (2 * width * width)); }

// A line through the places, as deep as a bell of `width` across it, fading to both ends; beside it the skin bulges.
float line(Place p, std::initializer_list<Place> through, float width) {
  float length = 0;
  for (const Place* a = through.begin(); a + 1 != through.end(); ++a)
    length += std::hypot(a[1].x - a->x, a[1].y - a->y);
  float nearest = 1e9F, at = 0, before = 0;
  for (const Place* a = through.begin(); a + 1 != through.end(); ++a) {
    const float dx = a[1].x - a->x, dy = a[1].y - a->y, l = std::hypot(dx, dy);
    const float t = std::clamp(((p.x - a->x) * dx + (p.y - a->y) * dy) / (l * l), 0.0F, 1.0F);
    const float d = std::hypot(p.x - a->x - t * dx, p.y - a->y - t * dy);
    if (d < nearest) nearest = d, at = (before + t * l) / length;
    before += l;
  }
  const float taper = smoothstep(0, 0.3F, at) * smoothstep(0, 0.3F, 1 - at);
  return taper * (bell(nearest, width) - 0.35F * bell(nearest, 2.6F * width));
}

float pool(Place p, Place centre, float rx, float ry) {
  return bell(std::hypot((p.x - centre.x) / rx, (p.y - centre.y) / ry), 1);
}

// Light of each family at full depth: negative is darker. Places and depths by eye, after the wrinkles that FACS names
// for the action units.
float light(Creases::Family family, Place p) {
  switch (family) {
    case Creases::furrow:  // AU 4: two upright lines, and shadow under the brow
      return -0.38F * line(p, {{0.50F, 3.7F}, {0.60F, 4.5F}, {0.85F, 5.5F}}, 0.15F) -
             0.10F * pool(p, {0, 4.6F}, 0.9F, 0.8F) - 0.16F * pool(p, {2.1F, 3.75F}, 1.1F, 0.40F);
    case Creases::forehead_inner:    // AU 1: lines across the middle of the forehead
    case Creases::forehead_outer: {  // AU 2: across its sides
      const float share = family == Creases::forehead_inner ? bell(p.x, 1.5F) : 1 - bell(p.x, 1.5F);
      struct Fold {
        float y, depth, width, wave;
      };
      float sum = 0;
      for (const Fold& f : {Fold{5.95F, 0.8F, 0.13F, 0.4F}, {6.50F, 1.0F, 0.15F, 1.7F}, {7.20F, 0.7F, 0.17F, 3.1F}}) {
        const float d = p.y - f.y - 0.05F * p.x * (2.6F - p.x) - 0.06F * std::sin(1.9F * p.x + f.wave);
        sum += f.depth * (bell(d, f.width) - 0.40F * bell(d, 2.4F * f.width));
      }
      return -0.22F * share * sum * (1 - smoothstep(2.6F, 4.2F, p.x));
    }
    case Creases::nose:  // AU 9: lines down the sides of the nose's root and the head of the fold beside its wings
      return -0.26F * line(p, {{0.30F, 3.3F}, {0.75F, 2.7F}, {1.25F, 1.9F}}, 0.11F) -
             0.22F * line(p, {{0.55F, 3.6F}, {1.10F, 2.9F}}, 0.10F) - 0.10F * pool(p, {0, 3.5F}, 0.8F, 0.30F) -
             0.30F * line(p, {{1.75F, 0.1F}, {2.30F, -1.0F}, {3.00F, -2.4F}}, 0.17F);
    case Creases::cheeks:  // AU 6 and 12: fold from nose to mouth, crow's feet, fold under the lid
      return -0.30F * line(p, {{1.90F, -0.8F}, {2.75F, -2.1F}, {3.35F, -3.4F}, {3.45F, -4.8F}}, 0.18F) -
             0.22F * line(p, {{4.85F, 2.75F}, {5.75F, 3.05F}}, 0.09F) -
             0.22F * line(p, {{4.85F, 2.45F}, {5.80F, 2.35F}}, 0.09F) -
             0.20F * line(p, {{4.70F, 2.10F}, {5.55F, 1.65F}}, 0.09F) -
             0.24F * line(p, {{2.00F, 1.95F}, {3.20F, 1.55F}, {4.40F, 1.90F}}, 0.13F);
    case Creases::corners:  // AU 15: below the mouth's corners
      return -0.28F * line(p, {{2.55F, -4.5F}, {2.95F, -5.2F}, {3.15F, -6.2F}}, 0.15F);
    case Creases::smoothed: {  // a smile that is taken back: the picture's own folds from nose to mouth grow shallow
      constexpr Place kFold[] = {{1.80F, -1.0F}, {2.31F, -1.6F}, {2.96F, -2.3F}, {3.49F, -3.2F}, {3.70F, -4.4F}};
      return 0.16F * std::max(0.0F, line(p, {kFold[0], kFold[1], kFold[2], kFold[3], kFold[4]}, 0.26F));
    }
    case Creases::kFamilies:
      break;
  }
  return 0;
}

// Where a family draws nothing, so that nothing need be worked out there.
struct Box {
  float x0, x1, y0, y1;
  [[nodiscard]] bool contains(Place p) const { return p.x > x0 && p.x < x1 && p.y > y0 && p.y < y1; }
};
constexpr std::array<Box, Creases::kFamilies> kBoxes{{{-1, 5.0F, 2.4F, 6.8F},
                                                      {-1, 4.2F, 5.2F, 8.3F},
                                                      {-1, 4.2F, 5.2F, 8.3F},
                                                      {-1, 3.8F, -3.2F, 4.4F},
                                                      {1.1F, 6.4F, -5.6F, 3.5F},
                                                      {1.9F, 3.9F, -7.0F, -3.8F},
                                                      {1.0F, 4.6F, -5.1F, -0.2F}}};

// 1 for the colour of skin, 0 for hair, brows, glasses, lips.
float skin_like(Rgb c, Rgb skin) {
  const float ratio = c.luma() / std::max(1.0F, skin.luma());
  const Rgb scaled = skin * ratio;
  const float off =
      (std::fabs(c.r - scaled.r) + std::fabs(c.g - scaled.g) + std::fabs(c.b - scaled.b)) / std::max(20.0F, c.luma());
  return smoothstep(0.35F, 0.65F, ratio) * (1 - smoothstep(0.45F, 0.80F, off));
}

}  // namespace

Creases::Creases(const Texture& texture, const FaceMesh& mesh, Rgb skin, const RestFace& rest) : smile_(rest.smile) {
  // Which place of the canonical face each texel is: the mesh drawn into the texture.
  struct Texel {
    uint32_t at;
    std::array<int8_t, kFamilies> shade;
  };
  std::vector<Texel> found;
  for (const Triangle& t : mesh.triangles) {
    if (t[0] >= mesh.face_vertices || t[1] >= mesh.face_vertices || t[2] >= mesh.face_vertices) continue;
    const float u0 = texture.u(mesh.x[t[0]]), v0 = texture.v(mesh.y[t[0]]);
    const float ux = texture.u(mesh.x[t[1]]) - u0, uy = texture.v(mesh.y[t[1]]) - v0, wx = texture.u(mesh.x[t[2]]) - u0,
                wy = texture.v(mesh.y[t[2]]) - v0;
    const float det = ux * wy - uy * wx;
    if (std::fabs(det) < 1e-3F) continue;
    const Point3 a = mesh.canonical[t[0]], b = mesh.canonical[t[1]], c = mesh.canonical[t[2]];
    const auto [lx, hx] = std::minmax({0.0F, ux, wx});
    const auto [ly, hy] = std::minmax({0.0F, uy, wy});
    const int x0 = std::max(0, static_cast<int>(std::floor(u0 + lx))),
              x1 = std::min(texture.width - 1, static_cast<int>(std::ceil(u0 + hx)));
    const int y0 = std::max(0, static_cast<int>(std::floor(v0 + ly))),
              y1 = std::min(texture.height - 1, static_cast<int>(std::ceil(v0 + hy)));
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) {
        const float px = static_cast<float>(x) + 0.5F - u0, py = static_cast<float>(y) + 0.5F - v0;
        const float k1 = (px * wy - py * wx) / det, k2 = (py * ux - px * uy) / det;
        if (k1 < 0 || k2 < 0 || k1 + k2 > 1) continue;
        // No face is the same on both sides.
        const Place p{std::fabs(-0.06F + a.x + k1 * (b.x - a.x) + k2 * (c.x - a.x)),
                      a.y + k1 * (b.y - a.y) + k2 * (c.y - a.y)};
        if (std::none_of(kBoxes.begin(), kBoxes.end(), [p](const Box& box) { return box.contains(p); })) continue;
        const auto at = static_cast<uint32_t>(y * texture.width + x);
        const float skinny = skin_like(colour_of(texture.texels[at]), skin);
        if (skinny <= 0) continue;
        Texel texel{at, {}};
        bool any = false;
        for (int f = 0; f < kFamilies; ++f) {
          if (!kBoxes[f].contains(p)) continue;
          texel.shade[f] = static_cast<int8_t>(
              std::lround(std::clamp(256 * skinny * light(static_cast<Family>(f), p), -120.0F, 60.0F)));
          any |= texel.shade[f] != 0;
        }
        if (any) found.push_back(texel);
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const Texel& a, const Texel& b) { return a.at < b.at; });
  for (const Texel& t : found) {
    if (!plain_.empty() && runs_.back().to + runs_.back().count > t.at) continue;  // on the edge of two triangles
    if (plain_.empty() || runs_.back().to + runs_.back().count < t.at)
      runs_.push_back({t.at, static_cast<uint32_t>(plain_.size()), 0});
    ++runs_.back().count;
    plain_.push_back(texture.texels[t.at]);
    for (int f = 0; f < kFamilies; ++f) shade_[f].push_back(t.shade[f]);
  }
}

Creases::Depths Creases::depths(const Pose& pose) const {
  using enum Muscle;
  const auto both = [&](Muscle a, Muscle b) { return 0.5F * (pose[a] + pose[b]); };
  const float smile = std::max(0.0F, both(mouth_smile_left, mouth_smile_right)),
              squint = both(cheek_squint_left, cheek_squint_right);
  const float lift = both(mouth_upper_up_left, mouth_upper_up_right);
  const std::array<float, kFamilies> depth{both(brow_down_left, brow_down_right),
                                           pose[brow_inner_up],
                                           both(brow_outer_up_left, brow_outer_up_right),
                                           both(nose_sneer_left, nose_sneer_right),
                                           (1 - 0.7F * smile_) * (0.5F * smile + 0.4F * squint + 0.1F * lift),
                                           both(mouth_frown_left, mouth_frown_right),
                                           smile_ * -both(mouth_smile_left, mouth_smile_right)};
  Depths out{};
  for (int f = 0; f < kFamilies; ++f) {
    out[f] = static_cast<uint8_t>(std::isnan(depth[f]) ? 0 : kFull * std::clamp(depth[f], 0.0F, 1.0F));
  }
  return out;
}

void Creases::paint(const Pose& pose, Depths& drawn, Texture& texture) const {
  const Depths depth = depths(pose);
  if (depth == drawn) return;
  drawn = depth;
  for (const Run& run : runs_) {
    uint32_t* to = &texture.texels[run.to];
    const uint32_t* plain = &plain_[run.from];
    for (uint32_t i = 0; i < run.count; ++i) {
      int32_t shade = 0;
      for (int f = 0; f < kFamilies; ++f) shade += depth[f] * shade_[f][run.from + i];
      const int32_t k = std::clamp(256 + shade / kFull, 110, 300);
      const auto t = static_cast<int32_t>(plain[i] & 0xff);
      // Only Y: what is darker keeps its colour, as skin in its own shade is redder.
      const int32_t y = std::min(16 + ((t - 16) * k >> 8), 235);
      to[i] = static_cast<uint32_t>(y) | (plain[i] & 0xffffff00U);
    }
  }
}

}  // namespace avatar::mesh
