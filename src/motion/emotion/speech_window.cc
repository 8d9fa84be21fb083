// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/speech_window.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace avatar {
namespace {

// All as in manner.py and timbre.py.
constexpr size_t kLoudness = kMelBands, kVoiced = kMelBands + 3;  // in an input
constexpr size_t kPitchTrack = SpeechWindow::kCepstra + 1;
constexpr std::array<size_t, 5> kLags{1, 2, 4, 8, 16};
constexpr std::array kRanks{0.05, 0.25, 0.5, 0.75, 0.95};
constexpr size_t kThirdCepstra = 8;
constexpr size_t kLeastSpeech = 8, kLeastFrames = 4;

constexpr size_t kTimbreCepstra = 13, kTimbreCurves = 8;
constexpr float kSureOfSound = 6;  // frames

// Writes one number after the other.
class Pen {
 public:
  explicit Pen(std::span<float> to) : to_(to) {}
  void write(double x) { to_[at_++] = static_cast<float>(x); }
  void skip(size_t count) {
    for (size_t i = 0; i < count; ++i) write(0);
  }
  [[nodiscard]] size_t at() const { return at_; }

 private:
  std::span<float> to_;
  size_t at_ = 0;
};

}  // namespace

SpeechWindow::SpeechWindow() {
  for (size_t b = 0; b < kMelBands; ++b) {
    for (size_t c = 0; c < kCepstra; ++c) {
      cosines_[b][c] = static_cast<float>(
          std::cos(std::numbers::pi / kMelBands * (static_cast<double>(b) + 0.5) * static_cast<double>(c)) *
          std::sqrt(2.0 / kMelBands));
    }
  }
}

void SpeechWindow::hear(const EmotionInput& input, bool is_speech) {
  Frame& f = ring_[at_];
  f.track.fill(0);
  for (size_t b = 0; b < kMelBands; ++b) {
    for (size_t c = 0; c < kCepstra; ++c) f.track[c] += input[b] * cosines_[b][c];
  }
  std::copy_n(input.begin() + kMelBands, 3, f.track.begin() + kCepstra);
  f.input = input;
  f.speech = is_speech;
  f.voiced = is_speech && input[kVoiced] > 0;
  at_ = (at_ + 1) % kFrames;
  filled_ = std::min(filled_ + 1, kFrames);
}

size_t SpeechWindow::speech_frames() const {
  size_t count = 0;
  for (size_t i = 0; i < filled_; ++i) count += frame(i).speech ? 1 : 0;
  return count;
}

bool SpeechWindow::describe(const TimbreModels& timbres, std::span<float, kNumbers> numbers) {
  if (speech_frames() < kLeastSpeech) return false;
  describe_manner(numbers.first<kManner>());
  for (size_t m = 0; m < timbres.size(); ++m) {
    describe_timbre(timbres[m], kTimbreLags[m], numbers.subspan(kManner + m * kTimbre).first<kTimbre>());
  }
  return true;
}

