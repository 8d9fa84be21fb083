// SPDX-License-Identifier: Apache-2.0
#include "stream/mp4_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/version.h"
#include "stream/aac_encoder.h"
#include "types/media_time.h"

namespace avatar {
namespace {

constexpr uint32_t kTimescale = kSampleRate;  // of the movie and of both tracks
constexpr uint32_t kPictureTrack = 1;
constexpr uint32_t kSoundTrack = 2;
constexpr size_t kMdatHeader = 16;  // with a 64-bit length, so that any size fits
// Durations are 32 bits: 24.8 hours of samples.
constexpr int64_t kLongest = std::numeric_limits<int32_t>::max() * int64_t{2};

// XMP specification, part 3, 1.1.6: the box that carries a packet in an ISO file.
constexpr std::array<uint8_t, 16> kXmpBox{0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8,
                                          0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC};
// The names inside are identifiers of their vocabularies (IPTC Photo Metadata Standard, "Digital Source Type").
constexpr std::string_view kXmp =
    "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "<rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" "
    "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" "
    "Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic\" "
    "xmp:CreatorTool=\"avatar-worker " AVATAR_VERSION "\"/></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";
constexpr std::string_view kComment =
    "Synthetic video: the person's speech and movement are generated (DigitalSourceType: compositeSynthetic).";
constexpr std::string_view kEncoder = "avatar-worker " AVATAR_VERSION;

// The units of an access unit (ITU-T H.264, annex B), one after the other.
class Units {
 public:
  explicit Units(std::span<const uint8_t> bytes) : rest_(bytes) { skip_to_start_code(); }

  // Empty: no more.
  std::span<const uint8_t> next() {
    if (rest_.empty()) return {};
    const std::span<const uint8_t> from = rest_;
    skip_to_start_code();
    size_t length = from.size() - rest_.size();
    if (!rest_.empty()) length -= 3;                       // the start code that follows
    while (length > 0 && from[length - 1] == 0) --length;  // its leading zero
    return from.first(length);
  }

