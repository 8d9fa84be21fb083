// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/layers.h"

#include <algorithm>
#include <cmath>

#include "engine/mesh/texels.h"

namespace avatar::mesh {
namespace {

float lanczos3(float x) {
  x = std::fabs(x);
  if (x < 1e-5F) return 1;
  if (x >= 3) return 0;
  const float a = 3.14159265F * x;
  return 3 * std::sin(a) * std::sin(a / 3) / (a * a);
}

// Mirrors an index into [0, n): ... 1 0 | 0 1 ... n-1 | n-1 n-2 ...
int mirror(int i, int n) {
  const int period = 2 * n;
  i = ((i % period) + period) % period;
  return i < n ? i : period - 1 - i;
}

// One axis of a separable filter: for each output sample its first input index and its weights (sum 1).
struct Taps {
  int count = 0;
  // [output][tap]. Beyond the picture's rim colours are mirrored, so that hair goes on as hair; the matte repeats the
  // rim, so that nobody has two heads.
  std::vector<int> index, index_person;
  std::vector<float> weight;  // [output][tap]
  std::vector<uint8_t> inside;
};

Taps make_taps(int outputs, int inputs, float origin, float input_per_output, float offset, float cutoff) {
  Taps t;
  const float radius = 3 / cutoff;
  t.count = static_cast<int>(std::ceil(radius * 2)) + 1;
  t.index.resize(static_cast<size_t>(outputs) * t.count);
  t.index_person.resize(t.index.size());
  t.weight.resize(t.index.size());
  t.inside.resize(outputs);
  for (int i = 0; i < outputs; ++i) {
    const float centre = origin + (static_cast<float>(i) + 0.5F + offset) * input_per_output - 0.5F;
    t.inside[i] = centre > -0.5F && centre < static_cast<float>(inputs) - 0.5F;
    const int first = static_cast<int>(std::floor(centre - radius)) + 1;
    float sum = 0;
    for (int k = 0; k < t.count; ++k) {
      const float w = lanczos3((static_cast<float>(first + k) - centre) * cutoff);
      t.weight[static_cast<size_t>(i) * t.count + k] = w;
      t.index[static_cast<size_t>(i) * t.count + k] = mirror(first + k, inputs);
      t.index_person[static_cast<size_t>(i) * t.count + k] = std::clamp(first + k, 0, inputs - 1);
      sum += w;
    }
    for (int k = 0; k < t.count; ++k) t.weight[static_cast<size_t>(i) * t.count + k] /= sum;
  }
  return t;
}

// R, G, B and the matte together, one vector (GCC and Clang, every machine).
using Four = float __attribute__((vector_size(16)));

// Means over squares of side 2 * radius + 1, in two running sums; the rim is repeated.
void box_blur(std::vector<float>& plane, int width, int height, int radius) {
  const float norm = 1.0F / static_cast<float>(2 * radius + 1);
  const auto clamped = [](int i, int n) { return static_cast<size_t>(std::clamp(i, 0, n - 1)); };
  std::vector<float> rows(plane.size());
  for (int y = 0; y < height; ++y) {
    const float* from = &plane[static_cast<size_t>(y) * width];
    float* to = &rows[static_cast<size_t>(y) * width];
    float sum = 0;
    for (int i = -radius; i <= radius; ++i) sum += from[clamped(i, width)];
    for (int x = 0; x < width; ++x) {
      to[x] = sum * norm;
      sum += from[clamped(x + radius + 1, width)] - from[clamped(x - radius, width)];
    }
  }
  std::vector<float> sums(static_cast<size_t>(width));
  const auto row = [&](int y) { return &rows[clamped(y, height) * static_cast<size_t>(width)]; };
  for (int i = -radius; i <= radius; ++i) {
    const float* from = row(i);
    for (int x = 0; x < width; ++x) sums[x] += from[x];
  }
  for (int y = 0; y < height; ++y) {
    float* to = &plane[static_cast<size_t>(y) * width];
    const float *enters = row(y + radius + 1), *leaves = row(y - radius);
    for (int x = 0; x < width; ++x) {
      to[x] = sums[x] * norm;
      sums[x] += enters[x] - leaves[x];
    }
  }
}

}  // namespace

Rgb Canvas::sample(float x, float y) const {
  x = std::clamp(x - 0.5F, 0.0F, static_cast<float>(width - 1));
  y = std::clamp(y - 0.5F, 0.0F, static_cast<float>(height - 1));
  const int x0 = std::min(static_cast<int>(x), width - 2), y0 = std::min(static_cast<int>(y), height - 2);
  const float fx = x - static_cast<float>(x0), fy = y - static_cast<float>(y0);
  return mix(mix(colour[at(x0, y0)], colour[at(x0 + 1, y0)], fx),
             mix(colour[at(x0, y0 + 1)], colour[at(x0 + 1, y0 + 1)], fx), fy);
}

Canvas resample(const Portrait& portrait, const Framing& framing, float scale, float margin) {
  const Image& picture = portrait.picture;
  Canvas out;
  out.width = static_cast<int>(std::lround((static_cast<float>(framing.width) + 2 * margin) * scale));
  out.height = static_cast<int>(std::lround((static_cast<float>(framing.height) + 2 * margin) * scale));
  const float step = 1 / (framing.scale * scale);
  // Band-limited to what the frame can show, whatever the texture's own density.
  const float cutoff = std::min(1.0F, framing.scale);
  const Taps tx = make_taps(out.width, picture.width, framing.origin_x, step, -margin * scale, cutoff);
  const Taps ty = make_taps(out.height, picture.height, framing.origin_y, step, -margin * scale, cutoff);

  const size_t n = static_cast<size_t>(out.width) * out.height;
  out.colour.resize(n);
  out.person.resize(n);
  out.inside.resize(n);
  const auto [first, last] = std::minmax_element(tx.index.begin(), tx.index.end());
  const int left = *first, columns = *last - *first + 1;
  std::vector<float> tall(static_cast<size_t>(columns) * 3), tall_person(static_cast<size_t>(columns));
  std::vector<Four> line(static_cast<size_t>(columns));
  for (int y = 0; y < out.height; ++y) {
    // Down the columns, whole rows at a time; then along the row.
    std::fill(tall.begin(), tall.end(), 0.0F);
    std::fill(tall_person.begin(), tall_person.end(), 0.0F);
    for (int k = 0; k < ty.count; ++k) {
      const float w = ty.weight[static_cast<size_t>(y) * ty.count + k];
      const size_t tap = static_cast<size_t>(y) * ty.count + k;
      const uint8_t* rgb = picture.at(left, ty.index[tap]);
      const uint8_t* person = &portrait.person.value[static_cast<size_t>(ty.index_person[tap]) * picture.width + left];
      for (int i = 0; i < columns * 3; ++i) tall[i] += w * static_cast<float>(rgb[i]);
      for (int i = 0; i < columns; ++i) tall_person[i] += w * static_cast<float>(person[i]);
    }
    for (int i = 0; i < columns; ++i) {
      const float* p = &tall[static_cast<size_t>(i) * 3];
      line[i] = Four{p[0], p[1], p[2], 0};
    }
    for (int x = 0; x < out.width; ++x) {
      Four sum{};
      for (size_t tap = static_cast<size_t>(x) * tx.count; tap < static_cast<size_t>(x + 1) * tx.count; ++tap) {
        Four colour = line[static_cast<size_t>(tx.index[tap] - left)];
        colour[3] = tall_person[static_cast<size_t>(tx.index_person[tap] - left)];
        sum += tx.weight[tap] * colour;
      }
      const size_t at = out.at(x, y);
      const auto value = [&](int i) { return std::clamp(sum[i], 0.0F, 255.0F); };
      out.colour[at] = {value(0), value(1), value(2)};
      out.person[at] = value(3) / 255;
      out.inside[at] = tx.inside[x] & ty.inside[y];
    }
  }
  return out;
}

std::vector<uint32_t> make_plate(const Canvas& frame, float reach_px) {
  // Known: inside the picture and farther from the person than `reach_px`.
  std::vector<float> near = frame.person;
  for (float& p : near) p = p > 0.02F ? 1.0F : 0.0F;
  box_blur(near, frame.width, frame.height, static_cast<int>(std::lround(reach_px)));

  std::vector<Filled> fill(frame.colour.size());
  for (size_t i = 0; i < fill.size(); ++i) {
    if (frame.inside[i] && near[i] <= 1e-4F) fill[i] = {frame.colour[i], 1};
  }
  fill_unknown(fill, frame.width, frame.height);
  std::vector<uint32_t> plate(frame.colour.size());
  for (size_t i = 0; i < plate.size(); ++i) {
    // Nothing but person: grey, never seen.
    plate[i] = texel(fill[i].known > 0 ? fill[i].colour : Rgb{128, 128, 128});
  }
  return plate;
}

void soften_matte(Canvas& canvas, float grow_px) {
  const int radius = std::max(1, static_cast<int>(std::lround(grow_px * 0.5F)));
  std::vector<float> wide = canvas.person;
  for (float& p : wide) p = std::min(1.0F, p * 1.5F);
  box_blur(wide, canvas.width, canvas.height, radius);
  box_blur(wide, canvas.width, canvas.height, radius);
  for (size_t i = 0; i < wide.size(); ++i)
    canvas.person[i] = std::max(canvas.person[i], smoothstep(0.02F, 0.45F, wide[i]));
}

Texture make_texture(const Canvas& canvas, float scale, float margin) {
  Texture t;
  t.width = canvas.width;
  t.height = canvas.height;
  t.scale = scale;
  t.margin_texels = margin * scale;
  t.texels.resize(canvas.colour.size());
  for (size_t i = 0; i < t.texels.size(); ++i) t.texels[i] = texel(canvas.colour[i], canvas.person[i]);
  return t;
}

}  // namespace avatar::mesh
