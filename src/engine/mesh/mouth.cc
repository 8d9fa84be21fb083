// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/mouth.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/mesh/muscles.h"
#include "engine/mesh/texels.h"

namespace avatar::mesh {
namespace {

// One tooth seen from the front, cm: width as projected, height of the crown, how much shorter than the incisor, light.
struct Tooth {
  float width, height, raised, light;
};
constexpr std::array<Tooth, 7> kUpper{{{0.83F, 1.02F, 0.00F, 1.00F},
                                       {0.61F, 0.90F, 0.06F, 0.97F},
                                       {0.54F, 0.98F, 0.03F, 0.89F},
                                       {0.42F, 0.82F, 0.10F, 0.76F},
                                       {0.34F, 0.74F, 0.15F, 0.60F},
                                       {0.30F, 0.66F, 0.20F, 0.44F},
                                       {0.26F, 0.60F, 0.24F, 0.30F}}};
constexpr std::array<Tooth, 7> kLower{{{0.50F, 0.84F, 0.00F, 1.00F},
                                       {0.53F, 0.86F, 0.01F, 0.97F},
                                       {0.50F, 0.94F, -0.02F, 0.88F},
                                       {0.42F, 0.80F, 0.04F, 0.72F},
                                       {0.36F, 0.74F, 0.08F, 0.56F},
                                       {0.32F, 0.66F, 0.10F, 0.40F},
                                       {0.26F, 0.60F, 0.12F, 0.28F}}};
constexpr float kTeethZ = 4.55F;         // as in the rig
constexpr float kIncisalShow = 0.13F;    // upper incisors reach below the line of the closed lips; chosen by eye
constexpr float kOverbite = 0.02F;       // and nearly meet the lower ones: a speaking jaw is never clenched
constexpr float kOverbiteShown = 0.14F;  // a smile shows upper teeth: the lower ones lie behind them
constexpr float kGumHeight = 0.9F;

// A row of teeth at (x, y above the incisors' edge). Colour and coverage.
void shade_row(const std::array<Tooth, 7>& row, float x, float y, float texel_cm, Rgb enamel, Rgb gum, Rgb& colour,
               float& cover) {
  const float ax = std::fabs(x);
  float left = 0;
  size_t k = 0;
  while (k + 1 < row.size() && ax > left + row[k].width) left += row[k++].width;
  const Tooth& tooth = row[k];
  const float t = std::clamp((ax - left) / tooth.width * 2 - 1, -1.0F, 1.0F);  // across the tooth
  const float t2 = t * t, t8 = t2 * t2 * t2 * t2;
  const float edge = tooth.raised + 0.10F * t8;                 // rounded corners of the edge
  const float neck = tooth.raised + tooth.height - 0.20F * t2;  // the gum's arch over each tooth
  const float up = y - edge;                                    // from the edge upwards
  const float v = std::clamp(up / tooth.height, 0.0F, 1.0F);
  const float soft = std::max(texel_cm, 0.035F);
  const float gap = smoothstep(0.80F, 1.0F, std::fabs(t)) * (0.55F + 0.45F * smoothstep(0.35F, 0.0F, v));
  float light = tooth.light * (1 - 0.10F * t2) * (1 - 0.30F * gap);
  light *=
      0.93F + 0.07F * smoothstep(0.0F, 0.22F, v) - 0.08F * smoothstep(0.55F, 1.0F, v);  // translucent edge, darker neck
  light += 0.05F * std::exp(-18 * (t + 0.25F) * (t + 0.25F) - 22 * (v - 0.42F) * (v - 0.42F));  // a wet gleam
  Rgb c = enamel * light;
  c.b *= 1 - 0.06F * v;
  const float is_gum = smoothstep(neck - soft, neck + soft, y);
  const Rgb g = gum * (tooth.light * (1 - 0.25F * smoothstep(neck + 0.1F, neck + kGumHeight, y)));
  colour = mix(c, g, is_gum);
  cover = smoothstep(-soft, soft, up) * (1 - smoothstep(neck + kGumHeight - 0.2F, neck + kGumHeight, y));
}

}  // namespace

Mouth::Sprite Mouth::blank(float x0, float x1, float y0, float y1) const {
  Sprite s;
  s.x0 = x0;
  s.y1 = y1;
  s.width = static_cast<int>(std::ceil((x1 - x0) * density_));
  s.height = static_cast<int>(std::ceil((y1 - y0) * density_));
  s.texels.resize(static_cast<size_t>(s.width) * s.height);
  return s;
}

Mouth::Mouth(const Canvas& canvas, float scale, float margin, const Rig& rig, const RestFace& rest, Rgb white, Rgb skin)
    : rig_(&rig), density_(std::clamp(2 * rig.px_per_cm(), 14.0F, 64.0F)) {
  const FaceMesh& mesh = rig.mesh();
  const Aperture lips(mesh.mouth, mesh.x, mesh.y);
  const float px = rig.px_per_cm();
  // A frame point in the cm of the plane of the teeth, and back, for the face at rest.
  const Point3 o = rig.to_frame({0, 0, kTeethZ}), ex = rig.to_frame({1, 0, kTeethZ}),
               ey = rig.to_frame({0, 1, kTeethZ});
  const Affine at_rest{o.x, o.y, ex.x - o.x, ex.y - o.y, ey.x - o.x, ey.y - o.y};
  const auto to_frame = [&](float x, float y, float& fx, float& fy) {
    fx = at_rest.origin_x + at_rest.xx * x + at_rest.yx * y;
    fy = at_rest.origin_y + at_rest.xy * x + at_rest.yy * y;
  };
  const auto source = [&](float fx, float fy) { return canvas.sample((fx + margin) * scale, (fy + margin) * scale); };

  // The line where this person's lips meet (or would), in the middle, cm.
  const size_t mid = mesh.mouth.upper.size() / 2;
  const Index mu = mesh.mouth.upper[mid], ml = mesh.mouth.lower[mid];
  float unused = 0, upper_lip_y = 0, lower_lip_y = 0;
  at_rest.invert(mesh.x[mu], mesh.y[mu], unused, upper_lip_y);
  at_rest.invert(mesh.x[ml], mesh.y[ml], unused, lower_lip_y);
  upper_edge_ = std::min(upper_lip_y, 0.5F * (upper_lip_y + lower_lip_y) + 0.05F) - kIncisalShow;

  // How much light: the white of the eye is about as bright as a tooth; deep-set or narrow eyes read darker than they
  // are, then the skin says more.
  const float bright = std::clamp(std::max(white.luma() * 1.30F, skin.luma() * 1.36F), 100.0F, 228.0F);
  const Rgb tint = mix(white * (1 / std::max(1.0F, white.luma())), {1, 1, 1}, 0.7F);
  Rgb enamel = tint * Rgb{1.05F, 1.0F, 0.93F} * bright;
  const Rgb light = tint * bright;
  const Rgb gum = light * Rgb{0.66F, 0.40F, 0.40F};

  // Teeth in the picture: the bright, unsaturated pixels between the lips.
  const bool show = rest.teeth_show && lips.gap() > 0.3F * px;  // less is a glint between the lips, not a row
  std::vector<float> edge_y;                                    // of the visible upper teeth, per column
  if (show) {
    std::vector<Rgb> teeth;
    float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    lips.bounds(x0, y0, x1, y1);
    for (float y = y0; y < y1; y += 0.5F) {
      for (float x = x0; x < x1; x += 0.5F) {
        if (lips.depth(x, y) > 1) teeth.push_back(source(x, y));
      }
    }
    if (teeth.size() > 16) {
      std::sort(teeth.begin(), teeth.end(), [](Rgb a, Rgb b) { return a.luma() < b.luma(); });
      Rgb sum;
      const size_t from = teeth.size() * 6 / 10, to = teeth.size() * 95 / 100;
      for (size_t i = from; i < to; ++i) sum = sum + teeth[i];
      enamel = sum * (1 / static_cast<float>(to - from));
      // Where the middle teeth end: down from the brightest pixel of each column until the light is gone.
      for (float cx = -0.7F; cx <= 0.7F; cx += 0.1F) {
        float brightest = 0, at = upper_lip_y;
        const auto luma_at = [&](float cy) {
          float fx = 0, fy = 0;
          to_frame(cx, cy, fx, fy);
          return lips.depth(fx, fy) < 0.5F ? -1 : source(fx, fy).luma();
        };
        for (float cy = upper_lip_y; cy > lower_lip_y; cy -= 0.03F) {
          if (const float l = luma_at(cy); l > brightest) brightest = l, at = cy;
        }
        while (at > lower_lip_y && luma_at(at) > 0.72F * brightest) at -= 0.03F;
        edge_y.push_back(at);
      }
      std::sort(edge_y.begin(), edge_y.end());
      upper_edge_ = edge_y[edge_y.size() / 2];
    }
  }
  lower_edge_ = upper_edge_ + (show ? kOverbiteShown : kOverbite);

  const float texel_cm = 1 / density_;
  upper_ = blank(-2.9F, 2.9F, upper_edge_ - 0.35F, upper_edge_ + 2.0F);
  lower_ = blank(-2.7F, 2.7F, lower_edge_ - 1.9F, lower_edge_ + 0.3F);
  const auto each = [&](Sprite& sprite, auto&& paint_at) {
    for (int j = 0; j < sprite.height; ++j) {
      for (int i = 0; i < sprite.width; ++i) {
        const float x = sprite.x0 + (static_cast<float>(i) + 0.5F) * texel_cm,
                    y = sprite.y1 - (static_cast<float>(j) + 0.5F) * texel_cm;
        sprite.texels[static_cast<size_t>(j) * sprite.width + i] = paint_at(x, y);
      }
    }
  };
  each(upper_, [&](float x, float y) {
    Rgb colour;
    float cover = 0;
    shade_row(kUpper, x, y - upper_edge_, texel_cm, enamel, gum, colour, cover);
    if (show) {
      // The picture's own teeth stay where they are. Under the upper lip they go on as they end there, then comes gum;
      // below their edge is jaw, tongue or dark.
      float fx = 0, fy = 0, along = 0, below_upper = 0, above_lower = 0;
      to_frame(x, y, fx, fy);
      lips.locate(fx, fy, along, below_upper, above_lower);
      const float inset = 0.10F * px;                // the lips' own soft edge and shadow
      const float room = below_upper + above_lower;  // height of the opening here
      const float hidden = std::max(0.0F, inset - below_upper);
      const Rgb own = source(fx - at_rest.yx / px * hidden, fy - at_rest.yy / px * hidden);
      const float seen = smoothstep(2 * inset, 3.5F * inset, room) * smoothstep(0.0F, 0.08F * px, above_lower) *
                         smoothstep(upper_edge_ - 0.06F, upper_edge_ + 0.01F, y) * smoothstep(0.0F, 3 * inset, along) *
                         smoothstep(0.0F, 3 * inset, lips.width() - along);
      const float gone = smoothstep(0.25F * px, 0.45F * px, hidden);
      colour = mix(colour, mix(own, gum, gone), seen);
      cover = std::max(cover * (1 - seen), seen);
    }
    return texel(colour, cover);
  });
  each(lower_, [&](float x, float y) {
    Rgb colour;
    float cover = 0;
    shade_row(kLower, x, lower_edge_ - y, texel_cm, enamel * 0.86F, gum * 0.8F, colour, cover);
    return texel(colour, cover);
  });
  // Tongue: its upper side, seen from the front; lightest at the tip, dark towards the throat. Origin: middle of the
  // tip.
  tongue_ = blank(-1.9F, 1.9F, -1.2F, 1.5F);
  const Rgb flesh = light * Rgb{0.62F, 0.33F, 0.33F};
  each(tongue_, [&](float x, float y) {
    const float u = x / 1.85F;
    const float back = std::clamp((y + 0.2F) / 1.4F, 0.0F, 1.0F);
    const float rim = 1.25F * std::sqrt(std::max(0.0F, 1 - u * u));
    const float shade = (1 - 0.50F * back) * (1 - 0.25F * u * u) *
                        (1 - 0.16F * std::exp(-x * x / 0.02F) * smoothstep(0.0F, 0.3F, back));
    return texel(flesh * shade, smoothstep(0.14F, -0.22F, y - rim + 0.1F) * smoothstep(1.0F, 0.9F, std::fabs(u)));
  });
  throat_ = texel(light * Rgb{0.20F, 0.075F, 0.07F});
}

Patch Mouth::patch() const {
  Patch p;
  const float px = rig_->px_per_cm();
  p.texels.resize(static_cast<size_t>(8 * px + 8) * static_cast<size_t>(7 * px + 8));
  return p;
}

void Mouth::paint(const Shape& shape, const Pose& pose, Patch& patch) const {
  const FaceMesh& mesh = rig_->mesh();
  const Aperture now(mesh.mouth, shape.screen_x, shape.screen_y);
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  now.bounds(x0, y0, x1, y1);
  patch.x = static_cast<int>(std::floor(x0)) - 1;
  patch.y = static_cast<int>(std::floor(y0)) - 2;
  patch.width = std::max(0, static_cast<int>(std::ceil(x1)) + 1 - patch.x);
  patch.height = std::max(0, static_cast<int>(std::ceil(y1)) + 2 - patch.y);
  const auto amount = [&](Muscle m) { return std::isnan(pose[m]) ? 0 : std::clamp(pose[m], 0.0F, 1.0F); };
  const float tongue_up = amount(Muscle::tongue_up), tongue_out = amount(Muscle::tongue_out);
  const float forward = std::max(amount(Muscle::mouth_pucker), amount(Muscle::mouth_funnel));
  const float gap_px = now.gap();
  // Painted even when closed: what is left between the lips' rims by a rounding must be mouth, not background.
  patch.height = std::min(patch.height, static_cast<int>(patch.texels.size()) / std::max(1, patch.width));
  const float px = rig_->px_per_cm();
  // A wide mouth lets light in.
  const float open = smoothstep(0.1F, 1.6F, gap_px / px);
  // Pushed-out lips make a tunnel.
  const float front = (0.80F + 0.20F * open) * (1 - 0.5F * forward);
  const TexelSampler upper{upper_.texels.data(), upper_.width, upper_.height};
  const TexelSampler lower{lower_.texels.data(), lower_.width, lower_.height};
  const TexelSampler tongue{tongue_.texels.data(), tongue_.width, tongue_.height};
  const auto inside = [](const Sprite& s, float u, float v) {
    return u > 0 && v > 0 && u < static_cast<float>(s.width) && v < static_cast<float>(s.height);
  };
  // Behind the lower teeth at rest; the tip lifts for l, n, t, d and comes out between the teeth for th.
  const float tongue_y = lower_edge_ - 0.42F + 0.70F * tongue_up + 0.62F * tongue_out;
  const float tongue_light = front * (0.90F + 0.10F * tongue_out);

  for (int j = 0; j < patch.height; ++j) {
    for (int i = 0; i < patch.width; ++i) {
      const float sx = static_cast<float>(patch.x + i) + 0.5F, sy = static_cast<float>(patch.y + j) + 0.5F;
      uint32_t& out = patch.texels[static_cast<size_t>(j) * patch.width + i];
      float along = 0, below_upper = 0, above_lower = 0;
      now.locate(sx, sy, along, below_upper, above_lower);
      if (below_upper < -2 || above_lower < -2) {
        out = 0;
        continue;
      }
      float ux = 0, uy = 0, lx = 0, ly = 0;
      shape.upper_teeth.invert(sx, sy, ux, uy);
      shape.lower_teeth.invert(sx, sy, lx, ly);
      // Lips throw shadow; the upper one more, light comes from above. Corners lie deep.
      const float shadow = (0.58F + 0.42F * smoothstep(-0.05F, 0.26F, below_upper / px)) *
                           (0.84F + 0.16F * smoothstep(-0.05F, 0.22F, above_lower / px));
      const float corner = 1 - 0.55F * smoothstep(1.1F, 2.5F, std::fabs(ux));
      uint32_t c = dim(throat_, (1 - 0.5F * smoothstep(0.0F, 1.5F, std::fabs(ux))) * (0.4F + 0.6F * open));
      const auto over = [&](const Sprite& s, const TexelSampler& sample, float x, float y, float light) {
        const float u = (x - s.x0) * density_, v = (s.y1 - y) * density_;
        if (!inside(s, u, v)) return;
        const uint32_t t = sample(u, v);
        c = blend(c, dim(t, light), t >> 24);
      };
      const bool tongue_in_front = tongue_out > 0.3F;
      if (!tongue_in_front) over(tongue_, tongue, lx, ly - tongue_y, tongue_light * corner * shadow);
      over(lower_, lower, lx, ly, front * 0.92F * corner * shadow);
      if (tongue_in_front) over(tongue_, tongue, lx, ly - tongue_y, tongue_light * corner * shadow);
      over(upper_, upper, ux, uy, (0.90F + 0.10F * open) * (1 - 0.5F * forward) * corner * shadow);
      out = c | 0xff000000U;
    }
  }
}

}  // namespace avatar::mesh
