// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/diffusion.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace avatar::neural {

std::vector<float> signal_left() {
  const auto f = [](int i) {
    const double u = (static_cast<double>(i) / kDiffusionTimes + 0.008) / 1.008 * std::numbers::pi / 2;
    return std::cos(u) * std::cos(u);
  };
  std::vector<float> left;
  double product = 1;
  for (int i = 0; i < kDiffusionTimes; ++i) {
    product *= 1 - static_cast<double>(static_cast<float>(std::clamp(1 - f(i + 1) / f(i), 0.0, 0.999)));
    left.push_back(static_cast<float>(product));
  }
  return left;
}

std::vector<SamplerStep> sampler_steps(int count) {
  CHECK(count >= 2 && count <= 100);
  const auto left = signal_left();
  // count + 1 times from -1 to 999, evenly spaced, cut toward zero.
  const auto time = [count](int i) { return static_cast<int64_t>(-1 + 1000.0 * i / count); };
  std::vector<SamplerStep> steps;
  for (int i = count; i >= 1; --i) {
    SamplerStep step{time(i)};
    if (i > 1) {
      const double a = left[static_cast<size_t>(step.time)], n = left[static_cast<size_t>(time(i - 1))];
      const double variance = (1 - a / n) * (1 - n) / (1 - a);
      step.signal = static_cast<float>(std::sqrt(n));
      step.fresh = static_cast<float>(std::sqrt(variance));
      // With three steps the difference is a little below 0.
      step.direction = static_cast<float>(std::sqrt(std::max(0.0, 1 - n - variance)));
    }
    steps.push_back(step);
  }
  return steps;
}

Result<void> sample(std::span<const SamplerStep> steps, const Denoise& denoise, std::span<const float> step_noise,
                    std::span<float> x, SampleMemory& memory) {
  CHECK(step_noise.size() == steps.size() * x.size() && memory.noise.size() == x.size());
  for (size_t s = 0; s < steps.size(); ++s) {
    const SamplerStep& step = steps[s];
    if (auto done = denoise({x, step.time, memory.noise, memory.clean}); !done) return done;
    if (s + 1 == steps.size()) {
      std::copy(memory.clean.begin(), memory.clean.end(), x.begin());
      break;
    }
    const float* fresh = &step_noise[s * x.size()];
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = step.signal * memory.clean[i] + step.direction * memory.noise[i] + step.fresh * fresh[i];
    }
  }
  return {};
}

}  // namespace avatar::neural
