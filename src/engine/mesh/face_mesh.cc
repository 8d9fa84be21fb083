// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/face_mesh.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "engine/mesh/colour.h"

namespace avatar::mesh {
namespace {

// Indices of the canonical face (MediaPipe face_mesh), each curve from the image's left to its right.
constexpr std::array<Index, 11> kMouthUpper{78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308};
constexpr std::array<Index, 11> kMouthLower{78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308};
constexpr std::array<Index, 11> kLipUpper{61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291};
constexpr std::array<Index, 11> kLipLower{61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291};
constexpr std::array<Index, 9> kEyeRightUpper{33, 246, 161, 160, 159, 158, 157, 173, 133};
constexpr std::array<Index, 9> kEyeRightLower{33, 7, 163, 144, 145, 153, 154, 155, 133};
constexpr std::array<Index, 9> kEyeLeftUpper{362, 398, 384, 385, 386, 387, 388, 466, 263};
constexpr std::array<Index, 9> kEyeLeftLower{362, 382, 381, 380, 374, 373, 390, 249, 263};
constexpr std::array<Index, 36> kOval{10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
                                      397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                                      172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};

// How far out the rings round the face lie, as multiples of the oval; fine where neck and hair bend, coarse outside.
constexpr std::array<float, 11> kRings{1.06F, 1.14F, 1.24F, 1.38F, 1.54F, 1.74F, 2.0F, 2.4F, 3.0F, 4.2F, 8.0F};

struct Builder {
  FaceMesh mesh;
  std::map<std::pair<Index, Index>, Index> middle;  // of an edge

  Index add(Point3 place, Point3 canonical) {
    mesh.x.push_back(place.x);
    mesh.y.push_back(place.y);
    mesh.z.push_back(place.z);
    mesh.canonical.push_back(canonical);
    return static_cast<Index>(mesh.x.size() - 1);
  }
  [[nodiscard]] Point3 place(Index i) const { return {mesh.x[i], mesh.y[i], mesh.z[i]}; }

  static std::pair<Index, Index> edge(Index a, Index b) { return {std::min(a, b), std::max(a, b)}; }
  static Point3 blend(Point3 a, float ka, Point3 b, float kb, Point3 c, float kc, Point3 d, float kd) {
    return {a.x * ka + b.x * kb + c.x * kc + d.x * kd, a.y * ka + b.y * kb + c.y * kc + d.y * kd,
            a.z * ka + b.z * kb + c.z * kc + d.z * kd};
  }

  // The middle of an edge on a curve p-a-b-q lies on the curve: the four-point scheme (Dyn, Levin & Gregory 1987).
  // At an end of the curve, where p or q is missing, the quadratic through three points.
  void set_middle(const Index* p, Index a, Index b, const Index* q) {
    float kp = p ? -1.0F / 16 : 0, kq = q ? -1.0F / 16 : 0, ka = 9.0F / 16, kb = 9.0F / 16;
    if (!p && q) ka = 3.0F / 8, kb = 6.0F / 8, kq = -1.0F / 8;
    if (p && !q) kb = 3.0F / 8, ka = 6.0F / 8, kp = -1.0F / 8;
    const Index ip = p ? *p : a, iq = q ? *q : b;
    middle[edge(a, b)] =
        add(blend(place(ip), kp, place(a), ka, place(b), kb, place(iq), kq),
            blend(mesh.canonical[ip], kp, mesh.canonical[a], ka, mesh.canonical[b], kb, mesh.canonical[iq], kq));
  }

  void round_curve(std::span<const Index> curve) {
    const int n = static_cast<int>(curve.size());
    for (int i = 0; i + 1 < n; ++i) {
      const auto at = [&](int k) { return k < 0 || k >= n ? nullptr : &curve[static_cast<size_t>(k)]; };
      if (!middle.contains(edge(*at(i), *at(i + 1)))) set_middle(at(i - 1), *at(i), *at(i + 1), at(i + 2));
    }
  }

  Index middle_of(Index a, Index b) {
    if (!middle.contains(edge(a, b))) {
      middle[edge(a, b)] = add(blend(place(a), 0.5F, place(b), 0.5F, {}, 0, {}, 0),
                               blend(mesh.canonical[a], 0.5F, mesh.canonical[b], 0.5F, {}, 0, {}, 0));
    }
    return middle[edge(a, b)];
  }

