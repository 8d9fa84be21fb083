// SPDX-License-Identifier: Apache-2.0
// The sinks without sound: y4m, picture files, contact sheet.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "stream/contact_sheet.h"
#include "stream/png_sink.h"
#include "stream/y4m_sink.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

class PlainSinksTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  static Frame grey(int size, int luma) {
    Frame frame(size, size);
    std::fill_n(frame.y(), size * size, static_cast<uint8_t>(luma));
    std::fill_n(frame.u(), size * size / 2, uint8_t{128});
    return frame;
  }
  [[nodiscard]] static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] int files() const {
    return static_cast<int>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  WritePicture remember() {
    return [this](const fs::path& path, const Image& image) {
      std::ofstream(path) << "x";
      written_[path.filename().string()] = image;
      return Result<void>();
    };
  }

  std::map<std::string, Image> written_;
  fs::path folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(PlainSinksTest, y4m_is_a_header_and_the_bytes_of_each_frame) {
  auto sink = make_y4m_sink(folder_ / "a.y4m", 128, 128, 30);
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->show(grey(128, 20), {}));
  ASSERT_TRUE((*sink)->show(grey(128, 21), MediaTime::of_picture(1, 30)));
  EXPECT_FALSE(fs::exists(folder_ / "a.y4m"));
  ASSERT_TRUE((*sink)->finish());
  const std::string bytes = content(folder_ / "a.y4m");
  const std::string header = "YUV4MPEG2 W128 H128 F30:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n";
  constexpr size_t kFrame = 128 * 128 * 3 / 2;
  ASSERT_EQ(bytes.size(), header.size() + 2 * (6 + kFrame));
  EXPECT_EQ(bytes.substr(0, header.size() + 6), header + "FRAME\n");
  EXPECT_EQ(bytes[header.size() + 6], 20);
  EXPECT_EQ(bytes[header.size() + 6 + kFrame + 6], 21);
  EXPECT_EQ(static_cast<uint8_t>(bytes.back()), 128);
}

TEST_F(PlainSinksTest, y4m_says_so_when_the_device_is_full) {
  auto sink = make_y4m_sink("/dev/full", 128, 128, 25);
  ASSERT_TRUE(sink);
  auto shown = (*sink)->show(grey(128, 16), {});
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().kind, ErrorKind::unavailable);
}

TEST_F(PlainSinksTest, png_frames_are_numbered_and_appear_together) {
  auto sink = make_png_sink(folder_ / "frames/", remember());
  ASSERT_TRUE(sink) << sink.error().message;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*sink)->show(grey(128, 126), MediaTime::of_picture(i, 25)));
  EXPECT_FALSE(fs::exists(folder_ / "frames"));
  ASSERT_TRUE((*sink)->finish());
  EXPECT_TRUE(fs::exists(folder_ / "frames" / "frame_00002.png"));
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(written_["frame_00000.png"].at(5, 5)[1], 128);
}

TEST_F(PlainSinksTest, png_frames_leave_nothing_behind_when_given_up_and_never_mix_with_older_ones) {
  {
    auto sink = make_png_sink(folder_ / "frames", remember());
    ASSERT_TRUE(sink);
    ASSERT_TRUE((*sink)->show(grey(128, 126), {}));
  }
  EXPECT_EQ(files(), 0);
  fs::create_directory(folder_ / "frames");
  std::ofstream(folder_ / "frames" / "mine.txt") << "x";
  auto sink = make_png_sink(folder_ / "frames", remember());
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::invalid);
}

TEST_F(PlainSinksTest, contact_sheet_spreads_its_frames_evenly_over_any_length) {
  for (const int pictures : {1, 24, 95, 96, 1000}) {
    auto made = make_contact_sheet(folder_ / "sheet.png", remember());
    ASSERT_TRUE(made);
    const auto sink = std::move(*made);
    for (int i = 0; i < pictures; ++i) {
      // Luma tells the place in the video: 16 at its start, 216 at its end.
      ASSERT_TRUE(sink->show(grey(128, 16 + 200 * i / pictures), MediaTime::of_picture(i, 25)));
    }
    ASSERT_TRUE(sink->finish());
    const Image& sheet = written_["sheet.png"];
    const int shown = std::min(pictures, kSheetColumns * kSheetRows);
    ASSERT_EQ(sheet.width, kSheetColumns * (128 + 4) + 4);
    ASSERT_EQ(sheet.height, (shown + kSheetColumns - 1) / kSheetColumns * (128 + 4) + 4);
    for (int i = 0; i < shown; ++i) {
      const uint8_t* middle = sheet.at(4 + i % kSheetColumns * 132 + 64, 4 + i / kSheetColumns * 132 + 64);
      EXPECT_NEAR(middle[0], 200 * i / shown * 255 / 219, 12) << i << " of " << pictures;
    }
  }
}

TEST_F(PlainSinksTest, contact_sheet_carries_readable_times) {
  auto made = make_contact_sheet(folder_ / "sheet.png", remember());
  ASSERT_TRUE(made);
  const auto sink = std::move(*made);
  ASSERT_TRUE(sink->show(grey(128, 126), MediaTime::from_ms(1000)));
  ASSERT_TRUE(sink->finish());
  const Image& sheet = written_["sheet.png"];
  // "1.00s": the 1's foot is a white bar of three dots at row 6, columns 1 to 3 of the first letter.
  const int left = 4 + 2, top = 4 + 2;
  EXPECT_EQ(sheet.at(left + 1 * 2, top + 6 * 2)[0], 255);
  EXPECT_EQ(sheet.at(left + 3 * 2, top + 6 * 2)[0], 255);
  EXPECT_EQ(sheet.at(left + 0 * 2, top + 6 * 2)[0], 0);
}

}  // namespace
}  // namespace avatar
