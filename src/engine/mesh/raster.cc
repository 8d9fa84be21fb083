// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/raster.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// The kernels below are compiled once per vector width and chosen at run time (Highway's dynamic dispatch).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/mesh/raster.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace avatar::mesh::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A span of the warp map: n pixels whose texture coordinates and coverage change linearly.
struct Span {
  int32_t u, v, cover;     // 16.16 texels; cover 16.16 of 0..256
  int32_t du, dv, dcover;  // per pixel
  bool soft;               // write only where it covers more
};

HWY_INLINE void write_span(const Span& s, int n, int32_t* HWY_RESTRICT u, int32_t* HWY_RESTRICT v,
                           int32_t* HWY_RESTRICT cover) {
  const hn::ScalableTag<int32_t> d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto iota = hn::Iota(d, 0);
  auto uu = hn::Add(hn::Set(d, s.u), hn::Mul(iota, hn::Set(d, s.du)));
  auto vv = hn::Add(hn::Set(d, s.v), hn::Mul(iota, hn::Set(d, s.dv)));
  const auto step_u = hn::Set(d, s.du * lanes), step_v = hn::Set(d, s.dv * lanes);
  if (!s.soft) {
    const auto full = hn::Set(d, 256);
    for (int i = 0; i < n; i += lanes) {
      const auto mask = hn::FirstN(d, static_cast<size_t>(n - i));
      hn::BlendedStore(uu, mask, d, u + i);
      hn::BlendedStore(vv, mask, d, v + i);
      hn::BlendedStore(full, mask, d, cover + i);
      uu = hn::Add(uu, step_u);
      vv = hn::Add(vv, step_v);
    }
    return;
  }
  auto cc = hn::Add(hn::Set(d, s.cover), hn::Mul(iota, hn::Set(d, s.dcover)));
  const auto step_c = hn::Set(d, s.dcover * lanes);
  for (int i = 0; i < n; i += lanes) {
    const auto c = hn::Clamp(hn::ShiftRight<16>(cc), hn::Zero(d), hn::Set(d, 256));
    const auto mask = hn::And(hn::FirstN(d, static_cast<size_t>(n - i)), hn::Gt(c, hn::LoadU(d, cover + i)));
    hn::BlendedStore(uu, mask, d, u + i);
    hn::BlendedStore(vv, mask, d, v + i);
    hn::BlendedStore(c, mask, d, cover + i);
    uu = hn::Add(uu, step_u);
    vv = hn::Add(vv, step_v);
    cc = hn::Add(cc, step_c);
  }
}

