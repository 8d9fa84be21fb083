// SPDX-License-Identifier: Apache-2.0
// A sound file, whatever its kind, as mono sound at 48 kHz: WAV, FLAC, MP3, Ogg (Vorbis, Opus), M4A (AAC), any rate,
// any number of channels (mixed to one). With gstreamer.cc the only place that includes GStreamer. Only a local file is
// read; no plugin that could reach a network is loaded.
//
//   auto file = SoundFile::open("talk.mp3");
//   while (true) {
//     auto n = file->read(block);              // waits for the decoder
//     if (!n || *n == 0) break;                // an error, or the end
//   }
//
// It is decoded while it is read, some hundred milliseconds ahead, so its length does not matter.
// Of M4A the first 21 ms are missing, because FAAD2 leaves out its first frame.
// Threads: one at a time; the decoder works on threads of its own.
// Errors: not_found, unavailable (no right to read), unsupported (not sound, or no decoder for it), invalid (empty, no
// sound in it, broken).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "types/media_time.h"

namespace avatar {

class SoundFile final {
 public:
  /// Returns when the first sound has been decoded.
  static Result<SoundFile> open(const std::filesystem::path& path);

  SoundFile(SoundFile&&) noexcept;
  SoundFile& operator=(SoundFile&&) noexcept;
  ~SoundFile();

  /// Fills `sound` as far as there is any; 0 is the end. [-1, 1], as loud as the file.
  Result<size_t> read(std::span<float> sound);

  /// As the file says it; nothing when it does not. Good enough for a progress bar.
  [[nodiscard]] std::optional<MediaTime> duration() const;

 private:
  struct Decoder;
  explicit SoundFile(std::unique_ptr<Decoder> decoder);
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace avatar
