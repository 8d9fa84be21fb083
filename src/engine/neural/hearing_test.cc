// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/hearing.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace avatar::neural {
namespace {

// Row i of a window tells the sum of its own 320 samples (and of 80 more), so that one sample shows where it was seen.
Result<void> sums(std::span<const float> window, std::span<float> rows) {
  for (size_t r = 0; r < kWindowRows; ++r) {
    const auto part = window.subspan(r * 320, 400);
    rows[r * kAudioNumbers] = std::accumulate(part.begin(), part.end(), 0.0F);
    rows[r * kAudioNumbers + 1] = 7;
  }
  return {};
}

std::vector<float> first_numbers(std::span<const float> sound, size_t block, int* looks = nullptr) {
  Hearing hearing([looks](std::span<const float> w, std::span<float> r) {
    if (looks != nullptr) ++*looks;
    return sums(w, r);
  });
  EXPECT_TRUE(hearing.learn_silence());
  std::vector<float> got;
  const auto on_row = [&](AudioRow row) -> Result<void> {
    got.push_back(row[0]);
    return {};
  };
  for (size_t at = 0; at < sound.size(); at += block) {
    EXPECT_TRUE(hearing.hear(sound.subspan(at, std::min(block, sound.size() - at)), on_row));
  }
  return got;
}

TEST(Hearing, tells_five_frames_as_soon_as_their_future_is_heard) {
  EXPECT_EQ(first_numbers(std::vector<float>(4559), 64).size(), 0U);
  EXPECT_EQ(first_numbers(std::vector<float>(4560), 64).size(), 5U);
  EXPECT_EQ(first_numbers(std::vector<float>(7759), 64).size(), 5U);
  EXPECT_EQ(first_numbers(std::vector<float>(7760), 64).size(), 10U);
}

TEST(Hearing, an_impulse_shows_in_its_own_frame_alone) {
  for (const size_t k : {100U, 639U, 640U, 3199U, 3300U, 9999U}) {
    std::vector<float> sound(20000);
    sound[k] = 1;
    const auto rows = first_numbers(sound, 1000);
    for (size_t n = 0; n < rows.size(); ++n) {
      // Half of a frame's two rows sees it; its first 80 samples are seen by the row before as well.
      float right = n == k / 640 ? 0.5F : 0;
      if (k % 320 < 80) {
        if (n == k / 640 && k % 640 >= 320) right = 1;
        if (n + 1 == k / 640 && k % 640 < 80) right = 0.5F;
      }
      EXPECT_EQ(rows[n], right) << "sample " << k << " frame " << n;
    }
  }
}

TEST(Hearing, does_not_mind_how_the_sound_is_cut) {
  std::vector<float> sound(16000);
  for (size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<float>(i % 97) / 97;
  const auto whole = first_numbers(sound, sound.size());
  EXPECT_EQ(whole, first_numbers(sound, 1));
  EXPECT_EQ(whole, first_numbers(sound, 641));
}

TEST(Hearing, does_not_ask_about_silence_twice) {
  int looks = 0;
  first_numbers(std::vector<float>(64000), 640, &looks);
  EXPECT_EQ(looks, 1);
}

TEST(Hearing, begins_anew_with_zeros_before_the_sound) {
  Hearing hearing(sums);
  ASSERT_TRUE(hearing.learn_silence());
  EXPECT_EQ(hearing.silence(7)[1], 7);
  std::vector<float> got;
  const auto on_row = [&](AudioRow row) -> Result<void> {
    got.push_back(row[0]);
    return {};
  };
  std::vector<float> loud(5000, 1), first(4560);
  first[0] = 1;
  ASSERT_TRUE(hearing.hear(loud, on_row));
  hearing.begin();
  got.clear();
  ASSERT_TRUE(hearing.hear(first, on_row));
  EXPECT_EQ(got, (std::vector<float>{0.5F, 0, 0, 0, 0}));
}

TEST(Hearing, passes_errors_of_the_network_on) {
  Hearing hearing([](auto, auto) -> Result<void> { return Error{ErrorKind::internal, "lost"}; });
  EXPECT_FALSE(hearing.learn_silence());
}

}  // namespace
}  // namespace avatar::neural