// One triangle into rows [first_row, last_row) of the warp map whose first row is first_row.
// Pixels belong to it when their centre lies inside; an edge is computed from its upper end by the same expression in
// both triangles that share it, so no pixel is missed or drawn twice.
void draw_triangle(const float* x, const float* y, const float* u, const float* v, const float* cover,
                   const Triangle& t, bool soft, int first_row, int last_row, int width, Raster::Band& band) {
  Index a = t[0], b = t[1], c = t[2];
  const auto above = [&](Index p, Index q) {
    return y[p] < y[q] || (y[p] == y[q] && (x[p] < x[q] || (x[p] == x[q] && p < q)));
  };
  if (above(b, a)) std::swap(a, b);
  if (above(c, b)) std::swap(b, c);
  if (above(b, a)) std::swap(a, b);
  const int row0 = std::max(first_row, static_cast<int>(std::ceil(y[a] - 0.5F)));
  const int row1 = std::min(last_row, static_cast<int>(std::ceil(y[c] - 0.5F)));
  if (row0 >= row1) return;

  const float ab_x = x[b] - x[a], ab_y = y[b] - y[a], ac_x = x[c] - x[a], ac_y = y[c] - y[a];
  const float det = ab_x * ac_y - ac_x * ab_y;
  // A sliver has no direction: it takes the colour of its upper end.
  const float inv = std::fabs(det) < 1e-2F ? 0 : 1 / det;
  const auto gradient = [&](const float* f, float scale, float steepest, float& dx, float& dy) {
    const float p = (f[b] - f[a]) * scale, q = (f[c] - f[a]) * scale;
    dx = std::clamp((p * ac_y - q * ab_y) * inv, -steepest, steepest);
    dy = std::clamp((q * ab_x - p * ac_x) * inv, -steepest, steepest);
  };
  float u_dx = 0, u_dy = 0, v_dx = 0, v_dy = 0, c_dx = 0, c_dy = 0;
  // 24 texels a pixel, and all of the coverage within one pixel: no span of 2,048 pixels leaves 32 bits.
  gradient(u, 65536, 24.0F * 65536, u_dx, u_dy);
  gradient(v, 65536, 24.0F * 65536, v_dx, v_dy);
  if (soft) gradient(cover, 65536.0F * 256, 65536.0F * 256, c_dx, c_dy);

  Span span{};
  span.soft = soft;
  span.du = static_cast<int32_t>(u_dx);
  span.dv = static_cast<int32_t>(v_dx);
  span.dcover = static_cast<int32_t>(c_dx);
  // Where each row of the band begins and ends, and what it begins with: all rows at once.
  const hn::CappedTag<float, Raster::kBandRows> d;
  const hn::RebindToSigned<decltype(d)> di;
  alignas(64) int32_t from[Raster::kBandRows], to[Raster::kBandRows], span_u[Raster::kBandRows],
      span_v[Raster::kBandRows], span_cover[Raster::kBandRows];
  const auto set = [&](float f) { return hn::Set(d, f); };
  const auto slope_ac = set(ac_x / ac_y), slope_ab = set(ab_y > 0 ? ab_x / ab_y : 0),
             slope_bc = set(y[c] > y[b] ? (x[c] - x[b]) / (y[c] - y[b]) : 0);
  const auto half = set(0.5F), limit = set(5e8F);
  for (int r = 0; r < Raster::kBandRows; r += static_cast<int>(hn::Lanes(d))) {
    const auto centre = hn::Add(hn::Iota(d, static_cast<float>(first_row + r)), half);
    const auto py = hn::Sub(centre, set(y[a]));
    const auto x_long = hn::Add(set(x[a]), hn::Mul(py, slope_ac));
    const auto x_short = hn::IfThenElse(hn::Lt(centre, set(y[b])), hn::Add(set(x[a]), hn::Mul(py, slope_ab)),
                                        hn::Add(set(x[b]), hn::Mul(hn::Sub(centre, set(y[b])), slope_bc)));
    const auto edge = [&](auto at) {
      return hn::ConvertTo(di, hn::Clamp(hn::Ceil(hn::Sub(at, half)), hn::Zero(d), set(static_cast<float>(width))));
    };
    const auto start = edge(hn::Min(x_long, x_short));
    hn::Store(start, di, from + r);
    hn::Store(edge(hn::Max(x_long, x_short)), di, to + r);
    const auto px = hn::Sub(hn::Add(hn::ConvertTo(d, start), half), set(x[a]));
    const auto value = [&](float at_a, float dx, float dy) {
      const auto f = hn::Add(hn::Add(set(at_a), hn::Mul(set(dx), px)), hn::Mul(set(dy), py));
      return hn::ConvertTo(di, hn::Clamp(f, hn::Neg(limit), limit));
    };
    // Sampled at the texel's centre: half a texel back.
    hn::Store(value((u[a] - 0.5F) * 65536, u_dx, u_dy), di, span_u + r);
    hn::Store(value((v[a] - 0.5F) * 65536, v_dx, v_dy), di, span_v + r);
    if (soft) hn::Store(value(cover[a] * 256 * 65536, c_dx, c_dy), di, span_cover + r);
  }
  for (int row = row0; row < row1; ++row) {
    const int r = row - first_row, n = to[r] - from[r];
    if (n <= 0) continue;
    band.left = std::min(band.left, from[r]);
    band.right = std::max(band.right, to[r]);
    span.u = span_u[r];
    span.v = span_v[r];
    if (soft) span.cover = span_cover[r];
    const size_t at = static_cast<size_t>(r) * static_cast<size_t>(band.stride) + static_cast<size_t>(from[r]);
    write_span(span, n, &band.u[at], &band.v[at], &band.cover[at]);
  }
}

