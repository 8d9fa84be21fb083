// SPDX-License-Identifier: Apache-2.0
// How a clip of motion comes out of noise: a denoising diffusion with a cosine schedule (Nichol and Dhariwal 2021),
// walked in few steps (Song et al., "Denoising diffusion implicit models", 2021, with eta = 1).
//
//   const auto steps = sampler_steps(10);
//   fill_with_noise(seed, clip, x);
//   sample(steps, denoise, sound, x, step_noise, memory);       // x is now the clip
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/neural/motion_vector.h"

namespace avatar::neural {

inline constexpr int kDiffusionTimes = 1000;

/// Share of the signal's power that is left at each time, [0, 1000): float32 values of double products.
[[nodiscard]] std::vector<float> signal_left();

/// x' = signal * clean + direction * noise + fresh * (new noise). The last step answers `clean` itself.
struct SamplerStep {
  int64_t time = 0;
  float signal = 1, direction = 0, fresh = 0;
};
/// `count` 2..100, noisiest first.
[[nodiscard]] std::vector<SamplerStep> sampler_steps(int count);

/// The network: what of x at `time` is noise, and what x would be without.
struct Denoising {
  std::span<const float> x;
  int64_t time = 0;
  std::span<float> noise, clean;  ///< to be written; the size of x
};
using Denoise = std::function<Result<void>(const Denoising&)>;

/// Memory that sample() works in.
struct SampleMemory {
  explicit SampleMemory(size_t size) : noise(size), clean(size) {}
  std::vector<float> noise, clean;
};

/// `x` is noise before and the clip after. `step_noise`: [step][x.size()], the same for all clips, so that they are
/// alike.
Result<void> sample(std::span<const SamplerStep> steps, const Denoise& denoise, std::span<const float> step_noise,
                    std::span<float> x, SampleMemory& memory);

}  // namespace avatar::neural
