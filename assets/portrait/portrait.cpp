// SPDX-License-Identifier: Apache-2.0
// Procedural studio portrait: a synthetic adult woman, front view, neutral closed mouth.
//
// Everything in the picture is computed by this file: no photo, mesh, texture or model is read.
//
// Method
//   1. A 2.5D relief: face, neck and torso are height functions z(x, y) built from smooth curves (face outline,
//      eyelids, nose profile, lips) and soft bumps (brow ridge, cheeks, chin, ...). The features stand at ratios
//      of the distance between the pupils: nose base 0.74 below the eyes, mouth line 1.05, chin 1.70, mouth width
//      0.81, eye width 0.44, iris 0.20, top of the brows 0.37 above.
//   2. Light: for every pixel the horizon is scanned in 32 directions over the relief (plus the hair volume), and a
//      studio made of soft boxes is integrated over the visible part: soft shadows and ambient occlusion together.
//   3. Skin: the diffuse light is blurred with a different width per colour channel (subsurface scattering); a
//      three-lobe specular term uses a finer normal with pores; colour varies with blood, melanin and freckles.
//   4. Hair, brows and lashes are many thin tapered strokes; hair strands follow two guide surfaces and are shaded
//      with a two-lobe anisotropic model, drawn from deep to shallow.
//   5. Supersampled linear-light image -> sharpen, vignette, tone curve, sRGB.
//
// Usage: portrait [-s size] [-ss supersampling] [-o output-prefix]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

// after <cstdio>, which libjpeg's header needs
#include <jpeglib.h>
#include <omp.h>
#include <png.h>

using std::max;
using std::min;
using std::vector;
// ---- small vector and scalar utilities
struct V3 {
  float x, y, z;
  V3(float a = 0, float b = 0, float c = 0) : x(a), y(b), z(c) {}
};
static inline V3 operator+(V3 a, V3 b) { return V3(a.x + b.x, a.y + b.y, a.z + b.z); }
static inline V3 operator-(V3 a, V3 b) { return V3(a.x - b.x, a.y - b.y, a.z - b.z); }
static inline V3 operator*(V3 a, float s) { return V3(a.x * s, a.y * s, a.z * s); }
static inline V3 operator*(V3 a, V3 b) { return V3(a.x * b.x, a.y * b.y, a.z * b.z); }
static inline float dot(V3 a, V3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline V3 cross(V3 a, V3 b) { return V3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x); }
static inline V3 norm(V3 a) { return a * (1 / sqrtf(dot(a, a) + 1e-12f)); }
static inline float clampf(float x, float a, float b) { return x < a ? a : x > b ? b : x; }
static inline float sat(float x) { return clampf(x, 0, 1); }
static inline float mix(float a, float b, float t) { return a + (b - a) * t; }
static inline V3 mix(V3 a, V3 b, float t) { return a + (b - a) * t; }
static inline float ss(float a, float b, float x) {
  float t = sat((x - a) / (b - a));
  return t * t * (3 - 2 * t);
}
static inline float sq(float x) { return x * x; }
static inline float g2(float x, float y, float cx, float cy, float sx, float sy) {
  return expf(-sq((x - cx) / sx) - sq((y - cy) / sy));
}
static inline float g1(float x, float c, float s) { return expf(-sq((x - c) / s)); }
static inline float smax(float a, float b, float k) {
  float h = max(k - fabsf(a - b), 0.f) / k;
  return max(a, b) + h * h * k * .25f;
}
static inline float smin(float a, float b, float k) { return -smax(-a, -b, k); }
static inline V3 srgb(float r, float g, float b) {
  auto L = [](float c) {
    c /= 255;
    return c <= .04045f ? c / 12.92f : powf((c + .055f) / 1.055f, 2.4f);
  };
  return V3(L(r), L(g), L(b));
}
// ---- hashing and noise
static inline uint32_t hsh(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x;
}
static inline float h2(int x, int y, int s = 0) {
  return (hsh((uint32_t)x * 374761393u + (uint32_t)y * 668265263u + (uint32_t)s * 2246822519u) >> 8) * (1.f / 16777216);
}
struct Rng {
  uint32_t s;
  Rng(uint32_t a) : s(hsh(a + 77)) {}
  float u() {
    s = hsh(s + 0x9e3779b9u);
    return (s >> 8) * (1.f / 16777216);
  }
  float n() { return (u() + u() + u() - 1.5f) * 1.41f; }
  float r(float a, float b) { return a + (b - a) * u(); }
};
static float vn(float x, float y, int s = 0) {
  int i = (int)floorf(x), j = (int)floorf(y);
  float u = x - i, v = y - j;
  u = u * u * u * (u * (u * 6 - 15) + 10);
  v = v * v * v * (v * (v * 6 - 15) + 10);
  return mix(mix(h2(i, j, s), h2(i + 1, j, s), u), mix(h2(i, j + 1, s), h2(i + 1, j + 1, s), u), v) * 2 - 1;
}
// fractal sum of value noise
static float fbm(float x, float y, int o, int s = 0) {
  float a = 0, w = .5f;
  for (int i = 0; i < o; i++) {
    a += w * vn(x, y, s + i * 17);
    x = x * 2.03f + 11.3f;
    y = y * 2.03f - 7.1f;
    w *= .5f;
  }
  return a;
}
// distance to the nearest random point (pores, freckles)
static float cell(float x, float y, int s, float* id = 0) {
  int i = (int)floorf(x), j = (int)floorf(y);
  float best = 9, bi = 0;
  for (int a = -1; a < 2; a++)
    for (int b = -1; b < 2; b++) {
      float px = i + a + h2(i + a, j + b, s), py = j + b + h2(i + a, j + b, s + 9);
      float d = sq(px - x) + sq(py - y);
      if (d < best) {
        best = d;
        bi = h2(i + a, j + b, s + 5);
      }
    }
  if (id) *id = bi;
  return sqrtf(best);
}
// ---- smooth interpolating curve y(x), monotone-limited Hermite
struct Curve {
  vector<float> X, Y, M;
  Curve(std::initializer_list<std::pair<float, float>> l) : Curve(vector<std::pair<float, float>>(l)) {}
  explicit Curve(const vector<std::pair<float, float>>& l) {
    for (auto& p : l) {
      X.push_back(p.first);
      Y.push_back(p.second);
    }
    int n = X.size();
    M.resize(n);
    for (int i = 0; i < n; i++) {
      if (i == 0)
        M[i] = (Y[1] - Y[0]) / (X[1] - X[0]);
      else if (i == n - 1)
        M[i] = (Y[i] - Y[i - 1]) / (X[i] - X[i - 1]);
      else {
        float h0 = X[i] - X[i - 1], h1 = X[i + 1] - X[i], d0 = (Y[i] - Y[i - 1]) / h0, d1 = (Y[i + 1] - Y[i]) / h1;
        M[i] = (d0 * h1 + d1 * h0) / (h0 + h1);
      }
    }
  }
  float operator()(float x) const {
    int n = X.size();
    if (x <= X[0]) return Y[0];
    if (x >= X[n - 1]) return Y[n - 1];
    int i = 0;
    while (x > X[i + 1]) i++;
    float h = X[i + 1] - X[i], t = (x - X[i]) / h;
    float t2 = t * t, t3 = t2 * t;
    return (2 * t3 - 3 * t2 + 1) * Y[i] + (t3 - 2 * t2 + t) * h * M[i] + (-2 * t3 + 3 * t2) * Y[i + 1] +
           (t3 - t2) * h * M[i + 1];
  }
};
// polyline spline through 3D points (Catmull-Rom), t in 0..1
struct Path {
  vector<V3> p;
  V3 at(float t) const {
    int n = p.size();
    float s = sat(t) * (n - 1);
    int i = min((int)s, n - 2);
    float u = s - i;
    V3 a = p[max(i - 1, 0)], b = p[i], c = p[i + 1], d = p[min(i + 2, n - 1)];
    return (b * 2 + (c - a) * u + (a * 2 - b * 5 + c * 4 - d) * (u * u) + (b * 3 - a - c * 3 + d) * (u * u * u)) * .5f;
  }
};

// ================= face description, in units of 1/1024 of the design square: origin x = face axis, y down,
// z to the viewer. Face outline: radius from the face centre (0, CY) by angle in degrees (-90 up, 0 side, 90 down)
static const float CY = 455;
static const Curve outlineR = [] {
  const float pt[][2] = {{-75, 122}, {0, 117},   {75, 127},    {132, 172},  {166, 245},   {177, 330}, {177, 400},
                         {173, 455}, {168, 500}, {157, 545},   {142, 585},  {124, 618},   {103, 648}, {81, 672},
                         {59, 691},  {38, 703},  {18, 708.5f}, {0, 709.5f}, {-19, 708.5f}};
  vector<std::pair<float, float>> l;
  for (auto& p : pt) {
    float a = atan2f(p[1] - CY, p[0]) * 57.29578f;
    l.push_back({a, sqrtf(sq(p[0]) + sq(p[1] - CY))});
  }
  return Curve(l);
}();
// smooth dome over the outline; rho returns 0 at the centre and 1 on the outline
static float faceBase(float x, float y, float* rho = 0) {
  float dx = fabsf(x), dy = y - CY;
  float r = sqrtf(dx * dx + dy * dy);
  float th = atan2f(dy, dx + 1e-6f) * 57.29578f;
  float R = outlineR(th);
  float q = r / R;
  if (rho) *rho = q;
  float c2 = sq(dx / (r + 1e-3f));
  float pv = dy > 0 ? 9.f : 4.5f;
  float side = ss(0, 1, c2);
  float p = mix(pv, 2.15f, side);
  p = mix(3.f, p, ss(0, 60, r));
  float m = 1 - powf(q, p);
  return m > 0 ? 202 * sqrtf(m) : -1000 * min(q - 1, 1.f) - 1;
}
// eye: lid margins and crease in eye-local units (x outwards from the eye centre, y down)
static const float EX = 82.f, EY = 430, ESX = .92f, ESY = 1.06f;  // eye centre and scale of the lid curves
static const Curve lidU({{-44, 4.5},
                         {-39, -0.3},
                         {-33, -6.3},
                         {-25, -12.2},
                         {-14, -17.2},
                         {-2, -19.4},
                         {10, -18.8},
                         {22, -14.9},
                         {32, -9.2},
                         {39, -4.6},
                         {44, -2.2}});
static const Curve lidL({{-44, 4.5},
                         {-38, 6.0},
                         {-28, 7.4},
                         {-14, 9.0},
                         {0, 10.0},
                         {12, 9.9},
                         {23, 8.1},
                         {33, 4.2},
                         {40, 0.3},
                         {44, -2.2}});
