// SPDX-License-Identifier: Apache-2.0
#include "face/picture_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>
#include <webp/encode.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace avatar {
namespace {

using Bytes = std::vector<uint8_t>;
using testing::HasSubstr;

Result<Image> decode(const Bytes& bytes) { return decode_picture(std::as_bytes(std::span(bytes))); }

/// Four quarters: red, green / blue, white. Wider than high, so that every turn shows.
Image quarters(int width = 96, int height = 80) {
  Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool right = x >= width / 2, low = y >= height / 2;
      uint8_t* p = picture.at(x, y);
      p[0] = right == low ? 255 : 0;
      p[1] = right ? 255 : 0;
      p[2] = low ? 255 : 0;
    }
  }
  return picture;
}

/// The colours in the middle of the four quarters, as letters: upper left, upper right, lower left, lower right.
std::string corners(const Image& p) {
  std::string out;
  for (const auto& [x, y] : {std::pair{1, 1}, {3, 1}, {1, 3}, {3, 3}}) {
    const uint8_t* c = p.at(p.width * x / 4, p.height * y / 4);
    const int bright = (c[0] > 127 ? 1 : 0) + (c[1] > 127 ? 2 : 0) + (c[2] > 127 ? 4 : 0);
    out += bright == 1 ? 'R' : bright == 2 ? 'G' : bright == 4 ? 'B' : bright == 7 ? 'W' : '?';
  }
  return out;
}

Bytes jpeg(const Image& p, int flags = 0) {
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int)
  const tjhandle encoder = tjInitCompress();
  tjCompress2(encoder, p.rgb.data(), p.width, 0, p.height, TJPF_RGB, &data, &size, TJSAMP_444, 95, flags);
  Bytes out(data, data + size);
  tjFree(data);
  tjDestroy(encoder);
  return out;
}

/// The same file with an EXIF segment that says so, in either byte order.
Bytes with_orientation(const Bytes& file, uint8_t orientation, bool little) {
  const auto two = [&](Bytes& to, uint16_t v) {
    const uint8_t low = v & 255, high = static_cast<uint8_t>(v >> 8);
    to.insert(to.end(), {little ? low : high, little ? high : low});
  };
  const auto four = [&](Bytes& to, uint16_t v) {
    if (!little) two(to, 0);
    two(to, v);
    if (little) two(to, 0);
  };
  Bytes tiff;
  tiff.reserve(40);
  for (const char c : {'E', 'x', 'i', 'f', '\0', '\0'}) tiff.push_back(static_cast<uint8_t>(c));
  tiff.insert(tiff.end(), 2U, little ? 'I' : 'M');
  two(tiff, 42);
  four(tiff, 8);  // offset of IFD 0
  two(tiff, 1);   // one entry: orientation, type short, one value
  two(tiff, 0x0112);
  two(tiff, 3);
  four(tiff, 1);
  two(tiff, orientation);
  two(tiff, 0);
  four(tiff, 0);
  Bytes out{0xff, 0xd8, 0xff, 0xe1, 0, static_cast<uint8_t>(tiff.size() + 2)};
  out.insert(out.end(), tiff.begin(), tiff.end());
  out.insert(out.end(), file.begin() + 2, file.end());
  return out;
}

/// format: one of libpng's PNG_FORMAT_; pixels as it wants them.
template <typename T>
Bytes png(int width, int height, png_uint_32 format, const std::vector<T>& pixels, const Bytes& palette = {}) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = format;
  image.colormap_entries = static_cast<png_uint_32>(palette.size() / 3);
  const void* colours = palette.empty() ? nullptr : palette.data();
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, colours);
  Bytes out(size);
  png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), 0, colours);
  out.resize(size);
  return out;
}