// Samples the texture through the warp map (bilinear, 8-bit weights) and blends it over `row`, n pixels.
void sample_row(const uint32_t* HWY_RESTRICT texels, int texture_width, int texture_height,
                const int32_t* HWY_RESTRICT u, const int32_t* HWY_RESTRICT v, const int32_t* HWY_RESTRICT cover, int n,
                uint32_t* HWY_RESTRICT row) {
  const hn::ScalableTag<int32_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Repartition<uint16_t, decltype(d)> d16;
  const hn::Repartition<int64_t, decltype(d)> d64;
  const hn::Half<decltype(d)> dh;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto max_u = hn::Set(d, ((texture_width - 1) << 16) - 1), max_v = hn::Set(d, ((texture_height - 1) << 16) - 1);
  const auto byte = hn::Set(d, 0xff);
  const auto even = hn::Set(du, 0x00ff00ffU);
  const auto half = hn::Set(d16, uint16_t{128});
  const auto stride = hn::Set(d, texture_width);
  const auto* base = reinterpret_cast<const int64_t*>(texels);
  // Weight pairs: the same 0..256 in both halves of a word.
  const auto twice = [&](auto w) { return hn::BitCast(d16, hn::Or(w, hn::ShiftLeft<16>(w))); };
  for (int i = 0; i < n; i += lanes) {
    const auto c = hn::LoadU(d, cover + i);
    if (hn::AllTrue(d, hn::Eq(c, hn::Zero(d)))) continue;
    const auto uu = hn::Clamp(hn::LoadU(d, u + i), hn::Zero(d), max_u);
    const auto vv = hn::Clamp(hn::LoadU(d, v + i), hn::Zero(d), max_v);
    const auto fx = hn::And(hn::ShiftRight<8>(uu), byte), fy = hn::And(hn::ShiftRight<8>(vv), byte);
    const auto index = hn::Add(hn::Mul(hn::ShiftRight<16>(vv), stride), hn::ShiftRight<16>(uu));
    // Two neighbours at once: 64-bit gathers, then the even words are the left texels and the odd ones the right.
    const auto fetch = [&](auto at) {
      const auto lo = hn::GatherOffset(d64, base, hn::ShiftLeft<2>(hn::PromoteTo(d64, hn::LowerHalf(dh, at))));
      const auto hi = hn::GatherOffset(d64, base, hn::ShiftLeft<2>(hn::PromoteTo(d64, hn::UpperHalf(dh, at))));
      struct Pair {
        hn::Vec<decltype(du)> left, right;
      };
      return Pair{hn::ConcatEven(du, hn::BitCast(du, hi), hn::BitCast(du, lo)),
                  hn::ConcatOdd(du, hn::BitCast(du, hi), hn::BitCast(du, lo))};
    };
    const auto top = fetch(index), bottom = fetch(hn::Add(index, stride));
    // Weights that sum to 256: 16 + 16 bits of product fit a 16-bit lane because every texel is at most 255.
    const auto w11 = hn::ShiftRight<8>(hn::Mul(fx, fy));
    const auto w10 = hn::Sub(fx, w11), w01 = hn::Sub(fy, w11);
    const auto w00 = hn::Sub(hn::Sub(hn::Set(d, 256), fx), w01);
    const auto k00 = twice(w00), k10 = twice(w10), k01 = twice(w01), k11 = twice(w11);
    const auto blend4 = [&](auto part) {
      auto sum = hn::Mul(hn::BitCast(d16, part(top.left)), k00);
      sum = hn::Add(sum, hn::Mul(hn::BitCast(d16, part(top.right)), k10));
      sum = hn::Add(sum, hn::Mul(hn::BitCast(d16, part(bottom.left)), k01));
      sum = hn::Add(sum, hn::Mul(hn::BitCast(d16, part(bottom.right)), k11));
      return hn::ShiftRight<8>(hn::Add(sum, half));
    };
    const auto yv = blend4([&](auto t) { return hn::And(t, even); });                     // Y, Cr
    const auto ua = blend4([&](auto t) { return hn::And(hn::ShiftRight<8>(t), even); });  // Cb, A
    // Opacity 0..256: the matte (0..255, 255 meaning all) times the coverage.
    const auto matte = hn::BitCast(d, hn::ShiftRight<16>(hn::BitCast(du, ua)));
    const auto opacity = hn::ShiftRight<8>(hn::Mul(hn::Add(matte, hn::ShiftRight<7>(matte)), c));
    const auto k = twice(opacity), rest = twice(hn::Sub(hn::Set(d, 256), opacity));
    const auto below = hn::LoadU(du, row + i);
    const auto over = [&](auto colour, auto under) {
      return hn::ShiftRight<8>(hn::Add(hn::Add(hn::Mul(colour, k), hn::Mul(hn::BitCast(d16, under), rest)), half));
    };
    const auto out_yv = hn::BitCast(du, over(yv, hn::And(below, even)));
    const auto out_u = hn::BitCast(du, over(hn::BitCast(d16, hn::And(hn::BitCast(du, ua), hn::Set(du, 0xffU))),
                                            hn::And(hn::ShiftRight<8>(below), hn::Set(du, 0xffU))));
    hn::StoreU(hn::Or(out_yv, hn::ShiftLeft<8>(out_u)), du, row + i);
  }
}

