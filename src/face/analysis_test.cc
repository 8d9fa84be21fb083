// SPDX-License-Identifier: Apache-2.0
// The whole way from file to Portrait, on our own portrait and on photographs that system packages ship.
#include "face/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "face/overlay.h"
#include "face/picture_file.h"
#include "face/resize.h"

namespace avatar {
namespace {

using Bytes = std::vector<char>;

Bytes read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Analysis : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto loaded = FaceAnalysis::load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    faces_ = loaded->release();
  }
  static void TearDownTestSuite() { delete faces_; }

  static Result<std::shared_ptr<const Portrait>> analyse(const Bytes& file) {
    return faces_->analyse(std::as_bytes(std::span(file)));
  }
  static Result<std::shared_ptr<const Portrait>> analyse(const Image& picture) {
    const auto path = std::filesystem::path(testing::TempDir()) / "analysis_test.png";
    if (auto written = write_png(path, picture); !written) return written.error();
    return analyse(read(path));
  }

  /// Our own portrait, 1024 x 1024: a painted woman who looks straight ahead, lips closed.
  static Bytes our_portrait() { return read(AVATAR_SOURCE_DIR "/assets/portrait/portrait-1024.png"); }

  static FaceAnalysis* faces_;
};
FaceAnalysis* Analysis::faces_ = nullptr;

/// `piece` laid into `ground` with its top left corner there.
void lay(Image& ground, const Image& piece, int left, int top) {
  for (int y = 0; y < piece.height; ++y) std::copy_n(piece.at(0, y), 3 * piece.width, ground.at(left, top + y));
}

TEST_F(Analysis, finds_everything_in_our_own_portrait) {
  const auto portrait = analyse(our_portrait());
  ASSERT_TRUE(portrait) << portrait.error().message;
  const Portrait& p = **portrait;
  EXPECT_EQ(p.faces_found, 1);
  EXPECT_GT(p.face_score, 0.6);
  // Places read off the picture by eye.
  const auto expect_at = [&](size_t i, float x, float y, float tolerance) {
    EXPECT_NEAR(p.landmarks[i].x, x, tolerance) << i;
    EXPECT_NEAR(p.landmarks[i].y, y, tolerance) << i;
  };
  expect_at(468, 428, 412, 8);  // right iris
  expect_at(473, 600, 412, 8);  // left iris
  expect_at(61, 443, 587, 8);   // corners of the mouth
  expect_at(291, 586, 586, 8);
  expect_at(152, 514, 714, 12);  // chin: round, no point to hold on to
  EXPECT_NEAR(p.fit.yaw_deg, 0, 4);
  EXPECT_NEAR(p.fit.roll_deg, 0, 3);
  EXPECT_LT(p.rest.lip_gap_cm, 0.15);
  EXPECT_FALSE(p.rest.teeth_show);
  EXPECT_GT(p.rest.eye_open_left, 0.8);
  EXPECT_EQ(p.content_hash.size(), 64u);
  EXPECT_FALSE(draw_overlay(p).empty());
}

TEST_F(Analysis, cuts_the_person_out_cleanly) {
  const auto portrait = analyse(our_portrait());
  ASSERT_TRUE(portrait);
  const Mask& mask = (*portrait)->person;
  ASSERT_EQ(mask.width, 1024);
  for (const auto& [x, y] : {std::pair{512, 120}, {512, 300}, {300, 700}, {730, 700}, {512, 980}, {200, 990}}) {
    EXPECT_EQ(mask.at(x, y), 255) << x << ", " << y;  // hair, forehead, long hair, chest, sleeve
  }
  for (const auto& [x, y] : {std::pair{5, 5}, {1018, 5}, {512, 30}, {150, 500}, {880, 500}, {60, 850}}) {
    EXPECT_EQ(mask.at(x, y), 0) << x << ", " << y;
  }
  size_t sure = 0;
  for (const uint8_t v : mask.value) sure += v == 0 || v == 255 ? 1 : 0;
  EXPECT_GT(static_cast<double>(sure) / static_cast<double>(mask.value.size()), 0.97);
}

TEST_F(Analysis, gives_the_same_portrait_for_the_same_file) {
  const auto a = analyse(our_portrait()), b = analyse(our_portrait());
  ASSERT_TRUE(a && b);
  for (size_t i = 0; i < kLandmarks; ++i) {
    ASSERT_EQ((*a)->landmarks[i].x, (*b)->landmarks[i].x);
    ASSERT_EQ((*a)->landmarks[i].z, (*b)->landmarks[i].z);
  }
  EXPECT_EQ((*a)->person.value, (*b)->person.value);
}

