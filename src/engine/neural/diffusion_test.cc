// SPDX-License-Identifier: Apache-2.0
// Expected numbers: a run of the published formulas in another language (docs/neural.md).
#include "engine/neural/diffusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "engine/neural/noise.h"

namespace avatar::neural {
namespace {

void expect_close(double got, double right) { EXPECT_NEAR(got, right, 1e-5 * std::fabs(right)) << right; }

TEST(Diffusion, leaves_the_published_share_of_signal) {
  const auto left = signal_left();
  ASSERT_EQ(left.size(), 1000U);
  const std::pair<size_t, double> rights[] = {{0, 0.9999587},   {99, 0.9720927},   {199, 0.8987060},
                                              {499, 0.4938435}, {899, 0.02409172}, {999, 2.428735e-9}};
  for (const auto& [i, right] : rights) expect_close(left[i], right);
}

TEST(Diffusion, walks_from_999_to_the_end_in_even_steps) {
  const auto ten = sampler_steps(10);
  ASSERT_EQ(ten.size(), 10U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ten[static_cast<size_t>(i)].time, 999 - 100 * i);
  const auto fifty = sampler_steps(50);
  ASSERT_EQ(fifty.size(), 50U);
  EXPECT_EQ(fifty[1].time, 979);
  EXPECT_EQ(fifty.back().time, 19);
}

TEST(Diffusion, mixes_by_the_published_coefficients) {
  const auto steps = sampler_steps(10);
  const std::pair<size_t, std::array<double, 3>> rights[] = {{0, {0.1552151, 0.9878807, 0.0003099}},
                                                             {1, {0.3066686, 0.8309700, 0.4641587}},
                                                             {5, {0.8046602, 0.4065207, 0.4327388}},
                                                             {8, {0.9859476, 0.1442188, 0.0843104}}};
  for (const auto& [i, right] : rights) {
    expect_close(steps[i].signal, right[0]);
    expect_close(steps[i].fresh, right[1]);
    EXPECT_NEAR(steps[i].direction, right[2], i == 0 ? 1e-7 : 1e-5 * right[2]);
  }
}

TEST(Diffusion, three_steps_have_no_imaginary_coefficient) {
  for (const SamplerStep& s : sampler_steps(3)) EXPECT_TRUE(std::isfinite(s.direction) && s.direction >= 0);
}

TEST(Diffusion, samples_a_number_as_the_published_loop_does) {
  const auto result = [](int count, float z) {
    const auto steps = sampler_steps(count);
    std::vector<float> x{1}, noise(steps.size(), z);
    SampleMemory memory(1);
    const auto half = [](const Denoising& d) -> Result<void> {
      d.clean[0] = d.x[0] / 2;
      d.noise[0] = d.x[0];
      return {};
    };
    EXPECT_TRUE(sample(steps, half, noise, x, memory));
    return x[0];
  };
  const struct {
    int steps;
    double still, noisy;
  } rights[] = {
      {5, 0.0223362, 0.1715967}, {10, 0.0036094, 0.1449701}, {25, 0.0001970, 0.0692988}, {50, 0.0000102, 0.0223340}};
  for (const auto& r : rights) {
    EXPECT_NEAR(result(r.steps, 0), r.still, 1e-7) << r.steps;
    EXPECT_NEAR(result(r.steps, 0.25F), r.noisy, 1e-6) << r.steps;
  }
}

TEST(Diffusion, passes_the_error_of_its_network_on) {
  const auto steps = sampler_steps(5);
  std::vector<float> x(1), noise(5);
  SampleMemory memory(1);
  const auto done = sample(
      steps,
      [](const Denoising&) -> Result<void> {
        return Error{ErrorKind::busy, "full"};
      },
      noise, x, memory);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::busy);
}

// Known answers of the generator's authors (Random123, kat_vectors).
TEST(Noise, is_the_published_generator) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Noise, is_normal_and_differs_by_seed_and_stream_alone) {
  std::vector<float> a(100000), again(99999), other_seed(4), other_stream(4);
  fill_with_noise(7, 3, a);
  fill_with_noise(7, 3, again);
  fill_with_noise(8, 3, other_seed);
  fill_with_noise(7, 4, other_stream);
  EXPECT_TRUE(std::equal(again.begin(), again.end(), a.begin()));
  double sum = 0, squares = 0, fourths = 0;
  for (const float v : a) {
    sum += v;
    squares += v * v;
    fourths += v * v * v * v;
  }
  const auto n = static_cast<double>(a.size());
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(squares / n, 1, 0.02);
  EXPECT_NEAR(fourths / n, 3, 0.15);
  EXPECT_EQ(std::set<float>({a[0], other_seed[0], other_stream[0]}).size(), 3U);
}

}  // namespace
}  // namespace avatar::neural
