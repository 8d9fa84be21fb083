// SPDX-License-Identifier: Apache-2.0
#include "stream/contact_sheet.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/new_file.h"
#include "stream/frame_colour.h"

namespace avatar {
namespace {

constexpr int kPictures = kSheetColumns * kSheetRows;
constexpr int kGap = 4;  // px between pictures
constexpr int kLetterWidth = 5, kLetterHeight = 7, kLetterScale = 2;

// Drawn by us: one row a byte, the left pixel is bit 4.
struct Letter {
  char name;
  std::array<uint8_t, kLetterHeight> rows;
};
constexpr std::array<Letter, 12> kLetters{{{'0', {14, 17, 19, 21, 25, 17, 14}},
                                           {'1', {4, 12, 4, 4, 4, 4, 14}},
                                           {'2', {14, 17, 1, 2, 4, 8, 31}},
                                           {'3', {31, 2, 4, 2, 1, 17, 14}},
                                           {'4', {2, 6, 10, 18, 31, 2, 2}},
                                           {'5', {31, 16, 30, 1, 1, 17, 14}},
                                           {'6', {6, 8, 16, 30, 17, 17, 14}},
                                           {'7', {31, 1, 2, 4, 8, 8, 8}},
                                           {'8', {14, 17, 17, 14, 17, 17, 14}},
                                           {'9', {14, 17, 17, 15, 1, 2, 12}},
                                           {'.', {0, 0, 0, 0, 0, 12, 12}},
                                           {'s', {0, 0, 15, 16, 14, 1, 30}}}};

void draw_text(Image& image, int left, int top, std::string_view text) {
  for (const char c : text) {
    const auto* const letter =
        std::find_if(kLetters.begin(), kLetters.end(), [c](const Letter& l) { return l.name == c; });
    for (int y = 0; letter != kLetters.end() && y < kLetterHeight * kLetterScale; ++y) {
      for (int x = 0; x < kLetterWidth * kLetterScale; ++x) {
        const bool ink = (letter->rows[static_cast<size_t>(y / kLetterScale)] >> (4 - x / kLetterScale) & 1) != 0;
        if (ink && left + x < image.width && top + y < image.height) std::memset(image.at(left + x, top + y), 255, 3);
      }
    }
    left += (kLetterWidth + 1) * kLetterScale;
  }
}

// Area average by a whole factor.
Image shrunk(const Image& image, int factor) {
  Image small(image.width / factor, image.height / factor);
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int v = 0; v < factor; ++v) {
          for (int u = 0; u < factor; ++u) sum += image.at(x * factor + u, y * factor + v)[c];
        }
        small.at(x, y)[c] = static_cast<uint8_t>(sum / (factor * factor));
      }
    }
  }
  return small;
}

class ContactSheet final : public Sink {
 public:
  ContactSheet(std::filesystem::path path, WritePicture write) : path_(std::move(path)), write_(std::move(write)) {}

  Result<void> show(const Frame& frame, MediaTime time) override {
    if (seen_++ % stride_ != 0) return {};
    const int factor = (std::max(frame.width(), frame.height()) + kSheetPicture - 1) / kSheetPicture;
    kept_.push_back({time, shrunk(rgb_of(frame), factor)});
    if (kept_.size() < 4 * kPictures) return {};
    for (size_t i = 1; i < kept_.size() / 2; ++i) kept_[i] = std::move(kept_[2 * i]);
    kept_.resize(kept_.size() / 2);
    stride_ *= 2;
    return {};
  }
  Result<void> play(std::span<const float>, MediaTime) override { return {}; }

  Result<void> finish() override {
    if (kept_.empty()) return Error{ErrorKind::invalid, "a contact sheet of no pictures cannot be drawn"};
    const int shown = std::min(kPictures, static_cast<int>(kept_.size()));
    const int rows = (shown + kSheetColumns - 1) / kSheetColumns;
    const int width = kept_[0].image.width + kGap, height = kept_[0].image.height + kGap;
    Image sheet(kSheetColumns * width + kGap, rows * height + kGap);
    for (int i = 0; i < shown; ++i) {
      const auto& [time, image] = kept_[static_cast<size_t>(i) * kept_.size() / static_cast<size_t>(shown)];
      const int left = kGap + i % kSheetColumns * width, top = kGap + i / kSheetColumns * height;
      for (int y = 0; y < image.height; ++y) {
        std::memcpy(sheet.at(left, top + y), image.at(0, y), static_cast<size_t>(image.width) * 3);
      }
      std::array<char, 16> label;
      const int length = std::snprintf(label.data(), label.size(), "%.2fs", time.seconds());
      const int plate = (length * (kLetterWidth + 1) + 1) * kLetterScale;
      for (int y = 0; y < (kLetterHeight + 2) * kLetterScale && y < image.height; ++y) {
        std::memset(sheet.at(left, top + y), 0, static_cast<size_t>(std::min(plate, image.width)) * 3);
      }
      draw_text(sheet, left + kLetterScale, top + kLetterScale, label.data());
    }
    return write_(path_, sheet);
  }

 private:
  struct Kept {
    MediaTime time;
    Image image;
  };
  std::filesystem::path path_;
  WritePicture write_;
  std::vector<Kept> kept_;  // every stride_-th picture
  int64_t stride_ = 1;
  int64_t seen_ = 0;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_contact_sheet(const std::filesystem::path& path, WritePicture write) {
  if (auto probe = NewFile::create(path); !probe) return probe.error();
  return std::unique_ptr<Sink>(new ContactSheet(path, std::move(write)));
}

}  // namespace avatar