static const Curve crease({{-50, -4},
                           {-42, -11},
                           {-30, -20.5},
                           {-15, -27.5},
                           {0, -30.8},
                           {14, -30.6},
                           {28, -26.5},
                           {40, -19},
                           {50, -10.5},
                           {58, -5}});
static const float IRX = -0.5f, IRY = -5.6f, IRR = 17.9f;
// brow: middle line and half width
static const Curve browY(
    {{30, 385}, {36, 383}, {51, 379}, {72, 374}, {94, 370}, {112, 370.5f}, {128, 376}, {143, 386}});
static const Curve browW({{30, 5}, {36, 8}, {51, 10.5f}, {72, 10.5f}, {94, 9.2f}, {112, 7.4f}, {128, 5}, {143, 1.8f}});
// nose: height and half width of the ridge along y
static const Curve nH({{380, 0},
                       {400, 3},
                       {415, 6},
                       {428, 9.5},
                       {445, 15},
                       {470, 26},
                       {500, 40},
                       {522, 50},
                       {536, 54},
                       {546, 49},
                       {553, 38},
                       {558, 25},
                       {563, 11},
                       {569, 3},
                       {578, 0}});
static const Curve nW({{380, 32},
                       {400, 27},
                       {420, 20},
                       {435, 18.5},
                       {455, 19.5},
                       {480, 22},
                       {505, 22},
                       {525, 20.5},
                       {540, 20},
                       {552, 21},
                       {565, 14},
                       {578, 12}});
// mouth: line between the lips, upper and lower border, by distance from the axis
static const Curve cM(
    {{-1, 617.0}, {0, 617.0}, {8, 616.3}, {18, 615.2}, {32, 615.0}, {46, 612.8}, {57, 609.0}, {67, 603.8}});
static const Curve cU({{-1, 600.0},
                       {0, 600.0},
                       {4, 599.5},
                       {9, 597.4},
                       {13, 596.6},
                       {19, 597.0},
                       {30, 598.6},
                       {42, 600.4},
                       {53, 601.9},
                       {61, 602.9},
                       {67, 603.8}});
static const Curve cL({{-1, 642.6},
                       {0, 642.6},
                       {12, 642.2},
                       {24, 640.0},
                       {36, 635.2},
                       {46, 628.6},
                       {55, 620.2},
                       {62, 611.8},
                       {67, 603.8}});
static const float MW = 74.f, MY = -21.f, NY = -20;  // mouth half width
static inline float yM(float a) { return cM(a * 67 / MW) + MY; }
static inline float yU(float a) { return cU(a * 67 / MW) + MY; }
static inline float yL(float a) { return cL(a * 67 / MW) + MY; }
// result of the relief at one point: height and masks (lip, eye opening, nostril, wet rim, crease)
struct Sk {
  float z;
  float lip, lipU, water, ap, ex, ey;
  float nost;
  float hood, creaseM;
};
static inline void asym(float& x, float& y) {  // slight natural asymmetry
  x += 1.3f * sinf(y * .009f + .6f) - 1.1f;
  y += -1.4f * tanhf(x / 90) * g1(y, 400, 60) + 0.7f * tanhf(x / 60) * g1(y, 594, 30);
}
// the relief of the face
static Sk skin(float x, float y) {
  Sk o;
  memset(&o, 0, sizeof o);
  asym(x, y);
  float ax = fabsf(x);
  float rho;
  float z0 = faceBase(x, y, &rho);
  float z = z0;
  o.ap = -99;
  // bony and soft forms
  z += 7 * g2(ax, y, 84, 386, 50, 17) + 3 * g2(x, y, 0, 386, 26, 24);
  z -= 25 * g2(ax, y, 82, 424, 52, 29);
  z -= 10 * g2(ax, y, 37, 428, 20, 28);
  z -= 7 * g2(ax, y, 168, 370, 35, 60);
  z += 13 * g2(ax, y, 122, 480, 42, 27);
  z += 15 * g2(ax, y, 86, 504, 36, 31);
  z -= 13 * g2(ax, y, 122, 578, 36, 46);
  z += 16 * g2(x, y, 0, 588, 62, 44);
  z -= 10 * g2(x, y, 0, 643, 40, 11);
  z += 12 * g2(x, y, 0, 678, 36, 24);
  z -= 3.6f * g2(ax, y, MW + 7, 586, 11, 13);

  z -= 3.2f * expf(-sq((ax - (48 + (y - 530) * .55f)) / 10)) * ss(518, 542, y) * ss(594, 566, y);
  // philtrum
  {
    float w = ss(546, 558, y) * ss(578, 567, y);
    z -= 1.6f * expf(-sq(x / 6.5f)) * w;
    z += .9f * expf(-sq((ax - 11.f) / 5)) * w;
  }
  // nose
  float zs = z;
  const float yo = y;
  {
    float y = yo - NY;
    {
      float h = nH(y), w = nW(y);
      float b = h * (.72f * expf(-powf(ax / (1.12f * w), 2.0f)) + .28f * expf(-sq(ax / (2.2f * w))));
      b += 9.5f * g2(x, y, 0, 535, 15.5f, 12.5f) + 1.0f * g2(ax, y, 6, 531, 5, 6) - 1.5f * g2(x, y, 0, 515, 12, 9) +
           3.5f * g2(x, y, 0, 559, 5.5f, 7);
      float d2 = sq((ax - 28.f) / 14.8f) + sq((y - 542) / 14.2f);
      float a = 26 * expf(-powf(d2, 1.6f));
      float n = smax(b, a, 11) - 2.7f;
      n = max(n, 0.f);
      // alar base crease
      z = zs + n;
      z -= 2.4f * expf(-sq((sqrtf(sq((ax - 27.5f) / 16.f) + sq((y - 542) / 16.f)) - 1.06f) / .20f)) * ss(18, 30, ax) *
           ss(528, 538, y);
      // nostril
      float nx = ax - 15.8f, ny = y - 554.6f;
      float rx = nx * .98f - ny * .19f, ry = nx * .19f + ny * .98f + .022f * nx * nx - .6f;
      float dd = sq(rx / 8.3f) + sq(ry / (ry < 0 ? 3.0f : 2.4f));
      o.nost = expf(-powf(dd, 2.0f));
      z -= 16 * o.nost;
    }
  }
  // mouth
  if (ax < 96 && y > 555 && y < 652) {
    float m = yM(ax), u = yU(ax), l = yL(ax);
    float c = powf(max(0.f, 1 - sq(ax / (MW + .5f))), .85f);
    float th = 2.4f;  // soft border
    if (ax < MW + .5f) {
      float inU = ss(u - th, u + th, y), inL = ss(l + th, l - th, y);
      o.lip = inU * inL * ss(MW + .5f, MW - 13, ax);
    }
    if (y < m) {
      float v = (m - y) / max(m - u, .5f);
      float pr = v < 1 ? (6.4f * powf(sat(v / .72f), .75f) - 2.4f * ss(.70f, 1.05f, v))
                       : 3.8f * expf(-(v - 1) * (m - u) / 3.5f);
      float hh = pr * (v < 1 ? c : mix(c, sq(max(0.f, 1 - sq(ax / (MW + 6)))), ss(1.f, 1.4f, v)));
      hh += .6f * expf(-sq((u - y) / 2.2f)) * c;
      hh += 2.0f * g2(x, y, 0, 591, 9, 7);
      z += hh;
      o.lipU = 1;
    } else {
      float v = (y - m) / max(l - m, .5f);
      float pr = v < 1 ? 11.f * powf(sinf(3.14159f * min(.5f, .5f * powf(v / .48f, .62f))), 1.f) *
                             (v < .48f ? 1 : 1 - .72f * ss(.48f, 1.05f, v))
                       : 11.f * .28f * expf(-(v - 1) * (l - m) / 6);
      pr += 1.2f * g2(ax, y, 16, 609, 11, 9);
      float cc2 = sq(max(0.f, 1 - sq(ax / (MW + 6))));
      z += pr * mix(c, cc2, ss(.3f, 1.15f, v));
    }
    float lw = ss(MW + 2, MW - 18, ax);
    z -= 2.4f * expf(-sq((y - m) / 1.5f)) * lw + 1.1f * expf(-sq((y - m) / 4.f)) * lw;
  }
  // eyes
  {
    float ex = (ax - EX) / ESX, ey = (y - EY) / ESY;
    o.ex = ex;
    o.ey = ey;
    float ze0 = 129;
    float w = ss(72, 56, fabsf(ex)) * ss(60, 40, fabsf(ey));
    if (w > 0) {
      float el = 1 - sq(ex / 56) - sq((ey + 2) / 43);
      float zl = ze0 + 4.5f + 40 * (el > .25f ? sqrtf(el) : .5f + max(el - .25f, -4.f));
      float cu = lidU(ex), cl = lidL(ex), cc = crease(ex);
      float zz = smax(z, zl, 12) - .8f;
      float wi = ss(60, 48, fabsf(ex - 2));
      // hood over the crease and the crease itself
      float v = cc - ey;
      o.hood = wi;
      zz += 4.2f * ss(-1, 5, v) * expf(-max(0.f, v - 5) / 17) * wi;
      zz -= 1.5f * expf(-sq((v + .6f) / 1.9f)) * wi;
      o.creaseM = expf(-sq((v + .4f) / 1.5f)) * wi;
      // lower lid roll and soft groove
      float vl = ey - cl;
      zz += 1.7f * g1(vl, 5.5f, 5) * wi;
      zz -= .7f * expf(-sq((vl - 14.f) / 5.f)) * ss(50, 30, fabsf(ex));
      z = mix(z, zz, w);
      float inb = ss(-44.2f, -43.2f, ex) * ss(44.2f, 43.2f, ex);
      float ap = min(ey - cu, cl - ey);
      if (inb <= 0) ap = -fabsf(ap) - 1;
      o.ap = ap;
      if (ap > 0) {  // inside the opening: lower rim (wet line) then eyeball
        float wl = cl - ey;
        float rim = 2.6f * ss(43, 34, fabsf(ex));
        o.water = ss(rim + .4f, rim - .4f, wl);
        float ee = 1 - sq(ex / 56) - sq((ey + 2) / 43);
        float zb = ze0 + 40 * sqrtf(max(ee, 0.f));
        float ir = sq((ex - IRX) * ESX) + sq((ey - IRY) * ESY);
        zb += 1.5f * expf(-powf(ir / sq(IRR * 1.0f), 2));
        float zrim = ze0 + 3.0f + 40 * sqrtf(max(ee, 0.f)) + 1.f;
        // caruncle
        zb += 2.6f * expf(-sq((ex + 39) / 4.2f) - sq((ey - 2.6f) / 3.4f));
        z = mix(zb, zrim, o.water * .8f);
      }
    }
  }
  o.z = rho < 1.0f ? z : z0;
  if (rho > .985f && rho < 1) o.z = mix(z, min(z, z0), ss(.985f, 1, rho));
  return o;
}
// neck and torso
static const Curve neckW(
    {{640, 118}, {720, 110}, {760, 108}, {780, 110}, {800, 117}, {820, 136}, {838, 164}, {856, 212}, {876, 290}});