// Two rows of packed texels to I420; n is even. Chroma is the mean of each 2x2.
void convert_rows(const uint32_t* HWY_RESTRICT row0, const uint32_t* HWY_RESTRICT row1, int n, uint8_t* HWY_RESTRICT y0,
                  uint8_t* HWY_RESTRICT y1, uint8_t* HWY_RESTRICT u, uint8_t* HWY_RESTRICT v) {
  const hn::ScalableTag<uint32_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto byte = hn::Set(d, 0xffU), third = hn::Set(d, 0x00ff0000U), round = hn::Set(d, 0x00020002U);
  int i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto a0 = hn::LoadU(d, row0 + i), a1 = hn::LoadU(d, row0 + i + lanes);
    const auto b0 = hn::LoadU(d, row1 + i), b1 = hn::LoadU(d, row1 + i + lanes);
    hn::StoreU(hn::U8FromU32(hn::And(a0, byte)), d8, y0 + i);
    hn::StoreU(hn::U8FromU32(hn::And(a1, byte)), d8, y0 + i + lanes);
    hn::StoreU(hn::U8FromU32(hn::And(b0, byte)), d8, y1 + i);
    hn::StoreU(hn::U8FromU32(hn::And(b1, byte)), d8, y1 + i + lanes);
    const auto uv = [&](auto t) { return hn::Or(hn::And(hn::ShiftRight<8>(t), byte), hn::And(t, third)); };
    const auto lo = hn::Add(uv(a0), uv(b0)), hi = hn::Add(uv(a1), uv(b1));
    const auto sum = hn::Add(hn::Add(hn::ConcatEven(d, hi, lo), hn::ConcatOdd(d, hi, lo)), round);
    hn::StoreU(hn::U8FromU32(hn::And(hn::ShiftRight<2>(sum), byte)), d8, u + i / 2);
    hn::StoreU(hn::U8FromU32(hn::And(hn::ShiftRight<18>(sum), byte)), d8, v + i / 2);
  }
  for (; i < n; i += 2) {
    const uint32_t t[4] = {row0[i], row0[i + 1], row1[i], row1[i + 1]};
    y0[i] = static_cast<uint8_t>(t[0]), y0[i + 1] = static_cast<uint8_t>(t[1]);
    y1[i] = static_cast<uint8_t>(t[2]), y1[i + 1] = static_cast<uint8_t>(t[3]);
    uint32_t su = 2, sv = 2;
    for (const uint32_t k : t) su += k >> 8 & 0xff, sv += k >> 16 & 0xff;
    u[i / 2] = static_cast<uint8_t>(su >> 2), v[i / 2] = static_cast<uint8_t>(sv >> 2);
  }
}

}  // namespace avatar::mesh::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace avatar::mesh {

