// SPDX-License-Identifier: Apache-2.0
#include "speech/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace avatar {
namespace {

constexpr double kLowHz = 60, kHighHz = 7600;
constexpr float kLeastPower = 1e-10F;  // keeps the logarithm finite; -100 dB

// O'Shaughnessy 1987, p. 150.
double mel(double hz) { return 1127.0 * std::log(1.0 + hz / 700.0); }
double hz_of(double m) { return 700.0 * (std::exp(m / 1127.0) - 1.0); }

}  // namespace

Spectrum::Spectrum() {
  const double pi = std::numbers::pi;
  double gain = 0;
  for (int i = 0; i < kWindow; ++i) {
    const double w = 0.5 - 0.5 * std::cos(2 * pi * (i + 0.5) / kWindow);  // Hann
    window_[static_cast<size_t>(i)] = static_cast<float>(w);
    gain += w * w;
  }
  // So that white noise of rms 1 has a mean power of 1 / kBins a bin.
  for (float& w : window_) w = static_cast<float>(w / std::sqrt(gain * kBins));

  for (int k = 0; k < kHalf / 2; ++k) {
    const double a = -2 * pi * k / kHalf;
    twiddles_[static_cast<size_t>(k)] = {static_cast<float>(std::cos(a)), static_cast<float>(std::sin(a))};
  }
  int bits = 0;
  while ((1 << bits) < kHalf) ++bits;
  for (int k = 0; k < kHalf; ++k) {
    const double a = -2 * pi * k / kFft;
    unfold_[static_cast<size_t>(k)] = {static_cast<float>(std::cos(a)), static_cast<float>(std::sin(a))};
    int r = 0;
    for (int b = 0; b < bits; ++b) r |= ((k >> b) & 1) << (bits - 1 - b);
    reversed_[static_cast<size_t>(k)] = static_cast<uint16_t>(r);
  }

  const double low = mel(kLowHz), step = (mel(kHighHz) - low) / (kMelBands + 1);
  int used = 0;
  for (int b = 0; b < kMelBands; ++b) {
    const double left = hz_of(low + b * step), top = hz_of(low + (b + 1) * step), right = hz_of(low + (b + 2) * step);
    Band band{0, 0, used};
    double sum = 0;
    for (int k = 0; k < kBins; ++k) {
      const double hz = static_cast<double>(k) * kRate / kFft;
      const double w = std::min((hz - left) / (top - left), (right - hz) / (right - top));
      if (w <= 0) continue;
      if (band.count == 0) band.first = k;
      ++band.count;
      weights_[static_cast<size_t>(used++)] = static_cast<float>(w);
      sum += w;
    }
    CHECK(band.count > 0);
    for (int i = band.weights; i < used; ++i) weights_[static_cast<size_t>(i)] /= static_cast<float>(sum);
    bands_[static_cast<size_t>(b)] = band;
  }
}

void Spectrum::power(std::span<const float, kWindow> sound, std::span<float, kBins> out) const {
  // The real signal as kHalf complex numbers (even samples real, odd imaginary), one transform of half the length,
  // then unfolded (Press et al., Numerical Recipes, 12.3).
  std::array<std::complex<float>, kHalf> z{};
  for (size_t i = 0; i < kWindow / 2; ++i) {
    z[reversed_[i]] = {sound[2 * i] * window_[2 * i], sound[2 * i + 1] * window_[2 * i + 1]};
  }
  for (size_t half = 1; half < kHalf; half *= 2) {
    const size_t stride = kHalf / (2 * half);
    for (size_t start = 0; start < kHalf; start += 2 * half) {
      for (size_t k = 0; k < half; ++k) {
        const std::complex<float> w = twiddles_[k * stride];
        std::complex<float>& a = z[start + k];
        std::complex<float>& b = z[start + k + half];
        const float re = b.real() * w.real() - b.imag() * w.imag();
        const float im = b.real() * w.imag() + b.imag() * w.real();
        b = {a.real() - re, a.imag() - im};
        a = {a.real() + re, a.imag() + im};
      }
    }
  }
  for (size_t k = 0; k < kHalf; ++k) {
    const std::complex<float> a = z[k], b = std::conj(z[(kHalf - k) % kHalf]);
    const float even_re = 0.5F * (a.real() + b.real()), even_im = 0.5F * (a.imag() + b.imag());
    const float odd_re = 0.5F * (a.imag() - b.imag()), odd_im = -0.5F * (a.real() - b.real());
    const std::complex<float> w = unfold_[k];
    const float re = even_re + odd_re * w.real() - odd_im * w.imag();
    const float im = even_im + odd_re * w.imag() + odd_im * w.real();
    out[k] = re * re + im * im;
  }
  const float last = z[0].real() - z[0].imag();
  out[kHalf] = last * last;
}

void Spectrum::log_mel(std::span<const float, kWindow> sound, std::span<float, kMelBands> bands) const {
  std::array<float, kBins> p;
  power(sound, p);
  for (size_t b = 0; b < kMelBands; ++b) {
    const Band& band = bands_[b];
    float sum = 0;
    for (int i = 0; i < band.count; ++i) {
      sum += weights_[static_cast<size_t>(band.weights + i)] * p[static_cast<size_t>(band.first + i)];
    }
    bands[b] = std::log(sum + kLeastPower);
  }
}

}  // namespace avatar
