// SPDX-License-Identifier: Apache-2.0
#include "face/person_mask.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "face/resize.h"
#include "infer/embedded_models.h"

namespace avatar {
namespace {

constexpr int kSize = 256;          // px, the network's input and output
constexpr float kMostCells = 1024;  // along the longer side: bounds the time when the face is tiny in a large picture

/// A field of numbers over the picture: [row][column].
struct Grid {
  int width = 0, height = 0;
  std::vector<float> value;

  Grid(int w, int h) : width(w), height(h), value(static_cast<size_t>(w) * h) {}
  [[nodiscard]] float& at(int x, int y) { return value[static_cast<size_t>(y) * width + x]; }
  [[nodiscard]] float at(int x, int y) const { return value[static_cast<size_t>(y) * width + x]; }
  [[nodiscard]] size_t size() const { return value.size(); }
};

/// Bilinear, nearest beyond the edge; x, y in samples, the first sample's centre at 0.5.
float sample(const float* values, int width, int height, float x, float y) {
  x = std::clamp(x - 0.5f, 0.0f, static_cast<float>(width - 1));
  y = std::clamp(y - 0.5f, 0.0f, static_cast<float>(height - 1));
  const int x0 = static_cast<int>(x), y0 = static_cast<int>(y);
  const int x1 = std::min(x0 + 1, width - 1), y1 = std::min(y0 + 1, height - 1);
  const float fx = x - static_cast<float>(x0), fy = y - static_cast<float>(y0);
  const auto v = [&](int cx, int cy) { return values[static_cast<size_t>(cy) * width + cx]; };
  const float top = v(x0, y0) + fx * (v(x1, y0) - v(x0, y0)), low = v(x0, y1) + fx * (v(x1, y1) - v(x0, y1));
  return top + fy * (low - top);
}

/// 0 at the edge of a square, 1 from `rim` (part of the side) inwards.
float inside(Point2 uv, float rim) {
  const float edge = std::min(std::min(uv.x, 1 - uv.x), std::min(uv.y, 1 - uv.y));
  return std::clamp(edge / rim, 0.0f, 1.0f);
}

/// The rim of the face mesh, a little inside, where even a face half turned away is surely face.
class FaceOutline {
 public:
  explicit FaceOutline(const Landmarks& landmarks) {
    constexpr int kRim[] = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
                            152, 148, 176, 149, 150, 136, 172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
    constexpr float kInside = 0.92f;
    const Crop round = crop_round(landmarks);
    for (size_t i = 0; i < rim_.size(); ++i) {
      const Point3& p = landmarks[static_cast<size_t>(kRim[i])];
      rim_[i] = {round.x + kInside * (p.x - round.x), round.y + kInside * (p.y - round.y)};
      low_ = {std::min(low_.x, rim_[i].x), std::min(low_.y, rim_[i].y)};
      high_ = {std::max(high_.x, rim_[i].x), std::max(high_.y, rim_[i].y)};
    }
  }

  [[nodiscard]] bool contains(float x, float y) const {
    if (x < low_.x || x > high_.x || y < low_.y || y > high_.y) return false;
    bool in = false;  // odd number of crossings to the right
    for (size_t i = 0, j = rim_.size() - 1; i < rim_.size(); j = i++) {
      const Point2 &a = rim_[i], &b = rim_[j];
      if ((a.y > y) != (b.y > y) && x < a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)) in = !in;
    }
    return in;
  }