TEST(DecodePicture, turns_a_jpeg_as_its_exif_orientation_says) {
  // Where the file's corners (R G / B W) come to lie, EXIF 2.32: 6 = turn right by a quarter, 8 = left, and so on.
  const std::array<std::string, 9> expected{"", "RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};
  const Bytes file = jpeg(quarters());
  for (uint8_t o = 1; o <= 8; ++o) {
    for (const bool little : {true, false}) {
      const auto picture = decode(with_orientation(file, o, little));
      ASSERT_TRUE(picture) << picture.error().message;
      EXPECT_EQ(corners(*picture), expected[o]) << "orientation " << int{o};
      EXPECT_EQ(picture->width, o < 5 ? 96 : 80);
    }
  }
}

TEST(DecodePicture, reads_an_orientation_it_does_not_know_as_upright) {
  for (const uint8_t o : {0, 9, 200}) {
    const auto picture = decode(with_orientation(jpeg(quarters()), o, true));
    ASSERT_TRUE(picture);
    EXPECT_EQ(corners(*picture), "RGBW");
  }
}

TEST(DecodePicture, survives_an_exif_segment_cut_anywhere) {
  const Bytes whole = with_orientation(jpeg(quarters()), 6, true);
  for (uint8_t length = 2; length < 40; ++length) {  // the segment claims less than it has: the rest is no marker
    Bytes file = whole;
    file[5] = length;
    (void)decode(file);
  }
}

TEST(DecodePicture, reads_every_kind_of_png) {
  const Image picture = quarters();
  EXPECT_EQ(corners(*decode(png(96, 80, PNG_FORMAT_RGB, picture.rgb))), "RGBW");

  std::vector<uint16_t> deep;  // libpng wants 16 bits linear; bright and dark stay what they are
  for (const uint8_t v : picture.rgb) deep.push_back(static_cast<uint16_t>(v * 257));
  EXPECT_EQ(corners(*decode(png(96, 80, PNG_FORMAT_LINEAR_RGB, deep))), "RGBW");

  Bytes grey(96 * 80, 200);
  const auto from_grey = decode(png(96, 80, PNG_FORMAT_GRAY, grey));
  ASSERT_TRUE(from_grey);
  EXPECT_THAT(std::vector(from_grey->at(5, 5), from_grey->at(5, 5) + 3), testing::Each(200));

  Bytes indices;
  for (int i = 0; i < 96 * 80; ++i)
    indices.push_back(static_cast<uint8_t>((i / 96 >= 40 ? 2 : 0) + (i % 96 >= 48 ? 1 : 0)));
  const Bytes palette{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
  EXPECT_EQ(corners(*decode(png(96, 80, PNG_FORMAT_RGB_COLORMAP, indices, palette))), "RGBW");
}

TEST(DecodePicture, lays_alpha_over_a_light_grey) {
  Bytes rgba;
  for (int i = 0; i < 96 * 80; ++i) rgba.insert(rgba.end(), {255, 0, 0, static_cast<uint8_t>(i % 96 < 48 ? 255 : 0)});
  Bytes webp;
  uint8_t* data = nullptr;
  const size_t size = WebPEncodeLosslessRGBA(rgba.data(), 96, 80, 96 * 4, &data);
  webp.assign(data, data + size);
  WebPFree(data);
  for (const Bytes& file : {png(96, 80, PNG_FORMAT_RGBA, rgba), webp}) {
    const auto picture = decode(file);
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_THAT(std::vector(picture->at(10, 40), picture->at(10, 40) + 3), testing::ElementsAre(255, 0, 0));
    EXPECT_THAT(std::vector(picture->at(80, 40), picture->at(80, 40) + 3), testing::Each(224));
  }
}

TEST(DecodePicture, reads_webp) {
  const Image picture = quarters();
  uint8_t* data = nullptr;
  const size_t size = WebPEncodeRGB(picture.rgb.data(), 96, 80, 96 * 3, 90, &data);
  const auto decoded = decode(Bytes(data, data + size));
  const auto cut = decode(Bytes(data, data + size / 2));
  WebPFree(data);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(corners(*decoded), "RGBW");
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("cut off"));
}

TEST(DecodePicture, makes_a_large_picture_at_most_2048_wide) {
  for (const auto& [width, height] : {std::pair{3000, 1000}, {5000, 2500}}) {
    const auto picture = decode(jpeg(quarters(width, height)));
    ASSERT_TRUE(picture);
    EXPECT_EQ(picture->width, 2048);
    EXPECT_NEAR(picture->height, 2048.0 * height / width, 1);
    EXPECT_EQ(corners(*picture), "RGBW");
  }
}

TEST(DecodePicture, refuses_a_jpeg_that_is_cut_off) {
  for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
    Image noise(256, 256);
    uint32_t seed = 1;
    for (uint8_t& v : noise.rgb) v = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
    Bytes file = jpeg(noise, flags);
    ASSERT_TRUE(decode(file));
    for (const size_t keep : {file.size() / 4, file.size() / 2, file.size() - 200}) {
      const auto picture = decode(Bytes(file.begin(), file.begin() + static_cast<int64_t>(keep)));
      ASSERT_FALSE(picture) << "flags " << flags << ", " << keep << " of " << file.size();
      EXPECT_EQ(picture.error().kind, ErrorKind::invalid);
    }
  }
}