void SpeechWindow::describe_manner(std::span<float, kManner> numbers) {
  Pen pen(numbers);
  const size_t n = filled_;
  struct Moments {
    size_t count = 0;
    double mean = 0, deviation = 0;
  };
  const auto moments = [&](auto&& value, auto&& counts) {
    Moments m;
    for (size_t i = 0; i < n; ++i) {
      if (counts(frame(i))) m.mean += value(frame(i)), ++m.count;
    }
    if (m.count == 0) return m;
    m.mean /= static_cast<double>(m.count);
    for (size_t i = 0; i < n; ++i) {
      if (const double d = value(frame(i)) - m.mean; counts(frame(i))) m.deviation += d * d;
    }
    m.deviation = std::sqrt(m.deviation / static_cast<double>(m.count));
    return m;
  };
  const auto in_speech = [](const Frame& f) { return f.speech; };
  const auto in_voice = [](const Frame& f) { return f.voiced; };

  // Distributions. Tracks [first, last) are written statistic by statistic.
  const auto distributions = [&](size_t first, size_t last, auto&& counts) {
    const size_t width = last - first, start = pen.at();
    pen.skip(8 * width);
    for (size_t t = first; t < last; ++t) {
      const auto value = [t](const Frame& f) { return f.track[t]; };
      const Moments m = moments(value, counts);
      if (m.count < kLeastFrames) continue;
      double skew = 0;
      size_t count = 0;
      for (size_t i = 0; i < n; ++i) {
        if (!counts(frame(i))) continue;
        const double d = (value(frame(i)) - m.mean) / (m.deviation + 1e-3);
        skew += d * d * d;
        sorted_[count++] = value(frame(i));
      }
      std::sort(sorted_.begin(), sorted_.begin() + static_cast<std::ptrdiff_t>(count));
      const auto put = [&](size_t statistic, double x) {
        numbers[start + statistic * width + t - first] = static_cast<float>(x);
      };
      put(0, m.mean);
      put(1, m.deviation);
      put(2, skew / static_cast<double>(count));
      for (size_t r = 0; r < kRanks.size(); ++r) {
        put(3 + r, sorted_[static_cast<size_t>(kRanks[r] * static_cast<double>(count - 1) + 0.5)]);
      }
    }
  };
  distributions(0, kCepstra + 1, in_speech);
  distributions(kPitchTrack, kPitchTrack + 1, in_voice);
  distributions(kCepstra + 2, kTracks, in_speech);

  // Mean and deviation of the first values of a frame, all means first.
  const auto spread = [&](size_t width, auto&& value, auto&& counts, size_t least) {
    const size_t start = pen.at();
    pen.skip(2 * width);
    for (size_t v = 0; v < width; ++v) {
      const Moments m = moments([&](const Frame& f) { return value(f, v); }, counts);
      if (m.count < least) return;
      numbers[start + v] = static_cast<float>(m.mean);
      numbers[start + width + v] = static_cast<float>(m.deviation);
    }
  };
  const auto track = [](const Frame& f, size_t t) { return f.track[t]; };
  const Moments loudness = moments([](const Frame& f) { return f.input[kLoudness]; }, in_speech);
  spread(kCepstra, track, in_voice, kLeastFrames);
  spread(
      kCepstra, track, [&](const Frame& f) { return f.speech && f.input[kLoudness] > loudness.mean; }, kLeastFrames);

  // Change over 10 to 160 ms.
  for (const size_t lag : kLags) {
    for (size_t t = 0; t < kTracks; ++t) {
      double squares = 0, sizes = 0;
      size_t count = 0;
      for (size_t i = lag; i < n; ++i) {
        const Frame &now = frame(i), &before = frame(i - lag);
        if (t == kPitchTrack ? !(now.voiced && before.voiced) : !(now.speech && before.speech)) continue;
        const double change = now.track[t] - before.track[t];
        squares += change * change;
        sizes += std::abs(change);
        ++count;
      }
      const auto c = static_cast<double>(count);
      pen.write(count < kLeastFrames ? 0 : std::log(std::sqrt(squares / c) + 0.05));
      pen.write(count < kLeastFrames ? 0 : sizes / c);
    }
  }

  // From beginning to end.
  for (size_t third = 0; third < 3; ++third) {
    std::array<double, kThirdCepstra + 2> sum{};
    size_t speech = 0, voiced = 0;
    for (size_t i = third * n / 3; i < (third + 1) * n / 3; ++i) {
      const Frame& f = frame(i);
      if (f.speech) {
        for (size_t c = 0; c < kThirdCepstra; ++c) sum[c] += f.track[c];
        sum[kThirdCepstra] += f.input[kLoudness];
        ++speech;
      }
      if (f.voiced) sum[kThirdCepstra + 1] += f.track[kPitchTrack], ++voiced;
    }
    for (size_t c = 0; c <= kThirdCepstra; ++c) pen.write(speech == 0 ? 0 : sum[c] / static_cast<double>(speech));
    pen.write(voiced == 0 ? 0 : sum.back() / static_cast<double>(voiced));
  }
  size_t voiced = 0, starts = 0;
  for (size_t i = 0; i < n; ++i) {
    voiced += frame(i).voiced ? 1 : 0;
    starts += i > 0 && frame(i).voiced && !frame(i - 1).voiced ? 1 : 0;
  }
  const auto all = static_cast<double>(n);
  pen.write(static_cast<double>(voiced) / all);
  pen.write(static_cast<double>(speech_frames()) / all);
  pen.write(100 * static_cast<double>(starts) / all);
  pen.write(std::min(all / 100, 3.0));
  spread(
      kMelBands, [](const Frame& f, size_t b) { return f.input[b]; }, in_speech, 1);
  CHECK(pen.at() == kManner);
}