 private:
  std::array<Point2, 36> rim_;
  Point2 low_{1e9f, 1e9f}, high_{-1e9f, -1e9f};
};

/// Mean over (2r+1)^2 cells, fewer at the edges.
void box_mean(Grid& g, int r) {
  std::vector<double> line(static_cast<size_t>(std::max(g.width, g.height)) + 1);
  const auto pass = [&](int length, auto&& cell) {
    for (int i = 0; i < length; ++i) line[static_cast<size_t>(i) + 1] = line[static_cast<size_t>(i)] + cell(i);
    for (int i = 0; i < length; ++i) {
      const int from = std::max(0, i - r), to = std::min(length, i + r + 1);
      cell(i) = static_cast<float>((line[static_cast<size_t>(to)] - line[static_cast<size_t>(from)]) / (to - from));
    }
  };
  for (int y = 0; y < g.height; ++y) pass(g.width, [&](int x) -> float& { return g.at(x, y); });
  for (int x = 0; x < g.width; ++x) pass(g.height, [&](int y) -> float& { return g.at(x, y); });
}

/// Connected regions (4 neighbours) of equal `set`: a number per cell, and the size of each.
struct Regions {
  std::vector<int> of;
  std::vector<int> size;
  std::vector<bool> at_edge;
};

Regions regions(const std::vector<bool>& set, int width, int height) {
  Regions r{std::vector<int>(set.size(), -1), {}, {}};
  std::vector<int> open;
  for (int start = 0; start < static_cast<int>(set.size()); ++start) {
    if (r.of[static_cast<size_t>(start)] >= 0) continue;
    const int id = static_cast<int>(r.size.size());
    r.size.push_back(0);
    r.at_edge.push_back(false);
    open.push_back(start);
    r.of[static_cast<size_t>(start)] = id;
    while (!open.empty()) {
      const int cell = open.back(), x = cell % width, y = cell / width;
      open.pop_back();
      ++r.size.back();
      if (x == 0 || y == 0 || x == width - 1 || y == height - 1) r.at_edge.back() = true;
      const auto visit = [&](bool exists, int next) {
        if (!exists || r.of[static_cast<size_t>(next)] >= 0 ||
            set[static_cast<size_t>(next)] != set[static_cast<size_t>(start)])
          return;
        r.of[static_cast<size_t>(next)] = id;
        open.push_back(next);
      };
      visit(x > 0, cell - 1);
      visit(x < width - 1, cell + 1);
      visit(y > 0, cell - width);
      visit(y < height - 1, cell + width);
    }
  }
  return r;
}

/// Leaves one person: the region with the most of the face in it; holes smaller than a hundredth of it are filled.
void keep_one_person(Grid& p, const Grid& face) {
  std::vector<bool> set(p.size());
  for (size_t i = 0; i < set.size(); ++i) set[i] = p.value[i] > 0.5f || face.value[i] > 0.5f;
  const Regions all = regions(set, p.width, p.height);
  std::vector<int> votes(all.size.size());
  for (size_t i = 0; i < set.size(); ++i) votes[static_cast<size_t>(all.of[i])] += face.value[i] > 0.5f ? 1 : 0;
  const int person = static_cast<int>(std::max_element(votes.begin(), votes.end()) - votes.begin());
  const int hole = all.size[static_cast<size_t>(person)] / 100;

  Grid kept(p.width, p.height);
  for (size_t i = 0; i < set.size(); ++i) {
    const auto region = static_cast<size_t>(all.of[i]);
    const bool filled = !set[i] && !all.at_edge[region] && all.size[region] < hole;
    kept.value[i] = all.of[i] == person || filled ? 1 : 0;
    if (filled || face.value[i] > 0.5f) p.value[i] = 1;
  }
  // The soft rim stays; what is farther from the person than that goes.
  constexpr int kRim = 4;  // cells
  box_mean(kept, kRim);
  for (size_t i = 0; i < set.size(); ++i) {
    if (kept.value[i] == 0) p.value[i] = 0;
  }
}

/// Per cell: p as a linear function of the picture's colour (gain of the bytes red, green, blue, then a constant), and
/// p itself.
using Line = std::array<float, 5>;
using Lines = std::vector<Line>;

/// The guided filter. guide and p have the same size; r in cells; eps as a variance of colours 0..1.
Lines colour_lines(const Image& guide, const Grid& p, int r, float eps) {
  const int w = guide.width, h = guide.height;
  // Means over the window of: the colours (0-2), the colours times p (3-5), their products rr rg rb gg gb bb (6-11), p.
  std::vector<Grid> mean(13, Grid(w, h));
  for (size_t i = 0; i < p.size(); ++i) {
    size_t product = 6;
    for (size_t k = 0; k < 3; ++k) {
      const float c = static_cast<float>(guide.rgb[3 * i + k]) / 255;
      mean[k].value[i] = c;
      mean[3 + k].value[i] = c * p.value[i];
      for (size_t j = k; j < 3; ++j) mean[product++].value[i] = c * static_cast<float>(guide.rgb[3 * i + j]) / 255;
    }
    mean[12].value[i] = p.value[i];
  }
  for (Grid& g : mean) box_mean(g, r);

  std::vector<Grid> line(4, Grid(w, h));
  for (size_t i = 0; i < p.size(); ++i) {
    const auto m = [&](size_t k) { return mean[k].value[i]; };
    const float mr = m(0), mg = m(1), mb = m(2), mp = m(12);
    const float rr = m(6) - mr * mr + eps, rg = m(7) - mr * mg, rb = m(8) - mr * mb, gg = m(9) - mg * mg + eps,
                gb = m(10) - mg * mb, bb = m(11) - mb * mb + eps;
    const float cr = m(3) - mr * mp, cg = m(4) - mg * mp, cb = m(5) - mb * mp;
    // Inverse of the symmetric 3 x 3 matrix by cofactors; eps keeps it away from singular.
    const float i00 = gg * bb - gb * gb, i01 = gb * rb - rg * bb, i02 = rg * gb - gg * rb, i11 = rr * bb - rb * rb,
                i12 = rb * rg - rr * gb, i22 = rr * gg - rg * rg;
    const float det = rr * i00 + rg * i01 + rb * i02;
    const float ar = (i00 * cr + i01 * cg + i02 * cb) / det, ag = (i01 * cr + i11 * cg + i12 * cb) / det,
                ab = (i02 * cr + i12 * cg + i22 * cb) / det;
    line[0].value[i] = ar / 255;
    line[1].value[i] = ag / 255;
    line[2].value[i] = ab / 255;
    line[3].value[i] = mp - ar * mr - ag * mg - ab * mb;
  }
  for (Grid& g : line) box_mean(g, r);
  Lines lines(p.size());
  for (size_t i = 0; i < p.size(); ++i) {
    lines[i] = {line[0].value[i], line[1].value[i], line[2].value[i], line[3].value[i], p.value[i]};
  }
  return lines;
}

/// The two cells between whose centres a place (px) lies, and how far towards the second.
struct Between {
  int low, high;
  float part;
};
Between between(float place, float step, int cells) {
  const float at = std::clamp(place / step - 0.5f, 0.0f, static_cast<float>(cells - 1));
  const int low = static_cast<int>(at);
  return {low, std::min(low + 1, cells - 1), at - static_cast<float>(low)};
}

float smooth_step(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

}  // namespace

Result<std::unique_ptr<PersonFinder>> PersonFinder::load() {
  constexpr const char* kName = "selfie_segmentation.onnx";
  auto model = Model::load(kName, embedded_model(kName));
  if (!model) return model.error();
  return std::unique_ptr<PersonFinder>(new PersonFinder(std::move(*model)));
}

Result<Mask> PersonFinder::find(const Pyramid& pyramid, const Landmarks& landmarks) const {
  const Image& picture = pyramid.picture();
  auto run = model_->prepare();
  if (!run) return run.error();

  // The whole picture, and squares round the head: the network was trained on pictures taken at arm's length, where the
  // head fills a third of the height. The mean of several sizes is steadier than one.
  const Crop mesh = crop_round(landmarks);
  const float face = mesh.side / 1.5f;
  struct View {
    Crop crop;
    std::vector<float> person;
  };
  std::vector<View> views{{pyramid.whole(), {}}};
  for (const float size : {3.8f, 3.0f, 2.4f})
    if (size * face < 1.2f * views.front().crop.side) {  // else it would show more of what is not there
      views.push_back({{mesh.x, mesh.y + 0.05f * size * face, size * face, 0}, {}});
    }
  for (View& view : views) {
    pyramid.cut(view.crop, kSize, Beyond::nearest, 1 / 255.0f, 0, (*run)->input("image"));
    if (auto ran = (*run)->run(); !ran) return ran.error();
    const auto person = (*run)->output("person");
    view.person.assign(person.begin(), person.end());
  }

  // All on one grid, about as fine as the finest sees.
  const float longest = static_cast<float>(std::max(picture.width, picture.height));
  const float cell = std::max({1.0f, 3 * face / kSize, longest / kMostCells});
  Grid p(std::max(1, static_cast<int>(std::lround(static_cast<float>(picture.width) / cell))),
         std::max(1, static_cast<int>(std::lround(static_cast<float>(picture.height) / cell))));
  Grid face_area(p.width, p.height);
  const FaceOutline outline(landmarks);
  const float step_x = static_cast<float>(picture.width) / static_cast<float>(p.width);
  const float step_y = static_cast<float>(picture.height) / static_cast<float>(p.height);
  for (int y = 0; y < p.height; ++y) {
    for (int x = 0; x < p.width; ++x) {
      const float px = (static_cast<float>(x) + 0.5f) * step_x, py = (static_cast<float>(y) + 0.5f) * step_y;
      // A square counts less towards its rim, where the network sees one side only; the whole counts where no other
      // does.
      float sum = 0, weight = 0;
      for (const View& view : views) {
        const Point2 uv = view.crop.from_picture(px, py);
        const float w = &view == &views.front() ? 0.02f : inside(uv, 0.2f);
        if (w == 0) continue;
        sum += w * sample(view.person.data(), kSize, kSize, uv.x * kSize, uv.y * kSize);
        weight += w;
      }
      p.at(x, y) = sum / weight;
      face_area.at(x, y) = outline.contains(px, py) ? 1 : 0;  // sure to be the person, whatever the network says
    }
  }
  keep_one_person(p, face_area);

  for (float& v : p.value) v = smooth_step(0.2f, 0.8f, v);

  constexpr int kRadius = 4;     // cells: as far as the network's rim may be wrong
  constexpr float kEps = 1e-3f;  // (colour 0..1)^2: edges weaker than about 3 % do not count
  const Lines lines = colour_lines(shrink(picture, p.width, p.height), p, kRadius, kEps);
  Mask mask(picture.width, picture.height);
  std::vector<Line> row(static_cast<size_t>(p.width));
  for (int y = 0; y < mask.height; ++y) {
    const auto [y0, y1, fy] = between(static_cast<float>(y) + 0.5f, step_y, p.height);
    for (size_t x = 0; x < row.size(); ++x) {
      const Line &a = lines[static_cast<size_t>(y0) * row.size() + x],
                 &b = lines[static_cast<size_t>(y1) * row.size() + x];
      for (size_t k = 0; k < a.size(); ++k) row[x][k] = a[k] + fy * (b[k] - a[k]);
    }
    const uint8_t* c = picture.at(0, y);
    for (int x = 0; x < mask.width; ++x, c += 3) {
      const auto [x0, x1, fx] = between(static_cast<float>(x) + 0.5f, step_x, p.width);
      const Line &a = row[static_cast<size_t>(x0)], &b = row[static_cast<size_t>(x1)];
      Line l;
      for (size_t k = 0; k < l.size(); ++k) l[k] = a[k] + fx * (b[k] - a[k]);
      const float refined = l[0] * c[0] + l[1] * c[1] + l[2] * c[2] + l[3];
      // The network's own word counts too: where the person and what is behind have the same colour, the filter errs.
      const float q = smooth_step(0.25f, 0.75f, 0.65f * refined + 0.35f * l[4]);
      mask.at(x, y) = static_cast<uint8_t>(q * 255 + 0.5f);
    }
  }
  return mask;
}

}  // namespace avatar