HWY_EXPORT(draw_triangle);
HWY_EXPORT(sample_row);
HWY_EXPORT(convert_rows);

Plate::Plate(int width, int height, std::vector<uint32_t> packed) : texels(std::move(packed)), i420(width, height) {
  CHECK(width % 2 == 0 && height % 2 == 0 && texels.size() == static_cast<size_t>(width) * height);
  for (int y = 0; y < height; y += 2) {
    const uint32_t* row = &texels[static_cast<size_t>(y) * width];
    uint8_t* luma = i420.y() + static_cast<size_t>(y) * width;
    const size_t chroma = static_cast<size_t>(y) / 2 * width / 2;
    HWY_DYNAMIC_DISPATCH(convert_rows)
    (row, row + width, width, luma, luma + width, i420.u() + chroma, i420.v() + chroma);
  }
}

Raster::Raster(const Plate& plate) : width_(plate.i420.width()), height_(plate.i420.height()), plate_(&plate) {
  // Whole vectors may be read and written past a row's end.
  band_.stride = (width_ + 63) / 32 * 32;
  const size_t n = static_cast<size_t>(band_.stride) * kBandRows + 64;
  band_.u.resize(n);
  band_.v.resize(n);
  band_.cover.resize(n);
  band_.row.resize(n);
  bin_start_.resize(static_cast<size_t>((height_ + kBandRows - 1) / kBandRows) + 1);
}

// Which triangles touch which band: a counting sort that keeps their order.
void Raster::bin(const ScreenMesh& mesh) {
  const int bands = static_cast<int>(bin_start_.size()) - 1;
  reach_.clear();
  std::fill(bin_start_.begin(), bin_start_.end(), 0);
  const auto count = [&](std::span<const Triangle> triangles) {
    for (const Triangle& t : triangles) {
      const float x0 = mesh.x[t[0]], x1 = mesh.x[t[1]], x2 = mesh.x[t[2]], y0 = mesh.y[t[0]], y1 = mesh.y[t[1]],
                  y2 = mesh.y[t[2]];
      const float low = std::max(std::min(std::min(y0, y1), y2), 0.0F);
      const float high = std::min(std::max(std::max(y0, y1), y2), static_cast<float>(height_) - 0.5F);
      Reach reach{1, 0};
      if (low <= high && std::max(std::max(x0, x1), x2) > 0 &&
          std::min(std::min(x0, x1), x2) < static_cast<float>(width_)) {
        reach = {static_cast<int16_t>(static_cast<int>(low) / kBandRows),
                 static_cast<int16_t>(static_cast<int>(high) / kBandRows)};
      }
      reach_.push_back(reach);
      for (int b = reach.first; b <= reach.last; ++b) ++bin_start_[static_cast<size_t>(b) + 1];
    }
  };
  count(mesh.triangles);
  count(mesh.fringe);
  count(mesh.overlay);
  for (int b = 0; b < bands; ++b) bin_start_[static_cast<size_t>(b) + 1] += bin_start_[b];
  if (bin_items_.size() < static_cast<size_t>(bin_start_[bands]))
    bin_items_.resize(static_cast<size_t>(bin_start_[bands]) * 2 + 1024);
  for (size_t i = 0; i < reach_.size(); ++i) {
    for (int b = reach_[i].first; b <= reach_[i].last; ++b)
      bin_items_[static_cast<size_t>(bin_start_[b]++)] = static_cast<uint32_t>(i);
  }
  for (int b = bands; b > 0; --b) bin_start_[b] = bin_start_[b - 1];
  bin_start_[0] = 0;
}