static const Curve shY({{0, 770},
                        {84, 778},
                        {106, 806},
                        {140, 826},
                        {180, 842},
                        {240, 858},
                        {300, 875},
                        {355, 899},
                        {398, 938},
                        {428, 988},
                        {450, 1050},
                        {480, 1200}});
static const float TY = 30;  // the torso sits this much higher than its curves say
static float neckZ(float x, float y) {
  if (y > 700) y += TY * ss(700, 790, y);
  if (y < 600) return -900;
  float hw = neckW(y);
  float q = fabsf(x) / hw;
  if (q >= 1) return -900;
  float z = -75 + 112 * powf(1 - powf(q, 2.6f), .5f);
  float s = ss(860, 720, y);  // sternomastoid
  float t = (y - 715) / 135;
  float cx = mix(104, 16, sat(t));
  z += 1.9f * expf(-sq((fabsf(x) - cx) / mix(15, 8, sat(t)))) * ss(720, 760, y) * ss(858, 840, y);
  z -= 4 * g2(x, y, 0, 846, 15, 12);
  if (y > 836) z -= 105 * sq((y - 836) / 40);
  z += 4 * g2(x, y, 0, 790, 18, 40) * s;
  return z;
}
static float torsoZ(float x, float y) {
  y += TY;
  float ax = fabsf(x);
  float d = y - shY(ax);
  if (d <= 0) return -900;
  float q = sat(d / 95);
  float z = -78 + (100 + .06f * (y - 900)) * sqrtf(1 - sq(1 - q)) * sqrtf(max(0.f, 1 - sq(ax / 640)));
  // clavicles
  float cy = 857 - (ax - 20) * .11f;
  z += 6 * expf(-sq((y - cy) / 8)) * ss(14, 34, ax) * ss(230, 120, ax);
  z -= 4 * expf(-sq((y - cy + 20) / 12)) * ss(40, 70, ax) * ss(200, 120, ax);
  z -= 6 * g2(x, y, 0, 845, 14, 13);
  return z;
}
static inline float collarY(float ax) { return 905 - TY - 145 * powf(sat(ax / 172), 2.6f); }  // garment neckline
// ================= render target
static int W = 1024, OUT = 512, SSF = 2;
static float K = 1;
static float VS = 1.06f, OX = 512, OY = -36;  // design -> picture
static inline float ux(float i) { return ((i + .5f) / K - OX) / VS; }
static inline float uy(float j) { return ((j + .5f) / K - OY) / VS; }
static inline float pxX(float x) { return (x * VS + OX) * K; }
static inline float pxY(float y) { return (y * VS + OY) * K; }
static float PU;  // pixels per design unit
static vector<V3> img, E, alb, spec;
static vector<float> Z, Zo, skinM, gloss;
static vector<uint8_t> id;
static vector<float> hm, hm2;
static vector<uint8_t> fc;
// ================= strokes
// a stroke is a polyline of points with width, opacity and colour
struct P4 {
  float x, y, w, a;
  V3 c;
};
static void capsule(vector<V3>& im, const P4& p, const P4& q, int y0,
                    int y1) {  // blend one tapered segment, rows y0..y1
  float ax = p.x, ay = p.y, bx = q.x - ax, by = q.y - ay;
  float L2 = bx * bx + by * by + 1e-9f;
  float mw = max(p.w, q.w) * .5f + 1;
  int ja = max(y0, (int)floorf(min(ay, ay + by) - mw)), jb = min(y1 - 1, (int)ceilf(max(ay, ay + by) + mw));
  int ia0 = max(0, (int)floorf(min(ax, ax + bx) - mw)), ib0 = min(W - 1, (int)ceilf(max(ax, ax + bx) + mw));
  for (int j = ja; j <= jb; j++)
    for (int i = ia0; i <= ib0; i++) {
      float px = i + .5f - ax, py = j + .5f - ay;
      float t = (px * bx + py * by) / L2;
      if (t < 0 || t >= 1) continue;  // half-open: segments do not overlap
      float dx = px - bx * t, dy = py - by * t;
      float d = sqrtf(dx * dx + dy * dy);
      float w = mix(p.w, q.w, t);
      float cov = w >= 1 ? sat(w * .5f + .5f - d) : sat(1 - d) * w;
      if (cov <= 0) continue;
      float a = cov * mix(p.a, q.a, t);
      V3& o = im[(size_t)j * W + i];
      o = mix(o, mix(p.c, q.c, t), a);
    }
}
struct Strand {
  vector<P4> p;
  float order;
  float ymin, ymax;
};
// draw strokes by their order value, in parallel horizontal bands
static void drawStrands(vector<Strand>& S, vector<V3>& im) {
  for (auto& s : S) {
    s.ymin = 1e9;
    s.ymax = -1e9;
    for (auto& p : s.p) {
      s.ymin = min(s.ymin, p.y);
      s.ymax = max(s.ymax, p.y);
    }
  }
  std::stable_sort(S.begin(), S.end(), [](const Strand& a, const Strand& b) { return a.order < b.order; });
  const int NB = 16;
#pragma omp parallel for schedule(dynamic, 1)
  for (int b = 0; b < NB; b++) {
    int y0 = (int)((int64_t)W * b / NB), y1 = (int)((int64_t)W * (b + 1) / NB);
    for (auto& s : S) {
      if (s.ymax + 4 < y0 || s.ymin - 4 > y1) continue;
      for (size_t i = 0; i + 1 < s.p.size(); i++) {
        if (max(s.p[i].y, s.p[i + 1].y) + 4 < y0 || min(s.p[i].y, s.p[i + 1].y) - 4 > y1) continue;
        capsule(im, s.p[i], s.p[i + 1], y0, y1);
      }
    }
  }
}
// ================= lights
static const int NA = 32, NE = 12;
static V3 eR[NA][NE], eD[NA][NE];
static float eEl[NE];
static const V3 KEY = norm(V3(-.60f, -.50f, .62f)), FILL = norm(V3(.72f, -.10f, .68f)),
                LOW = norm(V3(.05f, .72f, .70f)), TOP = norm(V3(.15f, -.97f, -.05f)),
                RIM = norm(V3(.93f, -.28f, -.20f)), RIM2 = norm(V3(-.95f, -.2f, -.22f));
