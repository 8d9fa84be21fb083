// SPDX-License-Identifier: Apache-2.0
#include "face/picture_file.h"

#include <png.h>
#include <turbojpeg.h>
#include <unistd.h>
#include <webp/decode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "face/resize.h"

namespace avatar {
namespace {

constexpr uint8_t kBehindAlpha = 224;  ///< light neutral grey, chosen by eye: dark and light hair both stand out

Error invalid(std::string message) { return {ErrorKind::invalid, std::move(message)}; }

/// The limits that a header can break.
Result<void> check_size(int64_t width, int64_t height) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height);
  if (width < kMinPictureSide || height < kMinPictureSide) {
    return invalid("the picture has only " + size + " pixels; send one of at least 64 x 64, better 512 x 512");
  }
  if (width * height > kMaxPicturePixels) {
    return invalid("the picture has " + size + " pixels; send one of at most 40 megapixels");
  }
  return {};
}

/// RGBA, alpha not multiplied in -> RGB over the neutral grey.
Image flatten(std::span<const uint8_t> rgba, int width, int height) {
  Image out(width, height);
  for (size_t i = 0, n = out.rgb.size() / 3; i < n; ++i) {
    const int a = rgba[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) {
      out.rgb[3 * i + c] = static_cast<uint8_t>((rgba[4 * i + c] * a + kBehindAlpha * (255 - a) + 127) / 255);
    }
  }
  return out;
}

// ---------------------------------------------------------------------------------------------------------- JPEG

/// EXIF 2.32: the orientation of IFD 0, 1 when the file says nothing sensible.
int exif_orientation(std::span<const uint8_t> jpeg) {
  const auto big16 = [&](size_t at) { return jpeg[at] << 8 | jpeg[at + 1]; };
  size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xff && jpeg[at + 1] != 0xda) {
    const size_t length = static_cast<size_t>(big16(at + 2));
    if (length < 2 || at + 2 + length > jpeg.size()) return 1;
    const auto segment = jpeg.subspan(at + 4, length - 2);
    const bool is_app1 = jpeg[at + 1] == 0xe1;
    at += 2 + length;
    if (!is_app1 || segment.size() < 14 || std::memcmp(segment.data(), "Exif\0\0", 6) != 0) continue;

    const auto tiff = segment.subspan(6);
    const bool little = tiff[0] == 'I';
    const auto number = [&](size_t where, size_t bytes) {
      uint32_t v = 0;
      for (size_t i = 0; i < bytes; ++i) v = v << 8 | tiff[where + (little ? bytes - 1 - i : i)];
      return v;
    };
    const size_t ifd = number(4, 4);
    if (ifd > tiff.size() || tiff.size() - ifd < 2) return 1;
    const size_t entries = number(ifd, 2);
    for (size_t i = 0; i < entries && ifd + 2 + 12 * (i + 1) <= tiff.size(); ++i) {
      const size_t entry = ifd + 2 + 12 * i;
      if (number(entry, 2) != 0x0112) continue;
      const uint32_t orientation = number(entry + 8, 2);
      return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
    }
    return 1;
  }
  return 1;
}

/// Turns and mirrors so that the picture stands as it was taken (EXIF 2.32, tag Orientation).
Image upright(Image picture, int orientation) {
  if (orientation == 1) return picture;
  const bool swapped = orientation >= 5;
  const int w = picture.width, h = picture.height;
  Image out(swapped ? h : w, swapped ? w : h);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int sx = swapped ? y : x, sy = swapped ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) sx = w - 1 - sx;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) sy = h - 1 - sy;
      std::memcpy(out.at(x, y), picture.at(sx, sy), 3);
    }
  }
  return out;
}

Result<Image> decode_jpeg(std::span<const uint8_t> file) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  int width = 0, height = 0, subsampling = 0, colour = 0;
  const auto size = static_cast<unsigned long>(file.size());  // NOLINT(google-runtime-int): the library's type
  // A warning is no reason to refuse; a header that could not be read leaves no size.
  tjDecompressHeader3(decoder.get(), file.data(), size, &width, &height, &subsampling, &colour);
  if (width < 1 || height < 1) return invalid("the JPEG cannot be read; save it anew and send that");
  if (auto fits = check_size(width, height); !fits) return fits.error();

  // A large picture is made smaller while it is decoded, as long as it stays above what we keep.
  int count = 0;
  const tjscalingfactor* factors = tjGetScalingFactors(&count);
  tjscalingfactor scale{1, 1};
  for (const auto& f : std::span(factors, static_cast<size_t>(count))) {
    const bool keeps_enough = TJSCALED(std::max(width, height), f) >= kMaxPortraitSide;
    if (keeps_enough && f.num * scale.denom < scale.num * f.denom) scale = f;
  }
  width = TJSCALED(width, scale);
  height = TJSCALED(height, scale);

  const bool cmyk = colour == TJCS_CMYK || colour == TJCS_YCCK;
  std::vector<uint8_t> pixels(static_cast<size_t>(width) * height * (cmyk ? 4 : 3));
  if (tjDecompress2(decoder.get(), file.data(), size, pixels.data(), width, 0, height, cmyk ? TJPF_CMYK : TJPF_RGB,
                    TJFLAG_LIMITSCANS) != 0) {
    // Warnings are of many kinds; only the one about missing data means that part of the picture is not there.
    const std::string_view why = tjGetErrorStr2(decoder.get());
    if (tjGetErrorCode(decoder.get()) == TJERR_FATAL) {
      return invalid("the JPEG is broken (" + std::string(why) + "); save it anew and send that");
    }
    if (why.find("remature end") != std::string_view::npos) {
      return invalid("the JPEG is cut off before its end; send the whole file");
    }
  }
  Image out;
  if (cmyk) {  // Adobe stores the inks inverted: 255 = none
    out = Image(width, height);
    for (size_t i = 0, n = out.rgb.size() / 3; i < n; ++i) {
      for (size_t c = 0; c < 3; ++c) {
        out.rgb[3 * i + c] = static_cast<uint8_t>((pixels[4 * i + c] * pixels[4 * i + 3] + 127) / 255);
      }
    }
  } else {
    out.width = width;
    out.height = height;
    out.rgb = std::move(pixels);
  }
  return upright(std::move(out), exif_orientation(file));
}

