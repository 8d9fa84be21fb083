// SPDX-License-Identifier: Apache-2.0
#include "stream/label_sink.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

namespace avatar {
namespace {

constexpr std::array kFonts{
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
};
constexpr int kStrip = 150;  // of 255: how dark the strip makes what lies under it
constexpr int kBlack = 16, kWhite = 235, kGrey = 128;

struct Library {
  Library() { is_open = FT_Init_FreeType(&library) == 0; }
  ~Library() {
    if (is_open) FT_Done_FreeType(library);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  FT_Library library = nullptr;
  bool is_open = false;
};

struct Face {
  explicit Face(const Library& library) {
    for (const char* font : kFonts) {
      if (library.is_open && FT_New_Face(library.library, font, 0, &face) == 0) return;
    }
    face = nullptr;
  }
  ~Face() {
    if (face != nullptr) FT_Done_Face(face);
  }
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;
  FT_Face face = nullptr;
};

// The next character of UTF-8 text (RFC 3629). Nothing: it is broken.
std::optional<uint32_t> next_character(const std::string& text, size_t& at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const uint8_t first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC2 || first > 0xF4) return std::nullopt;
  uint32_t character = first & (0x3FU >> more);
  for (int i = 0; i < more; ++i) {
    const uint8_t next = byte(at++);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    character = character << 6 | (next & 0x3F);
  }
  return character;
}

class LabelSink final : public Sink {
 public:
  LabelSink(Label label, std::unique_ptr<Sink> sink) : label_(std::move(label)), sink_(std::move(sink)) {}
  Result<void> show(const Frame& frame, MediaTime time) override {
    labelled_ = frame;
    label_.draw(labelled_);
    return sink_->show(labelled_, time);
  }
  Result<void> play(std::span<const float> sound, MediaTime time) override { return sink_->play(sound, time); }
  Result<void> finish() override { return sink_->finish(); }

 private:
  const Label label_;
  const std::unique_ptr<Sink> sink_;
  Frame labelled_;
};

}  // namespace

Result<Label> Label::make(const std::string& words, int width, int height) {
  const Library library;
  const Face font(library);
  if (font.face == nullptr) {
    return Error{ErrorKind::unavailable, "a label needs a font: install fonts-dejavu-core"};
  }
  const int size = std::max(11, height * 3 / 100), margin = size / 2;
  FT_Set_Pixel_Sizes(font.face, 0, static_cast<FT_UInt>(size));
  Label label;
  label.height_ = (size * 8 / 5 + 1) / 2 * 2;
  label.width_ = width;
  label.words_.assign(static_cast<size_t>(label.width_) * static_cast<size_t>(label.height_), 0);
  const int base = size * 6 / 5;
  int right = margin;
  for (size_t at = 0; at < words.size();) {
    const auto character = next_character(words, at);
    if (!character) return Error{ErrorKind::invalid, "the label is not UTF-8"};
    if (FT_Load_Char(font.face, *character, FT_LOAD_RENDER) != 0) continue;
    const FT_GlyphSlot glyph = font.face->glyph;
    for (int y = 0; y < static_cast<int>(glyph->bitmap.rows); ++y) {
      for (int x = 0; x < static_cast<int>(glyph->bitmap.width); ++x) {
        const int to_x = right + glyph->bitmap_left + x, to_y = base - glyph->bitmap_top + y;
        if (to_x < 0 || to_x >= label.width_ || to_y < 0 || to_y >= label.height_) continue;
        uint8_t& pixel =
            label.words_[static_cast<size_t>(to_y) * static_cast<size_t>(label.width_) + static_cast<size_t>(to_x)];
        pixel = std::max(pixel, glyph->bitmap.buffer[y * glyph->bitmap.pitch + x]);
      }
    }
    right += static_cast<int>(glyph->advance.x >> 6);
    if (right + 2 * margin > width) return Error{ErrorKind::invalid, "the label is wider than the picture"};
  }
  if (right == margin) return Error{ErrorKind::invalid, "the label is empty"};
  // Only the strip itself is kept.
  const int used = (right + margin + 1) / 2 * 2;
  for (int y = 0; y < label.height_; ++y) {
    std::copy_n(label.words_.begin() + static_cast<ptrdiff_t>(y) * label.width_, used,
                label.words_.begin() + static_cast<ptrdiff_t>(y) * used);
  }
  label.width_ = used;
  label.words_.resize(static_cast<size_t>(used) * static_cast<size_t>(label.height_));
  label.left_ = margin / 2 * 2;
  label.top_ = (height - label.height_ - margin) / 2 * 2;
  return label;
}

void Label::draw(Frame& frame) const {
  CHECK(left_ + width_ <= frame.width() && top_ >= 0 && top_ + height_ <= frame.height());
  for (int row = 0; row < height_; ++row) {
    const uint8_t* words = &words_[static_cast<size_t>(row) * static_cast<size_t>(width_)];
    uint8_t* y = frame.y() + static_cast<ptrdiff_t>(top_ + row) * frame.width() + left_;
    for (int x = 0; x < width_; ++x) {
      const int under = (y[x] * (255 - kStrip) + kBlack * kStrip) / 255;
      y[x] = static_cast<uint8_t>((under * (255 - words[x]) + kWhite * words[x]) / 255);
    }
    if (row % 2 != 0) continue;
    const ptrdiff_t chroma = static_cast<ptrdiff_t>((top_ + row) / 2) * (frame.width() / 2) + left_ / 2;
    for (int x = 0; x < width_ / 2; ++x) {
      const int grey = std::max<int>(kStrip, words[2 * x]);
      for (uint8_t* plane : {frame.u() + chroma, frame.v() + chroma}) {
        plane[x] = static_cast<uint8_t>((plane[x] * (255 - grey) + kGrey * grey) / 255);
      }
    }
  }
}

std::unique_ptr<Sink> make_label_sink(Label label, std::unique_ptr<Sink> sink) {
  return std::make_unique<LabelSink>(std::move(label), std::move(sink));
}

}  // namespace avatar