TEST(DecodePicture, refuses_a_png_that_is_cut_off) {
  const Bytes file = png(96, 80, PNG_FORMAT_RGB, quarters().rgb);
  const auto picture = decode(Bytes(file.begin(), file.begin() + static_cast<int64_t>(file.size() / 2)));
  ASSERT_FALSE(picture);
  EXPECT_THAT(picture.error().message, HasSubstr("cut off"));
}

TEST(DecodePicture, says_what_to_do_with_a_file_it_cannot_take) {
  const std::string text = "this is a text file named portrait.jpg";
  struct {
    Bytes file;
    ErrorKind kind;
    const char* words;
  } cases[] = {
      {{}, ErrorKind::invalid, "empty"},
      {Bytes(text.begin(), text.end()), ErrorKind::unsupported, "JPEG, PNG or WebP"},
      {Bytes(kMaxPictureBytes + 1, 0xff), ErrorKind::invalid, "10 MB"},
      {png(1, 1, PNG_FORMAT_RGB, Bytes(3)), ErrorKind::invalid, "1 x 1"},
      {{0xff, 0xd8, 0xff, 0xe0}, ErrorKind::invalid, "cannot be read"},
  };
  for (const auto& c : cases) {
    const auto picture = decode(c.file);
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().kind, c.kind);
    EXPECT_THAT(picture.error().message, HasSubstr(c.words));
    EXPECT_THAT(picture.error().message, Not(HasSubstr("\n")));
  }
}

TEST(DecodePicture, refuses_forty_thousand_squared_by_its_header_alone) {
  // A small PNG whose header claims 40,000 x 40,000: were it decoded, it would take gigabytes.
  Bytes file = png(96, 80, PNG_FORMAT_RGB, quarters().rgb);
  const auto put = [&](size_t at, uint32_t v) {
    for (size_t i = 0; i < 4; ++i) file[at + i] = static_cast<uint8_t>(v >> (24 - 8 * i));
  };
  put(16, 40000);
  put(20, 40000);
  put(29, static_cast<uint32_t>(crc32(0, &file[12], 17)));  // of the header chunk, its name and 13 bytes
  const auto picture = decode(file);
  ASSERT_FALSE(picture);
  EXPECT_THAT(picture.error().message, HasSubstr("40 megapixels"));
}

TEST(WritePng, comes_back_the_same_and_leaves_nothing_else) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "write_png_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const Image picture = quarters();
  ASSERT_TRUE(write_png(folder / "a.png", picture));
  std::ifstream in(folder / "a.png", std::ios::binary);
  EXPECT_EQ(decode(Bytes(std::istreambuf_iterator<char>(in), {}))->rgb, picture.rgb);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST(WritePng, says_why_when_the_place_refuses) {
  const auto failed = write_png("/no/such/folder/a.png", quarters());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(failed.error().message, HasSubstr("/no/such/folder/a.png"));
}

}  // namespace
}  // namespace avatar
