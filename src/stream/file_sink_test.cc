// SPDX-License-Identifier: Apache-2.0
#include "stream/file_sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "stream/gstreamer.h"
#include "stream/sound_file.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

constexpr int kFps = 25;
constexpr int kPictures = 50;                        // 2 s
constexpr int kStep = kSampleRate / kFps;            // samples under a picture
constexpr int kFlash = 20;                           // the white picture
constexpr int64_t kClick = int64_t{kFlash} * kStep;  // the sample of the click: 0.8 s

class FileSinkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { prepare_gstreamer(); }
  void SetUp() override {
    fs::create_directories(folder_);
    prepared_.resize(static_cast<size_t>(kPictures) * kStep);
    // A click with a clear middle: one millisecond of a raised cosine.
    for (int i = -24; i <= 24; ++i) {
      prepared_[static_cast<size_t>(kClick + i)] = 0.4F * (1 + std::cos(static_cast<float>(i) * 3.14159F / 24));
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A white picture and a click at the same time, in black and silence.
  void write_flash_and_click(const fs::path& path) const {
    auto sink = make_file_sink(path, 128, 128, kFps);
    ASSERT_TRUE(sink);
    Frame frame(128, 128);
    std::fill_n(frame.u(), 2 * 64 * 64, uint8_t{128});
    for (int i = 0; i < kPictures; ++i) {
      std::fill_n(frame.y(), 128 * 128, static_cast<uint8_t>(i == kFlash ? 235 : 16));
      const MediaTime t = MediaTime::of_picture(i, kFps);
      ASSERT_TRUE((*sink)->show(frame, t));
      ASSERT_TRUE((*sink)->play({&prepared_[static_cast<size_t>(i) * kStep], kStep}, t));
    }
    ASSERT_TRUE((*sink)->finish());
  }

  static int64_t loudest(const std::vector<float>& sound) {
    const auto at =
        std::max_element(sound.begin(), sound.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
    return at - sound.begin();
  }
  static std::string output_of(const std::string& command) {
    std::string all;
    FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
    std::array<char, 4096> some;
    while (size_t n = std::fread(some.data(), 1, some.size(), pipe)) all.append(some.data(), n);
    ::pclose(pipe);
    return all;
  }
  [[nodiscard]] int files() const {
    return static_cast<int>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  [[nodiscard]] static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::vector<float> prepared_;
  fs::path folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(FileSinkTest, can_be_read_again_as_speech) {
  write_flash_and_click(folder_ / "a.mp4");
  auto file = SoundFile::open(folder_ / "a.mp4");
  ASSERT_TRUE(file) << file.error().message;
  std::vector<float> sound(prepared_.size() + 8192);
  auto n = file->read(sound);
  ASSERT_TRUE(n);
  sound.resize(*n);
  // FAAD2 leaves out the first frame that it sees; FFmpeg is the better judge, below.
  EXPECT_NEAR(static_cast<double>(loudest(sound)), static_cast<double>(kClick), 1024 + 2);
}

TEST_F(FileSinkTest, plays_click_and_flash_in_the_same_millisecond_in_another_house) {
  if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no ffmpeg";
  const fs::path path = folder_ / "a.mp4";
  write_flash_and_click(path);
  const std::string sound = output_of("ffmpeg -i " + path.string() + " -f f32le -ac 1 -");
  // FFmpeg 5 keeps the padding of the last frame, whatever the edit list says; newer ones do not.
  ASSERT_GE(sound.size(), prepared_.size() * sizeof(float));
  ASSERT_LT(sound.size(), (prepared_.size() + 1024) * sizeof(float));
  std::vector<float> samples(sound.size() / sizeof(float));
  std::copy(sound.begin(), sound.end(), reinterpret_cast<char*>(samples.data()));

  // Times of the pictures as a player sees them, and which of them is white.
  const std::string grey = output_of("ffmpeg -i " + path.string() + " -vf scale=1:1 -pix_fmt gray -f rawvideo -");
  ASSERT_EQ(grey.size(), size_t{kPictures});
  const auto white =
      std::max_element(grey.begin(), grey.end(),
                       [](char a, char b) { return static_cast<uint8_t>(a) < static_cast<uint8_t>(b); }) -
      grey.begin();
  const std::string times =
      output_of("ffprobe -v error -select_streams v -show_entries frame=pts_time -of csv=p=0 " + path.string());
  std::vector<double> seconds;
  for (size_t at = 0; at < times.size(); at = times.find('\n', at) + 1) seconds.push_back(std::atof(&times[at]));
  ASSERT_EQ(seconds.size(), size_t{kPictures});
  EXPECT_NEAR(seconds[static_cast<size_t>(white)], static_cast<double>(loudest(samples)) / kSampleRate, 0.001);
  EXPECT_NEAR(seconds[static_cast<size_t>(white)], 0.8, 1e-6);
}

TEST_F(FileSinkTest, gives_the_same_bytes_again) {
  write_flash_and_click(folder_ / "a.mp4");
  write_flash_and_click(folder_ / "b.mp4");
  EXPECT_EQ(content(folder_ / "a.mp4"), content(folder_ / "b.mp4"));
}

TEST_F(FileSinkTest, has_its_index_in_front_and_says_that_it_is_synthetic) {
  write_flash_and_click(folder_ / "a.mp4");
  const std::string bytes = content(folder_ / "a.mp4");
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
  EXPECT_NE(bytes.find("newscodes/digitalsourcetype/compositeSynthetic"), std::string::npos);
}

TEST_F(FileSinkTest, leaves_nothing_behind_when_it_is_given_up) {
  {
    auto sink = make_file_sink(folder_ / "a.mp4", 128, 128, kFps);
    ASSERT_TRUE(sink);
    ASSERT_TRUE((*sink)->show(Frame(128, 128), {}));
    EXPECT_EQ(files(), 1);
  }
  EXPECT_EQ(files(), 0);
}

TEST_F(FileSinkTest, says_so_when_the_disk_is_full_and_leaves_nothing_behind) {
  // A limit on the size of files stands in for a full disk: write() fails with EFBIG instead of ENOSPC.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{16384, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  Result<void> shown;
  {
    auto sink = make_file_sink(folder_ / "a.mp4", 256, 256, kFps);
    ASSERT_TRUE(sink);
    Frame frame(256, 256);
    for (int i = 0; i < 100 && shown; ++i) {
      for (size_t p = 0; p < size_t{256} * 256; ++p)
        frame.y()[p] = static_cast<uint8_t>((p * 2654435761U + static_cast<size_t>(i) * 40503U) >> 13);
      shown = (*sink)->show(frame, MediaTime::of_picture(i, kFps));
    }
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().kind, ErrorKind::unavailable);
  EXPECT_NE(shown.error().message.find("a.mp4"), std::string::npos);
  EXPECT_EQ(files(), 0);
}

}  // namespace
}  // namespace avatar
