// SPDX-License-Identifier: Apache-2.0
// An MP4 file (ISO/IEC 14496-12) with one H.264 and one AAC track, its index in front, marked as synthetic.
//
//   auto file = Mp4Writer::create("talk.mp4", {512, 512, 25});
//   file->add_picture(access_unit, is_key);
//   file->add_sound(aac_frame);
//   file->finish(samples_of_sound);
//
// Sound and picture are exactly in step: both tracks count in 48 kHz samples, and an edit list (8.6.6) begins the sound
// behind the encoder's delay and ends it at its last true sample. This is why we write the file ourselves: GStreamer's
// mp4mux 1.22 cannot say it, and would play the sound 33 ms late.
//
// The mark: an XMP packet with the IPTC property DigitalSourceType = compositeSynthetic ("mix or composite of several
// elements, at least one of which is synthetic"), the term that C2PA uses as well, and for people the tags comment and
// encoder. No date is written, so the same input gives the same bytes.
//
// Memory: 12 to 24 bytes per picture and frame of sound, some 15 MB for three hours.
// Threads: one at a time. Errors: of NewFile; unsupported (longer than 24 hours).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/new_file.h"
#include "base/result.h"

namespace avatar {

struct Mp4Video {
  int width = 0;   ///< px
  int height = 0;  ///< px
  int fps = 25;    ///< divides 48,000
};

class Mp4Writer final {
 public:
  static Result<Mp4Writer> create(const std::filesystem::path& path, Mp4Video video);

  /// One access unit, Annex B. The first one is a key frame and brings the parameter sets.
  Result<void> add_picture(std::span<const uint8_t> access_unit, bool is_key);

  /// One raw AAC frame of AacEncoder.
  Result<void> add_sound(std::span<const uint8_t> frame);

  /// Writes the index and gives the file its name. `samples`: of sound without the encoder's delay and padding.
  Result<void> finish(int64_t samples);

 private:
  struct Chunk {
    int64_t offset;  // bytes from the start of the media data
    uint32_t first;  // number of its first sample
  };
  struct Track {
    std::vector<uint32_t> sizes;  // bytes of each sample
    std::vector<Chunk> chunks;    // samples that lie together
  };
  class Boxes;  // builds the index, in mp4_writer.cc

  Mp4Writer(NewFile file, Mp4Video video);
  Result<void> add(Track& track, std::span<const uint8_t> sample);
  void video_track(Boxes& b, int64_t media_offset) const;
  void sound_track(Boxes& b, int64_t media_offset, int64_t samples) const;
  static void sample_places(Boxes& b, const Track& track, int64_t media_offset);

  NewFile file_;
  Mp4Video video_;
  Track pictures_;
  Track sound_;
  const Track* last_ = nullptr;       // the track of the newest sample
  std::vector<uint32_t> key_frames_;  // from 0
  std::vector<uint8_t> sps_, pps_;    // without start code
  std::vector<uint8_t> sample_;       // the picture on its way, with lengths in place of start codes
};

}  // namespace avatar