void Raster::draw(const ScreenMesh& mesh, const Texture& texture, std::span<const Patch* const> patches, Frame& frame) {
  CHECK(frame.width() == width_ && frame.height() == height_);
  bin(mesh);
  const auto opaque = static_cast<uint32_t>(mesh.triangles.size());
  const auto overlay = opaque + static_cast<uint32_t>(mesh.fringe.size());
  const int stride = band_.stride;
  for (int top = 0, b = 0; top < height_; top += kBandRows, ++b) {
    const int bottom = std::min(top + kBandRows, height_);
    // The warp map of the triangles in bin_items_[item...], as long as they come before `end`.
    int item = bin_start_[b];
    const auto map = [&](uint32_t end) {
      std::fill(band_.cover.begin(), band_.cover.end(), 0);
      band_.left = width_;
      band_.right = 0;
      for (; item < bin_start_[b + 1] && bin_items_[item] < end; ++item) {
        const uint32_t i = bin_items_[item];
        const Triangle& t = i < opaque    ? mesh.triangles[i]
                            : i < overlay ? mesh.fringe[i - opaque]
                                          : mesh.overlay[i - overlay];
        HWY_DYNAMIC_DISPATCH(draw_triangle)
        (mesh.x.data(), mesh.y.data(), mesh.u.data(), mesh.v.data(), mesh.cover.data(), t, i >= opaque, top, bottom,
         width_, band_);
      }
    };
    const auto sample = [&](int y) {
      const size_t at = static_cast<size_t>(y - top) * stride + static_cast<size_t>(band_.left);
      HWY_DYNAMIC_DISPATCH(sample_row)
      (texture.texels.data(), texture.width, texture.height, &band_.u[at], &band_.v[at], &band_.cover[at],
       band_.right - band_.left, &band_.row[at]);
    };

    map(overlay);
    const size_t luma = static_cast<size_t>(top) * width_, luma_bytes = static_cast<size_t>(bottom - top) * width_;
    std::memcpy(frame.y() + luma, plate_->i420.y() + luma, luma_bytes);
    std::memcpy(frame.u() + luma / 4, plate_->i420.u() + luma / 4, luma_bytes / 4);
    std::memcpy(frame.v() + luma / 4, plate_->i420.v() + luma / 4, luma_bytes / 4);
    const int left = band_.left & ~1, right = (band_.right + 1) & ~1;
    if (left >= right) continue;

    for (int y = top; y < bottom; ++y) {
      uint32_t* row = &band_.row[static_cast<size_t>(y - top) * stride];
      std::memcpy(row + left, &plate_->texels[static_cast<size_t>(y) * width_ + left],
                  static_cast<size_t>(right - left) * sizeof(uint32_t));
      for (const Patch* p : patches) {
        if (y < p->y || y >= p->y + p->height) continue;
        const uint32_t* from = &p->texels[static_cast<size_t>(y - p->y) * p->width];
        for (int x = std::max(left, p->x); x < std::min(right, p->x + p->width); ++x) {
          if (from[x - p->x] >> 24 != 0) row[x] = from[x - p->x];
        }
      }
      sample(y);
    }
    if (item < bin_start_[b + 1]) {  // rims that lie over it all
      map(UINT32_MAX);
      band_.left = std::max(band_.left, left);
      band_.right = std::min(band_.right, right);
      for (int y = top; y < bottom && band_.left < band_.right; ++y) sample(y);
    }
    for (int y = top; y < bottom; y += 2) {
      const uint32_t* row = &band_.row[static_cast<size_t>(y - top) * stride + left];
      uint8_t* out = frame.y() + static_cast<size_t>(y) * width_ + left;
      const size_t chroma = static_cast<size_t>(y) / 2 * width_ / 2 + static_cast<size_t>(left) / 2;
      HWY_DYNAMIC_DISPATCH(convert_rows)
      (row, row + stride, right - left, out, out + width_, frame.u() + chroma, frame.v() + chroma);
    }
  }
}

}  // namespace avatar::mesh
#endif  // HWY_ONCE