static inline float lobe(V3 d, V3 l, float a, float soft) {
  float c = acosf(clampf(dot(d, l), -1, 1));
  return ss(a + soft, a - soft, c);
}
// radiance of the studio from direction d (y down, z towards the camera)
static V3 envL(V3 d) {
  V3 r(0, 0, 0);
  r = r + V3(1.f, .955f, .90f) * (8.6f * lobe(d, KEY, .34f, .15f));
  r = r + V3(.90f, .95f, 1.0f) * (.34f * lobe(d, FILL, .65f, .35f));
  r = r + V3(1.f, .93f, .86f) * (.34f * lobe(d, LOW, .45f, .3f));
  r = r + V3(1.f, .97f, .94f) * (1.3f * lobe(d, TOP, .35f, .15f));
  r = r + V3(.92f, .96f, 1.f) * (3.2f * lobe(d, RIM, .28f, .15f));
  r = r + V3(1.f, .93f, .85f) * (1.5f * lobe(d, RIM2, .25f, .15f));
  float up = .5f - .5f * d.y;
  r = r + mix(V3(.085f, .070f, .063f), V3(.125f, .128f, .138f), up);
  return r;
}
// tabulate the studio over azimuth and elevation, with solid angles
static void initEnv() {
  for (int k = 0; k < NE; k++) {
    float e = (-24 + (k + .5f) * (114.f / NE)) * .0174533f;
    eEl[k] = e;
    for (int a = 0; a < NA; a++) {
      float p = (a + .5f) * 6.2831853f / NA;
      V3 d(cosf(e) * cosf(p), cosf(e) * sinf(p), sinf(e));
      eD[a][k] = d;
      V3 s(0, 0, 0);
      for (int u = 0; u < 4; u++)
        for (int v = 0; v < 4; v++) {
          float e2 = e + ((u + .5f) / 4 - .5f) * (114.f / NE) * .0174533f,
                p2 = p + ((v + .5f) / 4 - .5f) * 6.2831853f / NA;
          s = s + envL(V3(cosf(e2) * cosf(p2), cosf(e2) * sinf(p2), sinf(e2)));
        }
      float sa = cosf(e) * (114.f / NE * .0174533f) * (6.2831853f / NA);
      eR[a][k] = s * (sa / 16);
    }
  }
}
static inline float ggx(float nh, float a) {
  float a2 = a * a;
  float d = nh * nh * (a2 - 1) + 1;
  return a2 / (3.14159f * d * d);
}
// ================= separable gaussian with depth-aware weights
static void blurE(const vector<V3>& src, vector<V3>& dst, const vector<float>& m, const vector<float>& z, float sg,
                  float tau) {
  int R = (int)ceilf(sg * 2.6f);
  vector<V3> tmp(src.size());
  dst.resize(src.size());
  vector<float> w(R + 1);
  for (int i = 0; i <= R; i++) w[i] = expf(-.5f * i * i / (sg * sg));
  for (int pass = 0; pass < 2; pass++) {
    const vector<V3>& s = pass ? tmp : src;
    vector<V3>& d = pass ? dst : tmp;
#pragma omp parallel for schedule(dynamic, 8)
    for (int j = 0; j < W; j++)
      for (int i = 0; i < W; i++) {
        size_t q = (size_t)j * W + i;
        if (m[q] <= 0) {
          d[q] = s[q];
          continue;
        }
        V3 a(0, 0, 0);
        float ws = 0;
        float zc = z[q];
        for (int k = -R; k <= R; k++) {
          int ii = pass ? i : i + k, jj = pass ? j + k : j;
          if (ii < 0 || jj < 0 || ii >= W || jj >= W) continue;
          size_t t = (size_t)jj * W + ii;
          if (m[t] <= 0) continue;
          float dz = fabsf(z[t] - zc) / tau;
          float ww = w[abs(k)] / (1 + dz * dz * dz * dz);
          a = a + s[t] * ww;
          ws += ww;
        }
        d[q] = a * (1 / ws);
      }
  }
}
// ================= hair
static const float PX = 40;  // parting position
static Path inC[2], outC[2];
static void initHair() {
  for (int s = 0; s < 2; s++) {
    float g = s ? 1 : -1;
    auto P = [&](float x, float y, float z) { return V3(x, y, z); };

    // inner edge beside the face, from the front end of the parting down
    // one side sweeps over the forehead, the other falls from the parting
    inC[s].p = {P(PX + 5, 222, 176),
                P(s ? 72 : 4, s ? 226 : 223, 186),
                P(s ? 103 : -56, s ? 250 : 241, 182),
                P(g * (s ? 132 : 108), s ? 302 : 286, 160),
                P(g * (s ? 152 : 143), s ? 366 : 352, 134),
                P(g * (s ? 163 : 160), 446, 114),
                P(g * (s ? 168 : 163), 528, 104),
                P(g * (s ? 167 : 158), 608, 102),
                P(g * (s ? 160 : 150), 680, 102),
                P(g * (s ? 156 : 148), 748, 106),
                P(g * (s ? 150 : 138), 808, 108),
                P(g * (s ? 148 : 133), 862, 104),
                P(g * (s ? 154 : 138), 922, 94)};
    outC[s].p = {P(PX - 12, 90, 40),
                 P(s ? 62 : -10, s ? 92 : 87, 34),
                 P(s ? 122 : -92, s ? 114 : 104, 12),
                 P(g * (s ? 178 : 174), s ? 162 : 156, -15),
                 P(g * 214, 236, -40),
                 P(g * 235, 330, -60),
                 P(g * 246, 436, -65),
                 P(g * 257, 540, -60),
                 P(g * 270, 636, -45),
                 P(g * (s ? 274 : 278), 722, -25),
                 P(g * (s ? 266 : 274), 795, -5),
                 P(g * (s ? 258 : 264), 858, 18),
                 P(g * (s ? 246 : 250), 908, 30)};
  }
}
// point of the hair volume: s side, u from the face edge (0) to the silhouette (1), t along the strand
static V3 hairP(int s, float u, float t) {
  V3 a = inC[s].at(t), b = outC[s].at(t);
  V3 p = mix(a, b, u);
  float bl = sinf(3.14159f * sat(u));
  p.z += bl * mix(28.f, 46.f, ss(.05f, .6f, t)) - 6 * (1 - ss(0, .06f, t));
  return p;
}
static V3 hairCol(float k, float t) {  // k random per lock, t along strand
  V3 a = srgb(24, 16, 12), b = srgb(46, 30, 22), c = srgb(74, 49, 35);
  V3 r = k < .5f ? mix(a, b, k * 2) : mix(b, c, k * 2 - 1);
  return r * mix(.85f, 1.15f, t);
}
// anisotropic hair shading: tangent T, volume normal N, base colour, occlusion, key shadow, tilt jitter
static V3 hairShade(V3 T, V3 N, V3 col, float occ, float sh, float j) {
  V3 out(0, 0, 0);
  const V3 Ls[5] = {KEY, FILL, LOW, TOP, RIM};
  const V3 Lc[5] = {V3(1.f, .955f, .90f) * 2.5f, V3(1.f, .97f, .94f) * .62f, V3(1, .93f, .86f) * .3f,
                    V3(1, .97f, .94f) * 1.2f, V3(.95f, .96f, 1) * .55f};
  V3 Vw(0, 0, 1);
  T = norm(T + N * (.10f * j));
  for (int l = 0; l < 5; l++) {
    float nl = dot(N, Ls[l]);
    float tl = dot(T, Ls[l]);
    float sl = sqrtf(max(0.f, 1 - tl * tl));
    float wrap = sat((nl + .35f) / 1.35f);
    float vis = wrap * (l == 0 ? sh : 1);
    V3 H = norm(Ls[l] + Vw);
    V3 T1 = norm(T + N * (-.09f)), T2 = norm(T + N * (.13f));
    float s1 = powf(sqrtf(max(0.f, 1 - sq(dot(T1, H)))), 130), s2 = powf(sqrtf(max(0.f, 1 - sq(dot(T2, H)))), 38);
    V3 c = col * (.42f * sl) + (V3(.062f, .045f, .033f) * s1 * 1.9f + col * (1.35f * s2));
    out = out + c * Lc[l] * (vis);
  }
  out = out + col * V3(.22f, .22f, .23f);
  return out * occ;
}
// build one strand
static void emitHair(vector<Strand>& S, int s, float u, float t0, float t1, float w, float k, float order, float occ,
                     float alpha, float ph, float amp, float jx, float jy, Rng& r, float urise = 0) {
  Strand st;
  st.order = order;
  int n = 90;
  float jit = r.n();
  float q1 = r.r(-1, 1), q2 = r.r(-1, 1);
  V3 prev;
  for (int i = 0; i <= n; i++) {
    float t = mix(t0, t1, i / (float)n);
    float uu = u + urise * ss(0, 1, (t - t0) / .22f) + .02f * vn(t * 5 + q1 * 9, u * 7, 3) * ss(.03f, .3f, t);
    V3 p = hairP(s, uu, t);
    float wv = ss(.27f, .75f, t) + .10f * ss(.10f, .27f, t) * ss(.6f, .4f, t);
    float g = s ? 1 : -1;
    {
      p.x += g * amp * (24 * wv * sinf(t * 15.5f + ph) + 4 * wv * sinf(t * 29 + ph * 1.7f));
      p.z += amp * 15 * wv * cosf(t * 15.5f + ph);
    }
    p.x += 2.2f * q1 * (1 - ss(0, .07f, t)) + jx * ss(.02f, .25f, t) + 1.2f * q2 * vn(t * 9 + q1 * 5, q2 * 3, 8);
    p.y += jy * ss(.02f, .15f, t) * (1 - ss(.25f, .5f, t));
    V3 e = hairP(s, uu, min(t + .01f, 1.f)), e0 = hairP(s, uu, max(t - .01f, 0.f));
    V3 T = i ? norm(p - prev) : norm(e - e0);
    V3 du = hairP(s, min(uu + .03f, 1.f), t) - hairP(s, max(uu - .03f, 0.f), t);
    V3 N = norm(cross(T, du));
    if (N.z < 0) N = N * -1.f;
    float ct = i / (float)n;
    float taper = ss(0, t0 < .02f ? .012f : .04f, ct) * ss(1.f, .86f, ct);
    float shd = mix(1.f, .55f, ss(.45f, .65f, t) * (s ? 1.f : .35f)) * (s ? .92f : 1.f);
    float inner = mix(1.f, .55f, ss(.12f, 0.f, uu) * ss(.35f, .5f, t));  // shaded where the lock turns in to the neck
    V3 c = hairShade(T, N, hairCol(sat(k + .12f * vn(t * 6 + ph, u * 9, 5)), t),
                     occ * inner * mix(.80f, 1.f, ss(0, .035f, t)), shd, jit);
    st.p.push_back({pxX(p.x), pxY(p.y), w * PU * mix(.45f, 1.f, ss(1.f, .88f, ct)), alpha * taper, c});
    prev = p;
  }
  S.push_back(std::move(st));
}
// all strands in front of the body
static void makeHair(vector<Strand>& S, float dens) {
  Rng r(41);
  for (int s = 0; s < 2; s++) {
    // dark underlayer
    for (int i = 0; i < 900; i++) {
      float u = .045f + .87f * (i + .5f) / 900;
      emitHair(S, s, u * 1.0f, .012f, .85f + .06f * r.u(), 4.0f, .05f, -2 + r.u() * .1f, .50f, 1.f,
               1.9f + (u - .5f) * 2.0f, .9f, 0, 0, r);
    }
    int NC = 210;
    for (int c = 0; c < NC; c++) {
      float uc = r.u();
      uc = mix(uc, (c + .5f) / NC, .75f);
      float depth = r.u();
      float kc = sat(.42f + .26f * r.n());
      float lock = mix(.72f, 1.12f, .5f + .5f * vn(uc * 17, s * 5.f, 14));  // broad locks, lighter and darker
      float ph = 1.9f + (uc - .5f) * 2.0f + r.n() * .48f;
      float amp = .75f + .3f * r.u();
      int n = (int)(dens * r.r(52, 96));
      float spread = r.r(.009f, .024f);
      float cw = r.r(-1, 1);
      float lift = depth > .8f && uc > .06f && uc < .84f ? r.r(.0f, .035f) : 0;
      float tc = r.u() < .72f ? 0 : r.r(.0f, .25f) * ss(.0f, .15f, uc);
      float te = r.u() < .6f ? r.r(.93f, 1.f) : r.r(.72f, .96f);
      for (int i = 0; i < n; i++) {
        float d = r.n();
        float a = d * spread;
        float u = uc + a;
        if (u < .0f || u > 1.012f) continue;
        float o = depth + .25f * r.u() - .10f * fabsf(d);
        float occ = mix(.30f, 1.18f, sat(depth * .80f + .30f * r.u() - .16f * d * d));
        float side = 1 - .35f * ss(0, 1.3f, fabsf(d));
        emitHair(S, s, u, max(0.f, tc + (tc > 0 ? r.r(-.03f, .03f) : r.r(0, .004f))), te - .07f * r.u(),
                 r.r(.42f, .98f), sat(kc + .17f * r.n()), o, occ * lock * side * r.r(.80f, 1.18f), .88f, ph + d * .12f,
                 amp, cw * 5, r.n() * 1.2f, r, lift * cw);
      }
    }
    // a few wisps that break the line of the lock against the cheek
    for (int k = 0; k < 3; k++) {
      float t0 = .02f + .06f * k, off = r.r(5, 12), lu = r.r(.0f, .03f);
      for (int i = 0; i < 12; i++) {
        emitHair(S, s, lu + .006f * r.n(), t0 + r.r(0, .02f), r.r(.62f, .95f), r.r(.4f, .8f), r.r(.4f, .8f),
                 1.25f + .1f * r.u(), r.r(.8f, 1.1f), .75f, 2.2f + .4f * k + r.n() * .15f, 1.1f,
                 -(s ? 1.f : -1.f) * (off + 1.2f * r.n()), 0, r);
      }
    }
    // fine loose strands
    for (int i = 0; i < (int)(170 * dens); i++) {
      float u = r.u() * .98f;
      float t0 = r.r(0, .3f), t1 = min(1.f, t0 + r.r(.25f, .8f));
      emitHair(S, s, u, u < .05f ? max(t0, .02f) : t0, t1, r.r(.45f, .7f), r.r(.5f, 1.f), 1.5f + r.u(), 1.15f, .42f,
               r.r(0, 6), r.r(.6f, 1.3f), r.n() * 5, r.n() * 4, r);
    }
    // flyaways around the silhouette
    for (int i = 0; i < (int)(90 * dens); i++) {
      float u = 1.0f + fabsf(r.n()) * .026f;
      float t0 = i < 6 ? r.r(.04f, .3f) : r.r(.32f, .75f), t1 = min(1.f, t0 + r.r(.06f, .22f));
      emitHair(S, s, u, t0, t1, r.r(.35f, .6f), r.r(.4f, .9f), -1.f, 1.0f, mix(.30f, .45f, ss(.1f, .35f, t0)),
               r.r(.8f, 3.2f), r.r(.6f, 1.2f), r.n() * 4, -fabsf(r.n()) * 5, r);
    }
    // hairline: strands that grow out of the skin of the forehead and temple and sweep back over the lock
    for (int i = 0; i < (int)(2300 * dens); i++) {
      float t0 = r.r(.0f, .36f);
      float b = -.012f - .030f * fabsf(r.n()) * ss(.0f, .10f, t0) + .010f * vn(t0 * 60, s * 9.f, 12);
      float rise = r.r(.03f, .22f) * mix(.5f, 1.f, r.u());
      float L = r.u() < .5f ? 1.f : min(1.f, t0 + r.r(.25f, .5f));
      emitHair(S, s, b, t0, L, r.r(.5f, .95f), r.r(.25f, .65f), .75f + .5f * r.u(), r.r(.65f, 1.05f), .8f,
               b * 7 + .5f * r.n(), .8f, r.n() * 1.5f, r.n() * .8f, r, rise);
    }
    for (int i = 0; i < (int)(900 * dens); i++) {
      float t0 = r.r(.01f, .33f);
      float L = r.r(.04f, .10f);
      emitHair(S, s, -.02f - .075f * fabsf(r.n()) * ss(0, .06f, t0), t0, t0 + L, r.r(.3f, .5f), r.r(.2f, .6f), 1.3f,
               .75f, .36f, r.r(0, 6), .5f, r.n() * 2, r.n() * 1.5f, r, .09f);
    }
  }
}
// dark hair behind the neck
static void makeBack(vector<Strand>& S, float dens) {
  Rng r(99);
  for (int i = 0; i < (int)(2600 * dens); i++) {
    Strand st;
    float x = r.r(-180, 180);
    float ph = r.r(0, 6) * .2f + x * .03f;
    float o = r.u();
    st.order = o;
    V3 col = hairCol(r.r(.05f, .5f), .5f) * mix(.10f, .30f, o * o) * mix(.8f, 1.5f, ss(90, 230, fabsf(x)));
    for (int k = 0; k <= 30; k++) {
      float t = k / 30.f;
      float y = 480 + t * 430;
      st.p.push_back({pxX(x + 8 * sinf(t * 9 + ph) + 4 * sinf(t * 17 + ph * 2)), pxY(y), 2.0f * PU, .9f, col});
    }
    S.push_back(std::move(st));
  }
}
static V3 place(float x, float y) {
  float a = x, b = y;
  asym(a, b);
  float c = 2 * x - a, d = 2 * y - b;
  return V3(pxX(c), pxY(d));
}  // inverse of the asymmetry warp, in pixels
// ================= brows and lashes (lit by the skin underneath)
static V3 under(float x, float y) {
  int i = clampf(pxX(x), 0, W - 1), j = clampf(pxY(y), 0, W - 1);
  V3 e = E[(size_t)j * W + i];
  return e * .33f;
}
// eyebrows: a soft under-layer and a layer of fine hairs
static void makeBrows(vector<Strand>& S, float dens) {
  Rng r(7);
  Path c;
  for (float x : {36.f, 51.f, 72.f, 94.f, 112.f, 128.f, 143.f}) c.p.push_back(V3(x, browY(x) + 3.f, browW(x)));
  for (int s = -1; s <= 1; s += 2) {
    for (int pass = 0; pass < 2; pass++)
      for (int i = 0; i < (int)((pass ? 620 : 420) * dens); i++) {
        float t = r.u();
        t = mix(t, powf(t, .85f), .5f);
        V3 p = c.at(t), q = c.at(min(1.f, t + .02f)), q0 = c.at(max(0.f, t - .02f));
        V3 tg = norm(V3(q.x - q0.x, q.y - q0.y, 0));
        V3 nn(-tg.y, tg.x, 0);
        if (nn.y > 0) nn = nn * -1.f;  // nn up
        float v = clampf(r.n() * .62f, -1.2f, 1.1f);
        float hw = p.z;
        float edge = ss(-.01f, .20f, t);
        float lean = mix(1.05f, .26f, ss(0, .36f, t)) - .36f * ss(.15f, .6f, t) * v - .12f * ss(.5f, 1, t);
        lean += r.n() * .10f;
        V3 d = norm(tg * cosf(lean) + nn * sinf(lean));
        float len = mix(10.5f, 14.5f, ss(0, .3f, t)) * mix(1.f, .62f, ss(.6f, 1, t)) * r.r(.75f, 1.15f);
        float bend = -r.r(.15f, .5f) * (v > 0 ? 1 : .2f);
        Strand st;
        st.order = pass + r.u();
        V3 a = V3(p.x, p.y, 0) + nn * (v * hw) - d * (len * .35f);
        V3 base = mix(srgb(84, 54, 38), srgb(122, 84, 60), r.u());
        float al = (pass ? .46f : .22f) * mix(.45f, 1, edge) * r.r(.6f, 1.f) * mix(1.f, .55f, ss(.6f, 1, t));
        for (int k = 0; k <= 9; k++) {
          float z = k / 9.f;
          float an = bend * z;
          V3 dd = d * cosf(an) - nn * 0.f + (tg * sinf(-an) * .6f - nn * sinf(-an) * .5f);
          V3 pt = a + dd * (len * z);
          float x = pt.x * s, y = pt.y;
          V3 e = under(x, y);
          float wt = (pass ? mix(.72f, .98f, ss(.05f, .3f, t)) : 1.9f) * (1 - .75f * z * z) * ss(-.15f, .12f, z);
          V3 pp = place(x, y);
          st.p.push_back({pp.x, pp.y, wt * PU, al * ss(0, .15f, z) * (1 - .4f * z), base * e * 1.15f});
        }
        S.push_back(std::move(st));
      }
  }
}
// liner, upper lashes in small clusters, sparse lower lashes
static void makeLashes(vector<Strand>& S, float dens) {
  Rng r(17);
  (void)dens;
  for (int s = -1; s <= 1; s += 2) {
    for (int l = 0; l < 5; l++) {
      Strand st;
      st.order = -1;
      for (int k = 0; k <= 60; k++) {
        float u = k / 60.f;
        float ex = mix(-32.f, 45.f, u);
        float ey = lidU(ex) - 1.2f - l * .9f * mix(.5f, 1.2f, u);
        V3 c = srgb(74, 44, 36) * .7f;
        V3 pp = place((ex * ESX + EX) * s, ey * ESY + EY);
        st.p.push_back({pp.x, pp.y, PU * 2.6f, .24f * ss(0, .35f, u) * ss(1.f, .85f, u) * (1 - l * .14f), c});
      }
      S.push_back(st);
    }
    // dark lash line along the upper margin
    {
      Strand st;
      st.order = 0;
      for (int k = 0; k <= 80; k++) {
        float u = k / 80.f;
        float ex = mix(-30.f, 45.5f, u);
        float ey = lidU(ex) - .3f;
        V3 c = srgb(34, 22, 18) * .6f;
        V3 pp = place((ex * ESX + EX) * s, ey * ESY + EY);
        st.p.push_back(
            {pp.x, pp.y, PU * mix(1.9f, 4.6f, ss(.0f, .7f, u)) * ss(1.03f, .93f, u), .82f * ss(0, .2f, u), c});
      }
      S.push_back(st);
    }
    {
      Strand st;
      st.order = 0;
      for (int k = 0; k <= 60; k++) {
        float u = k / 60.f;
        float ex = mix(-24.f, 42.f, u);
        float ey = lidL(ex) + .6f;
        V3 c = srgb(92, 54, 44) * .7f;
        V3 pp = place((ex * ESX + EX) * s, ey * ESY + EY);
        st.p.push_back({pp.x, pp.y, PU * 1.5f, .30f * ss(0, .4f, u) * ss(1.f, .9f, u), c});
      }
      S.push_back(st);
    }
    for (int i = 0; i < 130; i++) {
      float u = (i + .8f * r.u()) / 130;
      float ex = mix(-33.f, 43.5f, u);
      float nb = 26;
      float cl = (floorf(u * nb) + .5f) / nb;
      float ut = mix(u, cl, .75f);  // tips gather in small clusters
      float an = mix(-1.80f, -.36f, powf(ut, 1.10f)) + r.n() * .08f;
      float len = mix(3.2f, 11.5f, ss(.0f, .85f, u)) * r.r(.50f, 1.08f) * mix(1, .88f, ss(.93f, 1, u));
      Strand st;
      st.order = 1 + r.u();
      float x0 = ex, y0 = lidU(ex) + .5f;
      V3 c = srgb(26, 17, 14) * .45f;
      float xt = mix(-33.f, 43.5f, ut) + cosf(an) * len, y2 = y0 + sinf(an) * len * .92f;
      float cx = x0 + cosf(an + .5f) * len * .50f, cy = y0 - len * .10f + 1.0f;
      for (int k = 0; k <= 10; k++) {
        float z = k / 10.f;
        float x = (1 - z) * (1 - z) * x0 + 2 * z * (1 - z) * cx + z * z * xt,
              y = (1 - z) * (1 - z) * y0 + 2 * z * (1 - z) * cy + z * z * y2;
        V3 pp = place((x * ESX + EX) * s, y * ESY + EY);
        st.p.push_back({pp.x, pp.y, PU * 1.5f * (1 - .80f * z), .66f * (1 - .35f * z), c});
      }
      S.push_back(st);
    }
    for (int i = 0; i < 46; i++) {
      float u = (i + r.u()) / 46;
      float ex = mix(-20.f, 41.f, u);
      float an = mix(2.05f, .55f, u) + r.n() * .12f;
      float len = mix(3.2f, 6.2f, u) * r.r(.7f, 1.1f);
      Strand st;
      st.order = 1;
      float x0 = ex, y0 = lidL(ex) + .4f;
      V3 c = srgb(40, 25, 20) * .6f;
      for (int k = 0; k <= 7; k++) {
        float z = k / 7.f;
        float x = x0 + cosf(an) * len * z, y = y0 + sinf(an) * len * (z - .15f * z * z);
        V3 pp = place((x * ESX + EX) * s, y * ESY + EY);
        st.p.push_back({pp.x, pp.y, PU * .8f * (1 - .8f * z), .5f * (1 - .3f * z), c});
      }
      S.push_back(st);
    }
  }
}
// ================= output
static const float EXPO = 1.08f;
// filmic tone curve
static float tone(float x) { return 1 - expf(-1.30f * powf(max(0.f, x), 1.10f)); }
static uint8_t enc(float c, float dith) {
  c = c <= .0031308f ? 12.92f * c : 1.055f * powf(c, 1 / 2.4f) - .055f;
  return (uint8_t)clampf(c * 255 + .5f + dith, 0, 255);
}
static void savePNG(const char* fn, const vector<uint8_t>& d, int n) {
  FILE* o = fopen(fn, "wb");
  png_structp p = png_create_write_struct(PNG_LIBPNG_VER_STRING, 0, 0, 0);
  png_infop q = png_create_info_struct(p);
  png_init_io(p, o);
  png_set_IHDR(p, q, n, n, 8, PNG_COLOR_TYPE_RGB, 0, 0, 0);
  png_write_info(p, q);
  for (int j = 0; j < n; j++) png_write_row(p, (png_bytep)&d[(size_t)j * n * 3]);
  png_write_end(p, q);
  png_destroy_write_struct(&p, &q);
  fclose(o);
}
static void saveJPG(const char* fn, const vector<uint8_t>& d, int n, int ql) {
  FILE* o = fopen(fn, "wb");
  jpeg_compress_struct c;
  jpeg_error_mgr e;
  c.err = jpeg_std_error(&e);
  jpeg_create_compress(&c);
  jpeg_stdio_dest(&c, o);
  c.image_width = c.image_height = n;
  c.input_components = 3;
  c.in_color_space = JCS_RGB;
  jpeg_set_defaults(&c);
  jpeg_set_quality(&c, ql, 1);
  c.comp_info[0].h_samp_factor = c.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&c, 1);
  while (c.next_scanline < c.image_height) {
    JSAMPROW r = (JSAMPROW)&d[(size_t)c.next_scanline * n * 3];
    jpeg_write_scanlines(&c, &r, 1);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  fclose(o);
}
static vector<V3> resample(const vector<V3>& s, int sw,
                           int n) {  // separable Mitchell-like (Catmull/B-spline blend) area resample
  float sc = sw / (float)n;
  auto ker = [](float x) {
    x = fabsf(x);
    const float B = .25f, C = .375f;
    if (x < 1) return ((12 - 9 * B - 6 * C) * x * x * x + (-18 + 12 * B + 6 * C) * x * x + (6 - 2 * B)) / 6;
    if (x < 2)
      return ((-B - 6 * C) * x * x * x + (6 * B + 30 * C) * x * x + (-12 * B - 48 * C) * x + (8 * B + 24 * C)) / 6;
    return 0.f;
  };
  vector<V3> t((size_t)n * sw), o((size_t)n * n);
#pragma omp parallel for
  for (int j = 0; j < sw; j++)
    for (int i = 0; i < n; i++) {
      float c = (i + .5f) * sc;
      V3 a;
      float w = 0;
      for (int k = (int)floorf(c - 2 * sc); k <= (int)ceilf(c + 2 * sc); k++) {
        int kk = clampf(k, 0, sw - 1);
        float q = ker((k + .5f - c) / sc);
        a = a + s[(size_t)j * sw + kk] * q;
        w += q;
      }
      t[(size_t)j * n + i] = a * (1 / w);
    }
#pragma omp parallel for
  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++) {
      float c = (j + .5f) * sc;
      V3 a;
      float w = 0;
      for (int k = (int)floorf(c - 2 * sc); k <= (int)ceilf(c + 2 * sc); k++) {
        int kk = clampf(k, 0, sw - 1);
        float q = ker((k + .5f - c) / sc);
        a = a + t[(size_t)kk * n + i] * q;
        w += q;
      }
      o[(size_t)j * n + i] = a * (1 / w);
    }
  return o;
}
// ================= skin colour
static void skinAlbedo(float x0, float y0, const Sk& s, bool face, V3& al, float& gl, float& bump) {
  float x = x0, y = y0;
  asym(x, y);
  float ax = fabsf(x);
  V3 base = srgb(238, 186, 162);
  float n1 = fbm(x * .018f, y * .018f, 4, 21), n2 = fbm(x * .09f, y * .09f, 3, 22), n3 = fbm(x * .33f, y * .33f, 2, 23);
  // blood: redder cheeks, nose tip, chin; yellower forehead; cooler around the mouth and eyes
  float red = 0;
  if (face) {
    red = .48f * g2(ax, y, 98, 500, 44, 34) + .55f * g2(ax, y, 12, 518, 24, 17) + .25f * g2(x, y, 0, 480, 40, 30) +
          .24f * g2(x, y, 0, 702, 38, 26) + .10f * g2(ax, y, 85, 455, 42, 16) + .12f * g2(ax, y, 84, 408, 40, 12) -
          .10f * g2(x, y, 0, 290, 120, 60);
  }
  red += .12f * n1 + .09f * n2 + .05f * n3;
  al = base * V3(1 + .02f * red, powf(.77f, red), powf(.80f, red));
  float mel = .05f * n1 + .04f * n2;
  if (face) {
    mel += .05f * g2(ax, y, 78, 462, 38, 11) + .05f * g2(ax, y, 50, 440, 12, 22);
  }
  al = al * V3(powf(.82f, mel * 2), powf(.74f, mel * 2), powf(.66f, mel * 2));
  if (face) {  // shade of the brow under its hairs
    float hw = browW(ax), d = (y - browY(ax) - 1) / max(hw, .5f);
    float b = expf(-powf(fabsf(d * .95f), 2.4f)) * ss(34, 58, ax) * ss(146, 122, ax);
    al = al * mix(V3(1, 1, 1), V3(.50f, .40f, .34f), .62f * b);
  }
  // freckles and a few tiny marks
  if (face) {
    float idv;
    float d = cell(x * .115f, y * .115f, 31, &idv);
    float w = ss(.62f, .95f, idv) * (.9f * g2(ax, y, 80, 500, 62, 34) + .7f * g2(x, y, 0, 492, 34, 34) + .10f);
    float fk = w * expf(-sq(d / (.10f + .09f * h2((int)(idv * 9999), 3, 2))));
    d = cell(x * .21f, y * .21f, 37, &idv);
    fk += .6f * ss(.7f, 1.f, idv) * (.9f * g2(ax, y, 76, 498, 58, 30) + .5f * g2(x, y, 0, 492, 30, 30)) *
          expf(-sq(d / .15f));
    al = al * mix(V3(1, 1, 1), V3(.74f, .60f, .48f), sat(fk * .95f));
  }
  // pores
  float pz = face ? .55f * g2(ax, y, 70, 510, 60, 46) + .6f * g2(x, y, 0, 520, 38, 42) +
                        .35f * g2(x, y, 0, 320, 120, 60) + .35f * g2(x, y, 0, 700, 46, 30) + .25f
                  : .2f;
  float c1 = cell(x * .36f, y * .36f, 51), c2 = cell(x * .22f + 3, y * .22f, 52);
  float pore = expf(-sq(c1 / .33f)) * .6f + expf(-sq(c2 / .22f)) * .7f;
  al = al * (1 - .10f * pore * pz) * (1 + .035f * fbm(x * .8f, y * .8f, 2, 29));
  bump = -(.24f * pore) * pz + .12f * fbm(x * .5f, y * .5f, 3, 61) + .07f * vn(x * 1.3f, y * 1.3f, 63);
  gl = 1.45f;
  if (face) {
    gl += .75f * g2(x, y, 0, 520, 20, 40) + .25f * g2(x, y, 0, 300, 80, 50) - .25f * g2(ax, y, 110, 540, 50, 50) +
          .2f * g2(ax, y, 100, 470, 40, 16);
  }
  gl *= 1 + .25f * n2;
  if (face && s.lip > 0) {
    float m = yM(ax);
    V3 lc = mix(srgb(205, 116, 112), srgb(184, 94, 93), s.lipU * .75f);
    float st = vn(x * .50f + .8f * vn(x * .2f, y * .15f, 71), y * .035f, 72) * .6f + vn(x * .95f, y * .05f, 73) * .4f;
    lc = lc * (1 + .06f * n2 + .05f * st);
    lc = mix(lc, srgb(150, 72, 72), .30f * expf(-sq((y - m) / 3.2f)));
    lc = mix(lc, al, .45f * ss(34, 66, ax));
    al = mix(al, lc, .82f * s.lip);
    gl = mix(gl, mix(.6f, 1.5f, ss(58, 36, ax)), s.lip);
    bump = mix(bump, .10f * st + .03f * n3, s.lip);
  }
  if (face) {
    float m = yM(ax);
    float ln = expf(-sq((y - m) / 1.1f)) * ss(MW + 1.f, MW - 16, ax);
    al = mix(al, srgb(96, 42, 38), .72f * ln);
    al = al * mix(V3(1, 1, 1), V3(.72f, .58f, .54f), .75f * g2(ax, y, MW + 1, yM(MW), 9, 5.5f));
    gl *= 1 - .8f * ln;
    al = mix(al, srgb(78, 36, 28), .84f * ss(.12f, .75f, s.nost));
    gl *= 1 - sat(s.nost * 1.4f);
    al = al * mix(V3(1, 1, 1), V3(.74f, .62f, .58f), .32f * s.creaseM);
    if (s.ap > 0) {
      al = mix(al, srgb(214, 140, 128), .85f * s.water);
      gl = mix(gl, 2.0f, s.water);
    } else {
      float d = -s.ap;
      al = al * mix(V3(1, 1, 1), V3(.86f, .68f, .62f), .5f * expf(-sq(d / 3.f)) * ss(60, 45, fabsf(s.ex)));
    }
  }
}
// ================= eyeball colour
static V3 eyeAlbedo(float ex, float ey, float sgn, float apu, float& iris) {
  V3 sc = srgb(206, 196, 190);
  float n = fbm(ex * .12f + sgn * 9, ey * .12f, 3, 81);
  sc = sc * (1 + .03f * n);
  float edge = ss(22, 44, fabsf(ex));
  sc = mix(sc, srgb(216, 168, 156), .55f * edge);
  float vein = 0;
  for (int k = 0; k < 2; k++) {
    float q = vn(ex * .10f + k * 7 + sgn * 5, ey * .32f + .5f * vn(ex * .25f, ey * .25f, 83 + k), 84 + k);
    vein += expf(-sq(q / .035f));
  }
  sc = mix(sc, srgb(200, 110, 100), .16f * sat(vein) * ss(20, 34, fabsf(ex)));
  sc = mix(sc, srgb(226, 142, 130), .9f * expf(-powf(sq((ex + 39.5f) / 6.f) + sq((ey - 3.2f) / 5.f), 1.5f)));
  float dx = (ex - IRX) * ESX, dy = (ey - IRY) * ESY, r = sqrtf(dx * dx + dy * dy) / IRR, a = atan2f(dy, dx);
  iris = ss(1.04f, .94f, r);
  float fib = .5f + .5f * vn(a * 14.6f + sgn * 3, r * 2.2f, 91) * .7f + .3f * vn(a * 31, r * 3.5f, 92);
  float fib2 = .5f + .5f * vn(a * 7.3f + 2, r * 1.6f + sgn, 93);
  V3 outer = srgb(56, 72, 70), mid = srgb(90, 100, 80), inner = srgb(122, 88, 52);
  V3 c = mix(inner, mid, ss(.36f, .60f, r + .10f * (fib2 - .5f)));
  c = mix(c, outer, ss(.58f, .90f, r + .08f * (fib - .5f)));
  c = c * (.62f + .75f * fib);
  c = c * (1 + .25f * g1(r, .50f, .06f) * (fib - .3f));
  c = c * mix(1.f, .16f, ss(.78f, 1.0f, r));
  c = mix(c, V3(.004f, .004f, .005f), ss(.40f, .355f, r));
  // light caught on the far side of the iris, shade under the upper lid
  c = c * (1 + .9f * sat(dx * .55f / IRR + dy * .8f / IRR) * ss(.38f, .6f, r) * ss(1.f, .8f, r));
  return mix(sc, c, iris);
}
static V3 softbox(V3 r) {  // sharp reflection of the studio in the cornea
  V3 o(.05f, .052f, .055f);
  auto box = [&](V3 c, float hw, float hh, float soft) {
    V3 X = norm(cross(V3(0, 1, 0), c)), Y = cross(c, X);
    float k = dot(r, c);
    if (k <= 0) return 0.f;
    float u = dot(r, X) / k, v = dot(r, Y) / k;
    return ss(hw + soft, hw - soft, fabsf(u)) * ss(hh + soft, hh - soft, fabsf(v));
  };
  o = o + V3(1.f, .97f, .93f) * (24 * box(KEY, .20f, .22f, .09f));
  o = o + V3(.92f, .96f, 1.f) * (1.6f * box(FILL, .45f, .7f, .1f));
  o = o + V3(1.f, .95f, .9f) * (2.0f * box(LOW, .9f, .22f, .1f));
  return o;
}
int main(int ac, char** av) {
  std::string out = "portrait";
  int ss_ = 2;
  float dens = 1;
  for (int i = 1; i < ac; i++) {
    std::string a = av[i];
    if (a == "-s")
      OUT = atoi(av[++i]);
    else if (a == "-ss")
      ss_ = atoi(av[++i]);
    else if (a == "-o")
      out = av[++i];
  }
  SSF = ss_;
  W = OUT * SSF;
  K = W / 1024.f;
  PU = VS * K;
  size_t N = (size_t)W * W;
  img.assign(N, V3());
  E.assign(N, V3());
  alb.assign(N, V3());
  spec.assign(N, V3());
  Z.assign(N, -400);
  Zo.assign(N, -400);
  skinM.assign(N, 0);
  gloss.assign(N, 0);
  id.assign(N, 0);
  fc.assign(N, 0);
  vector<float> bmp(N, 0);
  vector<float> lipM(N, 0);
  initEnv();
  initHair();
  // hair strands first: they also shadow the skin
  vector<Strand> H;
  makeHair(H, dens);
// --- geometry and colour fields
#pragma omp parallel for schedule(dynamic, 8)
  for (int j = 0; j < W; j++)
    for (int i = 0; i < W; i++) {
      size_t q = (size_t)j * W + i;
      float x = ux(i), y = uy(j);
      float zn = neckZ(x, y), zt = torsoZ(x, y);
      float z = -400;
      int m = 0;
      Sk s;
      bool face = false;
      float zb = max(zn, zt);
      if (zn > -800 && zt > -800) zb = smax(zn, zt, 26);
      if (zb > -800) {
        z = zb;
        m = 1;
      }
      if (fabsf(x) < 215 && y > 140 && y < 745) {
        float rho;
        float xa = x, ya = y;
        asym(xa, ya);
        faceBase(xa, ya, &rho);
        if (rho < 1) {
          s = skin(x, y);
          if (s.z > z) {
            z = s.z;
            m = 1;
            face = true;
            fc[q] = 1;
            if (s.ap > 0 && s.water < .5f) m = 2;
          }
        }
      }
      if (m == 1 && !face && zt > -800) {
        float cy = collarY(fabsf(x));
        float d = y - cy;
        float shd = y + TY - shY(fabsf(x));
        if (d > 0 || (fabsf(x) > 150 && shd > 0)) {
          m = 3;
          float dd = fabsf(x) > 172 ? 40 : d;
          z += 5 * ss(-0.5f, 4, dd) + 2.2f * g1(dd, 9, 7);
        }
      }
      Z[q] = z;
      id[q] = m;
      if (m == 1) {
        V3 a;
        float g, b;
        if (!face) memset(&s, 0, sizeof s), s.ap = -99;
        skinAlbedo(x, y, s, face, a, g, b);
        alb[q] = a;
        gloss[q] = g;
        bmp[q] = b;
        skinM[q] = 1;
        lipM[q] = face ? s.lip : 0;
      } else if (m == 2) {
        alb[q] = V3(.7f, .66f, .63f);
        skinM[q] = 0;
      } else if (m == 3) {
        float cy = collarY(fabsf(x));
        float d = fabsf(x) > 172 ? 99 : y - cy;
        float wv;
        float kx, ky;
        if (d < 20) {
          float sarc = x;
          kx = sarc * .42f;
          ky = d * .2f;
          wv = sinf(kx * 3.1f);
        } else {
          kx = x * .23f;
          ky = y * .30f;
          float row = floorf(ky);
          float fx = kx + .5f * ((int)row & 1);
          float c = cosf(fx * 6.2831853f);
          wv = .6f * c * sinf((ky - row) * 3.14159f) + .4f * sinf((ky - row) * 6.28f);
        }
        float fold = 12 * fbm(x * .007f + 2 + .3f * fbm(x * .01f, y * .01f, 2, 104), y * .005f, 3, 101) +
                     5 * vn((fabsf(x) + .8f * y) * .016f, (y - .5f * fabsf(x)) * .006f, 103) * ss(880, 960, y);
        float n = fbm(x * .2f, y * .2f, 3, 102);
        Z[q] += fold * ss(0, 60, d) + .55f * wv + .25f * n - 2.2f * g1(d, 20, 2.2f);
        alb[q] = srgb(62, 86, 94) * (1 + .10f * n + .10f * wv + .05f * vn(x * .9f, y * .9f, 7));
      }
    }
  // --- occluder: surface plus hair volume
  Zo = Z;
  {
    vector<float> hz(N, -900);
    for (int s = 0; s < 2; s++)
      for (int a = 0; a <= 400; a++)
        for (int b = 0; b <= 1480; b++) {
          V3 p = hairP(s, a / 400.f, b / 1600.f);
          {
            float t = b / 1600.f, u = a / 400.f, wv = ss(.27f, .75f, t);
            p.x += (s ? 1 : -1) * .9f * 24 * wv * sinf(t * 15.5f + 1.9f + (u - .5f) * 2.0f);
          }
          int i = pxX(p.x), j = pxY(p.y);
          for (int dj = -1; dj <= 1; dj++)
            for (int di = -1; di <= 1; di++) {
              int ii = i + di, jj = j + dj;
              if (ii < 0 || jj < 0 || ii >= W || jj >= W) continue;
              float& h = hz[(size_t)jj * W + ii];
              h = max(h, p.z + 8);
            }
        }
    for (size_t q = 0; q < N; q++) Zo[q] = max(Zo[q], hz[q]);
    hm.assign(N, 0);
    for (size_t q = 0; q < N; q++) hm[q] = hz[q] > -800 ? 1.f : 0.f;
    hm2 = hm;
    auto box = [&](vector<float>& a, int R) {
      vector<float> t(N);
      for (int it = 0; it < 3; it++) {
#pragma omp parallel for
        for (int j = 0; j < W; j++) {
          double sum = 0;
          float* p = &a[(size_t)j * W];
          for (int i = -R; i <= R; i++) sum += p[min(max(i, 0), W - 1)];
          for (int i = 0; i < W; i++) {
            t[(size_t)j * W + i] = sum / (2 * R + 1);
            sum += p[min(i + R + 1, W - 1)] - p[max(i - R, 0)];
          }
        }
#pragma omp parallel for
        for (int i = 0; i < W; i++) {
          double sum = 0;
          for (int j = -R; j <= R; j++) sum += t[(size_t)min(max(j, 0), W - 1) * W + i];
          for (int j = 0; j < W; j++) {
            a[(size_t)j * W + i] = sum / (2 * R + 1);
            sum += t[(size_t)min(j + R + 1, W - 1) * W + i] - t[(size_t)max(j - R, 0) * W + i];
          }
        }
      }
    };
    box(hm, max(1, (int)(11 * PU)));
    box(hm2, max(1, (int)(5.5f * PU)));
#pragma omp parallel for
    for (int j = 0; j < W; j++)
      for (int i = 0; i < W; i++) {
        size_t q = (size_t)j * W + i;
        if (id[q] != 1) continue;
        float y = uy(j), x = ux(i);
        float h = sat(hm2[q] * 1.6f) * ss(400, 330, y);
        h *= .55f + .45f * vn(x * .5f, y * .5f, 202);
        alb[q] = mix(alb[q], srgb(110, 76, 56), .62f * h);
      }
  }
// --- lighting
#pragma omp parallel for schedule(dynamic, 4)
  for (int j = 0; j < W; j++)
    for (int i = 0; i < W; i++) {
      size_t q = (size_t)j * W + i;
      if (!id[q]) continue;
      int i0 = max(i - 1, 0), i1 = min(i + 1, W - 1), j0 = max(j - 1, 0), j1 = min(j + 1, W - 1);
      float zc = Z[q];
      auto dz = [&](size_t a, size_t b, float span) {
        float da = Z[a] - zc, db = zc - Z[b];
        float lim = 6 / PU;
        if (fabsf(da) > lim * 4 && fabsf(db) < lim * 4)
          da = db;
        else if (fabsf(db) > lim * 4 && fabsf(da) < lim * 4)
          db = da;
        return (da + db) / span;
      };
      float step = 2 / PU;
      float zx = dz((size_t)j * W + i1, (size_t)j * W + i0, step),
            zy = dz((size_t)j1 * W + i, (size_t)j0 * W + i, step);
      float bx = (bmp[(size_t)j * W + i1] - bmp[(size_t)j * W + i0]) / step,
            by = (bmp[(size_t)j1 * W + i] - bmp[(size_t)j0 * W + i]) / step;
      if (id[q] == 1) {
        if (id[(size_t)j * W + i1] != 1 || id[(size_t)j * W + i0] != 1) bx = 0;
        if (id[(size_t)j1 * W + i] != 1 || id[(size_t)j0 * W + i] != 1) by = 0;
      }
      V3 n = norm(V3(-(zx + .5f * bx), -(zy + .5f * by), 1)), ns = norm(V3(-(zx + 1.5f * bx), -(zy + 1.5f * by), 1));
      V3 e(0, 0, 0), sp(0, 0, 0);
      float x = ux(i), y = uy(j);
      (void)x;
      (void)y;
      float jit = h2(i, j, 5);
      bool sk = id[q] == 1;
      float rough = sk ? .40f : .6f;
      float lip = lipM[q];
      rough = mix(rough, .25f, lip);
      float al1 = rough * rough, al2 = sq(rough * 1.45f);
      float gl = gloss[q];
      float nv = max(ns.z, .05f);
      for (int a = 0; a < NA; a++) {
        float cp = eD[a][0].x / cosf(eEl[0]), sp_ = eD[a][0].y / cosf(eEl[0]);
        float r = (.8f + .6f * jit) / VS, mx = -.6f;
        while (r < 300) {
          int ii = (int)(i + cp * r * PU + .5f), jj = (int)(j + sp_ * r * PU + .5f);
          if (ii < 0 || jj < 0 || ii >= W || jj >= W) break;
          float zz = (r < 10 ? Z : Zo)[(size_t)jj * W + ii];
          float s = (zz - zc) / r;
          if (s > mx) mx = s;
          r = r * 1.2f + .5f;
        }
        float al = atanf(mx);
        for (int k = 0; k < NE; k++) {
          float v = sat((eEl[k] - al) * (NE / (114.f * .0174533f)) + .5f);
          if (v <= 0) continue;
          V3 d = eD[a][k];
          float nl = dot(n, d);
          V3 L = eR[a][k] * v;
          // soft terminator stands in for light scattered inside the skin
          float nw = sk ? max(0.f, (nl + .12f) / 1.12f) : max(nl, 0.f);
          if (nw > 0) e = e + L * nw;
          float nls = dot(ns, d);
          if (nls > 0 && id[q] != 2) {
            V3 h = norm(d + V3(0, 0, 1));
            float nh = sat(dot(ns, h)), vh = h.z;
            float F = .028f + .972f * powf(1 - vh, 5);
            float D = sk ? .25f * ggx(nh, al1 * .5f) + .45f * ggx(nh, al1) + .30f * ggx(nh, al2) : ggx(nh, al1);
            sp = sp + L * (D * F * .25f / max(nls, nv) * nls);
          }
        }
      }
      {
        float cs = 1 - .62f * sat(hm[q] * 1.15f);
        if (sk && !fc[q]) cs *= mix(.50f, 1.f, ss(690, 845, y - .22f * x));
        e = e * V3(cs, powf(cs, 1.12f), powf(cs, 1.2f));
        sp = sp * cs;
      }
      E[q] = e * (1 / 3.14159f);
      spec[q] = sp * (sk ? gl : .35f);
    }
  // --- light diffusion in skin
  {
    vector<V3> b1, b2, b3, b4;
    blurE(E, b1, skinM, Z, .55f * PU + .2f, 6);
    blurE(E, b2, skinM, Z, 1.3f * PU, 9);
    blurE(E, b3, skinM, Z, 3.2f * PU, 14);
    blurE(b3, b4, skinM, Z, 7.f * PU, 22);
    for (size_t q = 0; q < N; q++)
      if (skinM[q] > 0) {
        E[q] = b1[q] * V3(.26f, .58f, .76f) + b2[q] * V3(.24f, .28f, .20f) + b3[q] * V3(.28f, .11f, .04f) +
               b4[q] * V3(.22f, .03f, .0f);
      }
  }
// --- compose: background, back hair, body
#pragma omp parallel for
  for (int j = 0; j < W; j++)
    for (int i = 0; i < W; i++) {
      float X = (i + .5f) / K, Y = (j + .5f) / K;
      float d = sqrtf(sq((X - 560) / 620) + sq((Y - 430) / 640));
      V3 c = mix(srgb(206, 203, 199), srgb(124, 125, 128), ss(.05f, 1.15f, d));
      c = c * (1 + .03f * fbm(X * .004f, Y * .004f, 3, 5));
      c = c * mix(1.f, .86f, ss(300, 1024, Y));
      img[(size_t)j * W + i] = c * .72f;
    }
  {
    vector<Strand> B;
    makeBack(B, 1);
    drawStrands(B, img);
  }
#pragma omp parallel for schedule(dynamic, 8)
  for (int j = 0; j < W; j++)
    for (int i = 0; i < W; i++) {
      size_t q = (size_t)j * W + i;
      if (!id[q]) continue;
      V3 c;
      if (id[q] == 1) {
        c = alb[q] * E[q] + spec[q];
      } else if (id[q] == 3)
        c = alb[q] * E[q] + spec[q] * .6f;
      else {
        float x = ux(i), y = uy(j);
        asym(x, y);
        float sg = x < 0 ? -1 : 1;
        float ex = (fabsf(x) - EX) / ESX, ey = (y - EY) / ESY;
        float ir;
        float up = ey - lidU(ex);
        V3 a = eyeAlbedo(ex, ey, sg, up, ir);
        float lidsh = mix(.26f, 1.f, ss(-1, 10, up)) * mix(.72f, 1.f, ss(0, 5, lidL(ex) - ey));
        float cor = ex > 0 ? mix(.62f, 1.f, ss(44, 26, ex)) : mix(.95f, 1.f, ss(44, 26, -ex));
        V3 e = E[q];
        float lum = .33f * (e.x + e.y + e.z);
        e = mix(e, V3(lum, lum, lum), .3f);
        e = mix(e, V3(1.0f, .98f, .96f) * .8f, .35f);
        float car = expf(-powf(sq((ex + 39.f) / 6.5f) + sq((ey - 3.2f) / 5.f), 1.5f));
        c = a * e * mix(lidsh * cor, 1.25f, car);
        // cornea / tear film reflection
        float dx = (ex - IRX) * ESX / (IRR * 1.1f), dy = (ey - IRY) * ESY / (IRR * 1.1f);
        float rr = dx * dx + dy * dy;
        float kk = rr < 1.3f ? .62f * (1 - ss(.7f, 1.3f, rr)) : 0;
        V3 n = norm(V3((ex - IRX) * sg / 46.f * (1 - kk) + dx * sg * kk, (ey - IRY) / 46.f * (1 - kk) + dy * kk, 1));
        V3 r = n * (2 * n.z) - V3(0, 0, 1);
        float F = .03f + .5f * powf(1 - n.z, 4);
        float shl = ss(1.5f, 5.f, up);
        c = c + softbox(norm(r)) * (F * shl * (rr < 1.2f ? 1.f : .5f));
        // wet edge above the lower rim
        float wl = lidL(ex) - ey - 2.6f * ss(43, 34, fabsf(ex));
        c = c + V3(1, .97f, .95f) * (.10f * expf(-sq((wl - .5f) / .9f)) * ss(40, 20, fabsf(ex)));
      }
      img[q] = c;
    }
  {
    vector<Strand> B;
    makeBrows(B, 1);
    drawStrands(B, img);
  }
  {
    vector<Strand> B;
    makeLashes(B, 1);
    drawStrands(B, img);
  }
  drawStrands(H, img);
  // --- finish
  vector<V3> o = resample(img, W, OUT);
  {  // faint bloom
    int n = OUT;
    vector<V3> b(o.size());
    vector<float> one(o.size(), 1), z0(o.size(), 0);
    int sw = W;
    W = n;
    for (auto i = 0u; i < o.size(); i++) {
      V3 c = o[i];
      float l = max(c.x, max(c.y, c.z));
      b[i] = c * ss(.6f, 1.6f, l);
    }
    vector<V3> b2;
    blurE(b, b2, one, z0, n / 90.f, 1e6);
    for (auto i = 0u; i < o.size(); i++) o[i] = o[i] + b2[i] * .06f;
    W = sw;
  }
  {
    vector<V3> b;
    vector<float> one(o.size(), 1), z0(o.size(), 0);
    int sw = W;
    W = OUT;
    blurE(o, b, one, z0, 1.1f * OUT / 1024, 1e6);
    W = sw;
    for (size_t i = 0; i < o.size(); i++) {
      V3 d = o[i] - b[i];
      o[i] = o[i] + d * .28f;
    }
  }
  auto dump = [&](const vector<V3>& im, int n, std::string fn, bool jpg) {
    vector<uint8_t> d((size_t)n * n * 3);
    for (int j = 0; j < n; j++)
      for (int i = 0; i < n; i++) {
        V3 c = im[(size_t)j * n + i];
        float X = i / (float)n - .5f, Y = j / (float)n - .5f;
        float vg = 1 - .16f * ss(.35f, .85f, sqrtf(X * X + Y * Y));
        float gr = 1 + .012f * (h2(i, j, 77) + h2(i, j, 78) - 1);
        c = c * (vg * gr * EXPO);
        float l = .3f * c.x + .59f * c.y + .11f * c.z;
        c = V3(l, l, l) + (c - V3(l, l, l)) * 1.20f;
        float dt = (h2(i, j, 3) - .5f) * .9f;
        d[((size_t)j * n + i) * 3] = enc(tone(c.x), dt);
        d[((size_t)j * n + i) * 3 + 1] = enc(tone(c.y), dt);
        d[((size_t)j * n + i) * 3 + 2] = enc(tone(c.z), dt);
      }
    if (jpg)
      saveJPG(fn.c_str(), d, n, 95);
    else
      savePNG(fn.c_str(), d, n);
  };
  dump(o, OUT, out + ".png", false);
  if (OUT >= 1024) {
    vector<V3> p = resample(o, OUT, 768);
    dump(p, 768, out + "-768.jpg", true);
  }
  return 0;
}