// ----------------------------------------------------------------------------------------------------------- PNG

Result<Image> decode_png(std::span<const uint8_t> file) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> owner(&png, png_image_free);
  const auto broken = [&] {
    return invalid(std::string("the PNG is cut off or broken (") + png.message + "); send the whole file");
  };
  if (png_image_begin_read_from_memory(&png, file.data(), file.size()) == 0) return broken();
  if (auto fits = check_size(png.width, png.height); !fits) return fits.error();
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16-bit files without a gamma are sRGB, as everywhere
  const bool alpha = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  png.format = alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  const int width = static_cast<int>(png.width), height = static_cast<int>(png.height);
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, pixels.data(), 0, nullptr) == 0) return broken();
  if (alpha) return flatten(pixels, width, height);
  Image out;
  out.width = width;
  out.height = height;
  out.rgb = std::move(pixels);
  return out;
}

// ---------------------------------------------------------------------------------------------------------- WebP

Result<Image> decode_webp(std::span<const uint8_t> file) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(file.data(), file.size(), &features) != VP8_STATUS_OK) {
    return invalid("the WebP cannot be read; save it anew and send that");
  }
  if (auto fits = check_size(features.width, features.height); !fits) return fits.error();
  if (features.has_animation != 0) return invalid("the WebP is an animation; send one still picture of it");
  Image out(features.width, features.height);
  const int pixels = features.width * features.height;
  bool whole = false;
  if (features.has_alpha != 0) {
    std::vector<uint8_t> rgba(static_cast<size_t>(pixels) * 4);
    whole = WebPDecodeRGBAInto(file.data(), file.size(), rgba.data(), rgba.size(), features.width * 4) != nullptr;
    if (whole) out = flatten(rgba, features.width, features.height);
  } else {
    whole = WebPDecodeRGBInto(file.data(), file.size(), out.rgb.data(), out.rgb.size(), features.width * 3) != nullptr;
  }
  if (!whole) return invalid("the WebP is cut off or broken; send the whole file");
  return out;
}

bool starts_with(std::span<const uint8_t> file, std::string_view magic, size_t at = 0) {
  return file.size() >= at + magic.size() && std::memcmp(file.data() + at, magic.data(), magic.size()) == 0;
}

Result<Image> decode(std::span<const uint8_t> file) {
  if (starts_with(file, "\xff\xd8\xff")) return decode_jpeg(file);
  if (starts_with(file, "\x89PNG\r\n\x1a\n")) return decode_png(file);
  if (starts_with(file, "RIFF") && starts_with(file, "WEBP", 8)) return decode_webp(file);
  return Error{ErrorKind::unsupported, "the file is no JPEG, PNG or WebP picture; send one of these"};
}

}  // namespace

Result<Image> decode_picture(std::span<const std::byte> file) {
  if (file.empty()) return invalid("the picture file is empty; send a JPEG, PNG or WebP");
  if (file.size() > kMaxPictureBytes) return invalid("the picture file is larger than 10 MB; send a smaller one");
  auto picture = decode({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
  if (!picture) return picture;
  const int longest = std::max(picture->width, picture->height);
  if (longest <= kMaxPortraitSide) return picture;
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(side) * kMaxPortraitSide / longest)));
  };
  return shrink(*picture, scaled(picture->width), scaled(picture->height));
}

Result<void> write_png(const std::filesystem::path& path, const Image& picture) {
  std::filesystem::path part = path;
  part += '.';
  part += std::to_string(getpid());
  part += ".part";
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(picture.width);
  png.height = static_cast<png_uint_32>(picture.height);
  png.format = PNG_FORMAT_RGB;
  png.flags = PNG_IMAGE_FLAG_FAST;
  std::error_code failed;
  std::string why;
  if (png_image_write_to_file(&png, part.c_str(), 0, picture.rgb.data(), 0, nullptr) == 0) {
    why = png.message;
  } else {
    std::filesystem::rename(part, path, failed);
    if (failed) why = failed.message();
  }
  if (why.empty()) return {};
  std::filesystem::remove(part, failed);
  return Error{ErrorKind::unavailable, "cannot write " + path.string() + ": " + why};
}

}  // namespace avatar