TEST_F(Analysis, serves_two_threads_at_once) {
  const Bytes file = our_portrait();
  auto other = std::async(std::launch::async, [&] { return analyse(file); });
  const auto a = analyse(file), b = other.get();
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a)->person.value, (*b)->person.value);
  EXPECT_EQ((*a)->landmarks[61].x, (*b)->landmarks[61].x);
}

TEST_F(Analysis, finds_a_small_face_in_a_large_picture) {
  const Bytes file = our_portrait();
  const auto whole = decode_picture(std::as_bytes(std::span(file)));
  ASSERT_TRUE(whole);
  Image large(1900, 1400);
  for (size_t i = 0; i < large.rgb.size(); ++i) large.rgb[i] = static_cast<uint8_t>(90 + i % 3 * 20);
  lay(large, shrink(*whole, 150, 150), 1500, 900);
  const auto portrait = analyse(large);
  ASSERT_TRUE(portrait) << portrait.error().message;
  EXPECT_NEAR((*portrait)->landmarks[4].x, 1500 + 512 * 150 / 1024, 5);
}

TEST_F(Analysis, of_two_faces_takes_the_larger_and_counts_both) {
  const Bytes file = our_portrait();
  const auto whole = decode_picture(std::as_bytes(std::span(file)));
  ASSERT_TRUE(whole);
  Image two(1100, 700);
  std::fill(two.rgb.begin(), two.rgb.end(), 80);
  lay(two, shrink(*whole, 400, 400), 0, 100);
  lay(two, shrink(*whole, 600, 600), 450, 50);
  const auto portrait = analyse(two);
  ASSERT_TRUE(portrait) << portrait.error().message;
  EXPECT_EQ((*portrait)->faces_found, 2);
  EXPECT_NEAR((*portrait)->landmarks[4].x, 750, 15);
}

TEST_F(Analysis, refuses_a_picture_without_a_face) {
  Image ramp(640, 480);
  for (int y = 0; y < ramp.height; ++y) {
    for (int x = 0; x < ramp.width; ++x) std::fill_n(ramp.at(x, y), 3, static_cast<uint8_t>((x + y) / 5));
  }
  const auto portrait = analyse(ramp);
  ASSERT_FALSE(portrait);
  EXPECT_EQ(portrait.error().kind, ErrorKind::not_found);
  EXPECT_THAT(portrait.error().message, testing::HasSubstr("no face"));
}

TEST_F(Analysis, hands_on_what_is_wrong_with_the_file) {
  const auto portrait = analyse(Bytes{'h', 'e', 'l', 'l', 'o'});
  ASSERT_FALSE(portrait);
  EXPECT_EQ(portrait.error().kind, ErrorKind::unsupported);
}

TEST_F(Analysis, knows_a_toothy_smile) {
  // NASA's photograph of Eileen Collins, public domain, and the U.S. Navy's of Grace Hopper: one laughs, one does not.
  std::filesystem::path astronaut, admiral;
  for (const char* root : {"/usr/lib/python3/dist-packages", "/usr/share/matplotlib"}) {
    if (!std::filesystem::exists(root)) continue;
    for (const char* place : {"skimage/data/astronaut.png"}) {
      if (std::filesystem::exists(std::filesystem::path(root) / place)) astronaut = std::filesystem::path(root) / place;
    }
    for (const char* place : {"matplotlib/mpl-data/sample_data/grace_hopper.jpg",
                              "mpl-data/sample_data/grace_hopper.jpg", "sample_data/grace_hopper.jpg"}) {
      if (std::filesystem::exists(std::filesystem::path(root) / place)) admiral = std::filesystem::path(root) / place;
    }
  }
  if (astronaut.empty() && admiral.empty())
    GTEST_SKIP() << "python3-skimage and python-matplotlib-data are not installed";
  if (!astronaut.empty()) {
    const auto portrait = analyse(read(astronaut));
    ASSERT_TRUE(portrait) << portrait.error().message;
    EXPECT_TRUE((*portrait)->rest.teeth_show);
    EXPECT_GT((*portrait)->rest.smile, 0.5);
  }
  if (!admiral.empty()) {
    const auto portrait = analyse(read(admiral));
    ASSERT_TRUE(portrait) << portrait.error().message;
    EXPECT_FALSE((*portrait)->rest.teeth_show);
    EXPECT_LT((*portrait)->rest.smile, 0.4);
  }
}

}  // namespace
}  // namespace avatar