  std::vector<Index> refined(std::span<const Index> curve) {
    std::vector<Index> fine;
    for (size_t i = 0; i < curve.size(); ++i) {
      fine.push_back(curve[i]);
      if (i + 1 < curve.size()) fine.push_back(middle_of(curve[i], curve[i + 1]));
    }
    return fine;
  }
};

// Towards the outline the face is seen edge-on: depth, and the place on the canonical face, change much within a pixel
// or two. Turned or pulled as it is, the skin there would fold over. So both become smooth functions of the picture:
// depth falls off no faster than kSteepest, and near neighbours in the picture share their values.
void calm_outline(FaceMesh& mesh, float px_per_cm) {
  constexpr float kSteepest = 1.5F;  // px of depth per px of picture: at 12 degrees skin shrinks to no less than 0.7
  const float reach = 0.9F * px_per_cm, reach2 = reach * reach;
  const size_t n = mesh.size();
  std::vector<float> lower(n);
  for (size_t i = 0; i < n; ++i) {
    float z = mesh.z[i];
    for (size_t j = 0; j < n; ++j) {
      const float up = z - mesh.z[j];
      if (up <= 0) continue;
      const float dx = mesh.x[i] - mesh.x[j], dy = mesh.y[i] - mesh.y[j];
      const float d2 = kSteepest * kSteepest * (dx * dx + dy * dy);
      if (d2 < up * up) z = mesh.z[j] + std::sqrt(d2);
    }
    lower[i] = z;
  }
  std::vector<Point3> place(mesh.canonical);
  for (size_t i = 0; i < n; ++i) {
    float sum = 0, z = 0;
    Point3 c;
    for (size_t j = 0; j < n; ++j) {
      const float dx = mesh.x[i] - mesh.x[j], dy = mesh.y[i] - mesh.y[j];
      const float d2 = dx * dx + dy * dy;
      if (d2 >= reach2) continue;
      const float w = (1 - d2 / reach2) * (1 - d2 / reach2);
      sum += w;
      z += w * lower[j];
      c = {c.x + w * place[j].x, c.y + w * place[j].y, c.z + w * place[j].z};
    }
    mesh.z[i] = z / sum;
    const float rim = smoothstep(4.4F, 5.6F, std::fabs(place[i].x));
    Point3& own = mesh.canonical[i];
    own = {own.x + rim * (c.x / sum - own.x), own.y + rim * (c.y / sum - own.y), own.z + rim * (c.z / sum - own.z)};
  }
}

}  // namespace

FaceMesh make_face_mesh(const Portrait& portrait, const Framing& framing, float margin_px) {
  Builder b;
  FaceMesh& mesh = b.mesh;
  const CanonicalFace& canonical = *portrait.canonical;
  for (int i = 0; i < kFaceVertices; ++i) {
    const Point3 c = canonical.vertices[i];
    Point3 place = framing.to_frame(portrait.landmarks[i]);
    // The network's depth is noisy and, at the rim, too steep; the fitted canonical head is calm. Half of each.
    place.z = 0.5F * (place.z + framing.to_frame(portrait.fit.to_picture(c)).z);
    b.add(place, c);
  }
  b.round_curve(kMouthUpper);
  b.round_curve(kMouthLower);
  b.round_curve(kLipUpper);
  b.round_curve(kLipLower);
  b.round_curve(kEyeRightUpper);
  b.round_curve(kEyeRightLower);
  b.round_curve(kEyeLeftUpper);
  b.round_curve(kEyeLeftLower);

  // Holes: triangles whose corners all lie on one ring.
  std::vector<std::set<Index>> rings(3);
  rings[0].insert(kMouthUpper.begin(), kMouthUpper.end());
  rings[0].insert(kMouthLower.begin(), kMouthLower.end());
  rings[1].insert(kEyeRightUpper.begin(), kEyeRightUpper.end());
  rings[1].insert(kEyeRightLower.begin(), kEyeRightLower.end());
  rings[2].insert(kEyeLeftUpper.begin(), kEyeLeftUpper.end());
  rings[2].insert(kEyeLeftLower.begin(), kEyeLeftLower.end());
  // Refined where skin bends most, round mouth and eyes. An edge is split for both its triangles, so no gap can open.
  std::vector<Triangle> coarse;
  for (const auto& t : canonical.triangles) {
    const bool hole = std::any_of(rings.begin(), rings.end(), [&](const auto& ring) {
      return ring.contains(t[0]) && ring.contains(t[1]) && ring.contains(t[2]);
    });
    if (hole) continue;
    coarse.push_back({t[0], t[1], t[2]});
    const auto bends = [&](Index i) {
      const Point3 c = canonical.vertices[i];
      const bool mouth = std::fabs(c.x) < 3.4F && c.y < -2.4F && c.y > -6.6F;
      const bool eye = std::fabs(std::fabs(c.x) - 3.2F) < 2.4F && c.y > 1.6F && c.y < 4.8F;
      return mouth || eye;
    };
    if (bends(t[0]) && bends(t[1]) && bends(t[2])) {
      for (size_t k = 0; k < 3; ++k) b.middle_of(t[k], t[(k + 1) % 3]);
    }
  }
  for (const Triangle& t : coarse) {
    // The outline with the middles of its split edges, cut into a fan that starts at a middle if there is one.
    std::vector<Index> outline;
    size_t split = 0, first = 0;
    for (size_t k = 0; k < 3; ++k) {
      outline.push_back(t[k]);
      if (const auto middle = b.middle.find(Builder::edge(t[k], t[(k + 1) % 3])); middle != b.middle.end()) {
        first = outline.size();
        outline.push_back(middle->second);
        ++split;
      }
    }
    if (split == 3) {
      const auto& o = outline;
      mesh.triangles.insert(mesh.triangles.end(),
                            {{o[0], o[1], o[5]}, {o[1], o[2], o[3]}, {o[5], o[3], o[4]}, {o[1], o[3], o[5]}});
      continue;
    }
    const size_t n = outline.size();
    for (size_t k = 1; k + 1 < n; ++k)
      mesh.triangles.push_back({outline[first], outline[(first + k) % n], outline[(first + k + 1) % n]});
  }
  mesh.mouth = {b.refined(kMouthUpper), b.refined(kMouthLower)};
  mesh.eye_right = {b.refined(kEyeRightUpper), b.refined(kEyeRightLower)};
  mesh.eye_left = {b.refined(kEyeLeftUpper), b.refined(kEyeLeftLower)};
  mesh.face_vertices = mesh.size();

  calm_outline(mesh, portrait.fit.scale * framing.scale);

  // Rings of head, neck and body. Their canonical place continues the face's; their depth sinks behind the oval.
  const float px_per_cm = portrait.fit.scale * framing.scale;
  const Point3 centre = framing.to_frame(portrait.fit.to_picture({0, 0, canonical.vertices[10].z}));
  const size_t n = kOval.size();
  std::vector<Index> inner(kOval.begin(), kOval.end());
  for (const float ring : kRings) {
    std::vector<Index> outer(n);
    for (size_t i = 0; i < n; ++i) {
      const Point3 o = b.place(kOval[i]), c = mesh.canonical[kOval[i]];
      const float out_cm = std::hypot(c.x, c.y) * (ring - 1);
      const float sink = 5 * (1 - std::exp(-out_cm / 5));  // cm; an ellipsoid's back, flattened: no fold at 12 degrees
      outer[i] = b.add({centre.x + (o.x - centre.x) * ring, centre.y + (o.y - centre.y) * ring, o.z + sink * px_per_cm},
                       {c.x * ring, c.y * ring, c.z});
    }
    for (size_t i = 0; i < n; ++i) {
      const size_t j = (i + 1) % n;
      mesh.triangles.push_back({inner[i], outer[i], outer[j]});
      mesh.triangles.push_back({inner[i], outer[j], inner[j]});
    }
    inner = outer;
  }

  mesh.head.resize(mesh.size());
  mesh.breath.resize(mesh.size());
  for (size_t i = 0; i < mesh.size(); ++i) {
    const Point3 c = mesh.canonical[i];
    // The neck bends between the jaw and the collar; the sides (long hair on the shoulders) come along as far.
    mesh.head[i] = 1 - smoothstep(9.0F, 19.0F, -c.y);
    mesh.breath[i] = smoothstep(9.0F, 19.0F, -c.y);
  }

  // Only what can be seen: triangles with a corner inside the frame and its margin, or that span it.
  const auto outside = [&](const Triangle& t) {
    const auto all = [&](auto beyond) { return beyond(t[0]) && beyond(t[1]) && beyond(t[2]); };
    const float w = static_cast<float>(framing.width) + margin_px, h = static_cast<float>(framing.height) + margin_px;
    return all([&](Index i) { return mesh.x[i] < -margin_px; }) || all([&](Index i) { return mesh.x[i] > w; }) ||
           all([&](Index i) { return mesh.y[i] < -margin_px; }) || all([&](Index i) { return mesh.y[i] > h; });
  };
  std::erase_if(mesh.triangles, outside);
  return std::move(b.mesh);
}

}  // namespace avatar::mesh