// Fisher vectors (Perronnin and Dance 2007): how the frames pull at each sound's mean and variance.
void SpeechWindow::describe_timbre(const TimbreModel& model, size_t lag, std::span<float, kTimbre> numbers) const {
  constexpr size_t kSounds = TimbreModel::kSounds, kValues = TimbreModel::kValues;
  using Values = std::array<float, kValues>;
  std::array<Values, kSounds> weight, linear;  // the logarithm of a density is constant + linear * v - weight * v^2
  std::array<float, kSounds> constant;
  for (size_t k = 0; k < kSounds; ++k) {
    constant[k] = std::log(model.share[k]);
    for (size_t v = 0; v < kValues; ++v) {
      const float mean = model.mean[k][v], variance = model.variance[k][v];
      weight[k][v] = 0.5F / variance;
      linear[k][v] = mean / variance;
      constant[k] -= 0.5F * (mean * mean / variance + std::log(variance));
    }
  }
  // A track's change over twice the lag; beyond the edges it stays as it was.
  const auto later = [&](size_t i) { return std::min(i + lag, filled_ - 1); };
  const auto earlier = [&](size_t i) { return i - std::min(i, lag); };
  const auto source = [](size_t v) { return v < kTimbreCepstra ? v : kCepstra; };
  const auto change = [&](size_t i, size_t t) { return frame(later(i)).track[t] - frame(earlier(i)).track[t]; };

  std::array<Values, kSounds> sum{}, squares{};
  std::array<float, kSounds> count{};
  float frames = 0;
  for (size_t i = 0; i < filled_; ++i) {
    if (!frame(i).speech) continue;
    frames += 1;
    Values value;
    constexpr size_t kHalf = kTimbreCepstra + 1;
    for (size_t v = 0; v < kHalf; ++v) {
      value[v] = frame(i).track[source(v)];
      value[kHalf + v] = change(i, source(v));
    }
    for (size_t v = 0; v < kTimbreCurves; ++v) value[2 * kHalf + v] = change(later(i), v) - change(earlier(i), v);
    std::array<float, kSounds> part;
    float highest = -1e30F, total = 0;
    for (size_t k = 0; k < kSounds; ++k) {
      float log = constant[k];
      for (size_t v = 0; v < kValues; ++v) log += (linear[k][v] - weight[k][v] * value[v]) * value[v];
      part[k] = log;
      highest = std::max(highest, log);
    }
    for (float& p : part) total += p = std::exp(p - highest);
    for (size_t k = 0; k < kSounds; ++k) {
      const float p = part[k] / total;
      if (p < 1e-6F) continue;
      count[k] += p;
      for (size_t v = 0; v < kValues; ++v) {
        sum[k][v] += p * value[v];
        squares[k][v] += p * value[v] * value[v];
      }
    }
  }

  constexpr size_t kBlock = kSounds * kValues;
  for (size_t k = 0; k < kSounds; ++k) {
    for (size_t v = 0; v < kValues; ++v) {
      const float mean = model.mean[k][v], variance = model.variance[k][v], n = count[k];
      numbers[k * kValues + v] = (sum[k][v] - n * mean) / (std::sqrt(variance) * (n + kSureOfSound));
      const float second = (squares[k][v] - 2 * mean * sum[k][v] + n * mean * mean) / variance;
      numbers[kBlock + k * kValues + v] = 0.5F * (second - n) / (n + kSureOfSound);
    }
    numbers[2 * kBlock + k] = std::sqrt(count[k] / frames);
  }
}

}  // namespace avatar