 private:
  void skip_to_start_code() {
    constexpr std::array<uint8_t, 3> kStart{0, 0, 1};
    const auto at = std::search(rest_.begin(), rest_.end(), kStart.begin(), kStart.end());
    rest_ = at == rest_.end() ? std::span<const uint8_t>{} : rest_.subspan(static_cast<size_t>(at - rest_.begin()) + 3);
  }
  std::span<const uint8_t> rest_;
};

}  // namespace

// Nested boxes, big endian. A box's length is filled in when its contents are done.
class Mp4Writer::Boxes {
 public:
  template <typename Contents>
  void box(const char* type, Contents contents) {
    const size_t start = bytes_.size();
    u32(0);
    text(std::string_view(type, 4));
    contents();
    const auto length = static_cast<uint32_t>(bytes_.size() - start);
    for (size_t i = 0; i < 4; ++i) bytes_[start + i] = static_cast<uint8_t>(length >> (24 - 8 * i));
  }
  template <typename Contents>
  void full_box(const char* type, uint32_t flags, Contents contents) {  // version 0
    box(type, [&] {
      u32(flags);
      contents();
    });
  }
  void u8(uint32_t v) { bytes_.push_back(static_cast<uint8_t>(v)); }
  void u16(uint32_t v) {
    u8(v >> 8);
    u8(v);
  }
  void u32(uint32_t v) {
    u16(v >> 16);
    u16(v);
  }
  void u64(uint64_t v) {
    u32(static_cast<uint32_t>(v >> 32));
    u32(static_cast<uint32_t>(v));
  }
  void zeros(size_t n) { bytes_.resize(bytes_.size() + n); }
  void text(std::string_view s) { bytes_.insert(bytes_.end(), s.begin(), s.end()); }
  void raw(std::span<const uint8_t> s) { bytes_.insert(bytes_.end(), s.begin(), s.end()); }
  void identity_matrix() {  // 16.16 and 2.30 fixed point
    for (const uint32_t v : {0x10000U, 0U, 0U, 0U, 0x10000U, 0U, 0U, 0U, 0x40000000U}) u32(v);
  }
  [[nodiscard]] const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

Mp4Writer::Mp4Writer(NewFile file, Mp4Video video) : file_(std::move(file)), video_(video) {}

Result<Mp4Writer> Mp4Writer::create(const std::filesystem::path& path, Mp4Video video) {
  CHECK(kSampleRate % video.fps == 0);
  auto file = NewFile::create(path);
  if (!file) return file.error();
  return Mp4Writer(std::move(*file), video);
}

Result<void> Mp4Writer::add(Track& track, std::span<const uint8_t> sample) {
  if (last_ != &track) track.chunks.push_back({file_.size(), static_cast<uint32_t>(track.sizes.size())});
  last_ = &track;
  track.sizes.push_back(static_cast<uint32_t>(sample.size()));
  return file_.append(sample);
}

Result<void> Mp4Writer::add_picture(std::span<const uint8_t> access_unit, bool is_key) {
  sample_.clear();
  Units units(access_unit);
  for (auto unit = units.next(); !unit.empty(); unit = units.next()) {
    constexpr int kSps = 7, kPps = 8;  // nal_unit_type, table 7-1
    const int type = unit[0] & 31;
    if (type == kSps || type == kPps) {
      std::vector<uint8_t>& kept = type == kSps ? sps_ : pps_;
      if (kept.empty()) kept.assign(unit.begin(), unit.end());
      continue;  // the index carries them
    }
    const size_t length = unit.size();
    for (int shift = 24; shift >= 0; shift -= 8) sample_.push_back(static_cast<uint8_t>(length >> shift));
    sample_.insert(sample_.end(), unit.begin(), unit.end());
  }
  CHECK(!sps_.empty() && !pps_.empty());
  if (is_key) key_frames_.push_back(static_cast<uint32_t>(pictures_.sizes.size()));
  return add(pictures_, sample_);
}

Result<void> Mp4Writer::add_sound(std::span<const uint8_t> frame) { return add(sound_, frame); }

// 8.7: where and how large each sample is.
void Mp4Writer::sample_places(Boxes& b, const Track& track, int64_t media_offset) {
  b.full_box("stsc", 0, [&] {
    // Runs of chunks with the same number of samples.
    std::vector<std::pair<uint32_t, uint32_t>> runs;  // first chunk from 1, samples in each
    for (size_t i = 0; i < track.chunks.size(); ++i) {
      const size_t end = i + 1 < track.chunks.size() ? track.chunks[i + 1].first : track.sizes.size();
      const auto samples = static_cast<uint32_t>(end - track.chunks[i].first);
      if (runs.empty() || runs.back().second != samples) runs.emplace_back(static_cast<uint32_t>(i + 1), samples);
    }
    b.u32(static_cast<uint32_t>(runs.size()));
    for (const auto& [first_chunk, samples] : runs) {
      b.u32(first_chunk);
      b.u32(samples);
      b.u32(1);  // sample description
    }
  });
  b.full_box("stsz", 0, [&] {
    b.u32(0);
    b.u32(static_cast<uint32_t>(track.sizes.size()));
    for (const uint32_t size : track.sizes) b.u32(size);
  });
  b.full_box("co64", 0, [&] {
    b.u32(static_cast<uint32_t>(track.chunks.size()));
    for (const Chunk& chunk : track.chunks) b.u64(static_cast<uint64_t>(media_offset + chunk.offset));
  });
}

namespace {

// Boxes that differ between the tracks in a few numbers only.
template <typename Boxes>
void track_header(Boxes& b, uint32_t id, uint32_t duration, int width, int height) {
  b.full_box("tkhd", 3, [&] {  // enabled, in the movie
    b.zeros(8);                // no dates
    b.u32(id);
    b.u32(0);
    b.u32(duration);
    b.zeros(8);
    b.u16(0);                       // layer
    b.u16(0);                       // alternate group
    b.u16(width == 0 ? 0x100 : 0);  // volume of sound
    b.u16(0);
    b.identity_matrix();
    b.u32(static_cast<uint32_t>(width) << 16);
    b.u32(static_cast<uint32_t>(height) << 16);
  });
}

template <typename Boxes>
void edit_list(Boxes& b, uint32_t duration, uint32_t start) {
  b.box("edts", [&] {
    b.full_box("elst", 0, [&] {
      b.u32(1);
      b.u32(duration);
      b.u32(start);
      b.u32(0x10000);  // at its own speed
    });
  });
}

template <typename Boxes>
void media_header(Boxes& b, uint32_t duration, const char* handler, std::string_view name) {
  b.full_box("mdhd", 0, [&] {
    b.zeros(8);
    b.u32(kTimescale);
    b.u32(duration);
    b.u16(0x55C4);  // language "und"
    b.u16(0);
  });
  b.full_box("hdlr", 0, [&] {
    b.u32(0);
    b.text(handler);
    b.zeros(12);
    b.text(name);
    b.u8(0);
  });
}

template <typename Boxes>
void media_is_in_this_file(Boxes& b) {
  b.box("dinf", [&] {
    b.full_box("dref", 0, [&] {
      b.u32(1);
      b.full_box("url ", 1, [] {});
    });
  });
}

template <typename Boxes>
void equal_durations(Boxes& b, size_t samples, uint32_t each) {
  b.full_box("stts", 0, [&] {
    b.u32(1);
    b.u32(static_cast<uint32_t>(samples));
    b.u32(each);
  });
}

template <typename Boxes>
void tag(Boxes& b, const char* type, std::string_view value) {  // an iTunes text tag
  b.box(type, [&] {
    b.box("data", [&] {
      b.u32(1);  // UTF-8
      b.u32(0);
      b.text(value);
    });
  });
}

}  // namespace

void Mp4Writer::video_track(Boxes& b, int64_t media_offset) const {
  const auto step = static_cast<uint32_t>(kSampleRate / video_.fps);
  const auto duration = static_cast<uint32_t>(pictures_.sizes.size()) * step;
  b.box("trak", [&] {
    track_header(b, kPictureTrack, duration, video_.width, video_.height);
    edit_list(b, duration, 0);
    b.box("mdia", [&] {
      media_header(b, duration, "vide", "picture");
      b.box("minf", [&] {
        b.full_box("vmhd", 1, [&] { b.zeros(8); });
        media_is_in_this_file(b);
        b.box("stbl", [&] {
          b.full_box("stsd", 0, [&] {
            b.u32(1);
            b.box("avc1", [&] {
              b.zeros(6);
              b.u16(1);
              b.zeros(16);
              b.u16(static_cast<uint32_t>(video_.width));
              b.u16(static_cast<uint32_t>(video_.height));
              b.u32(0x480000);  // 72 dpi, as everybody writes
              b.u32(0x480000);
              b.u32(0);
              b.u16(1);     // pictures in a sample
              b.zeros(32);  // compressor's name
              b.u16(0x18);  // 24 bit colour
              b.u16(0xFFFF);
              b.box("avcC", [&] {  // ISO/IEC 14496-15, 5.3.3.1
                b.u8(1);
                b.u8(sps_[1]);  // profile, constraints, level
                b.u8(sps_[2]);
                b.u8(sps_[3]);
                b.u8(0xFC | 3);  // lengths of 4 bytes
                b.u8(0xE0 | 1);
                b.u16(static_cast<uint32_t>(sps_.size()));
                b.raw(sps_);
                b.u8(1);
                b.u16(static_cast<uint32_t>(pps_.size()));
                b.raw(pps_);
              });
              b.box("colr", [&] {  // BT.601, limited range; as in the stream
                b.text("nclx");
                for (int i = 0; i < 3; ++i) b.u16(6);
                b.u8(0);
              });
            });
          });
          equal_durations(b, pictures_.sizes.size(), step);
          b.full_box("stss", 0, [&] {
            b.u32(static_cast<uint32_t>(key_frames_.size()));
            for (const uint32_t number : key_frames_) b.u32(number + 1);
          });
          sample_places(b, pictures_, media_offset);
        });
      });
    });
  });
}

void Mp4Writer::sound_track(Boxes& b, int64_t media_offset, int64_t samples) const {
  const auto coded = static_cast<uint32_t>(sound_.sizes.size() * AacEncoder::kFrame);
  const auto duration = static_cast<uint32_t>(samples);
  b.box("trak", [&] {
    track_header(b, kSoundTrack, duration, 0, 0);
    edit_list(b, duration, AacEncoder::kDelay);
    b.box("mdia", [&] {
      media_header(b, coded, "soun", "sound");
      b.box("minf", [&] {
        b.full_box("smhd", 0, [&] { b.zeros(4); });
        media_is_in_this_file(b);
        b.box("stbl", [&] {
          b.full_box("stsd", 0, [&] {
            b.u32(1);
            b.box("mp4a", [&] {
              b.zeros(6);
              b.u16(1);
              b.zeros(8);
              b.u16(1);   // channel
              b.u16(16);  // bits
              b.u32(0);
              b.u32(static_cast<uint32_t>(kSampleRate) << 16);
              b.full_box("esds", 0, [&] {  // ISO/IEC 14496-1, 7.2.6.5: descriptors within descriptors
                constexpr auto kInfo = static_cast<uint32_t>(AacEncoder::kConfig.size());
                b.u8(3);  // ES
                b.u8(3 + 2 + 13 + 2 + kInfo + 3);
                b.u16(0);
                b.u8(0);
                b.u8(4);  // decoder
                b.u8(13 + 2 + kInfo);
                b.u8(0x40);        // AAC
                b.u8(5 << 2 | 1);  // sound
                b.zeros(3);        // buffer size
                b.zeros(8);        // greatest and mean bit rate, unknown
                b.u8(5);           // its configuration
                b.u8(kInfo);
                b.raw(AacEncoder::kConfig);
                b.u8(6);  // SL
                b.u8(1);
                b.u8(2);  // MP4
              });
            });
          });
          equal_durations(b, sound_.sizes.size(), AacEncoder::kFrame);
          sample_places(b, sound_, media_offset);
        });
      });
    });
  });
}

Result<void> Mp4Writer::finish(int64_t samples) {
  const int64_t step = kSampleRate / video_.fps;
  const int64_t longest = std::max(samples, static_cast<int64_t>(pictures_.sizes.size()) * step);
  if (longest > kLongest - 2 * AacEncoder::kDelay) {
    return Error{ErrorKind::unsupported, "an MP4 file of more than 24 hours cannot be written"};
  }
  const int64_t media_size = file_.size();
  // The index stands in front of what it points to, so its own length is needed to write it: once to measure, once
  // to keep. Its length does not depend on the offset.
  int64_t media_offset = 0;
  for (const bool measuring : {true, false}) {
    Boxes b;
    b.box("ftyp", [&] {
      b.text("isom");
      b.u32(0x200);
      b.text("isomiso2avc1mp41");
    });
    b.box("moov", [&] {
      b.full_box("mvhd", 0, [&] {
        b.zeros(8);
        b.u32(kTimescale);
        b.u32(static_cast<uint32_t>(longest));
        b.u32(0x10000);  // speed
        b.u16(0x100);    // volume
        b.zeros(10);
        b.identity_matrix();
        b.zeros(24);
        b.u32(kSoundTrack + 1);
      });
      video_track(b, media_offset);
      if (!sound_.sizes.empty()) sound_track(b, media_offset, samples);
      b.box("udta", [&] {
        b.full_box("meta", 0, [&] {
          b.full_box("hdlr", 0, [&] {
            b.u32(0);
            b.text("mdirappl");
            b.zeros(9);
          });
          b.box("ilst", [&] {
            tag(b, "\251too", kEncoder);
            tag(b, "\251cmt", kComment);
          });
        });
      });
    });
    b.box("uuid", [&] {
      b.raw(kXmpBox);
      b.text(kXmp);
    });
    b.u32(1);  // the length follows in 64 bits
    b.text("mdat");
    b.u64(kMdatHeader + static_cast<uint64_t>(media_size));
    media_offset = static_cast<int64_t>(b.bytes().size());
    if (measuring) continue;
    if (auto placed = file_.insert(0, b.bytes()); !placed) return placed;
  }
  return file_.commit();
}

}  // namespace avatar
