// SPDX-License-Identifier: Apache-2.0
#include "stream/file_sink.h"

#include <utility>

#include "stream/aac_encoder.h"
#include "stream/mp4_writer.h"
#include "stream/video_encoder.h"

namespace avatar {
namespace {

class FileSink final : public Sink {
 public:
  FileSink(VideoEncoder video, AacEncoder audio, Mp4Writer file, int fps)
      : video_(std::move(video)), audio_(std::move(audio)), file_(std::move(file)), fps_(fps) {}

  Result<void> show(const Frame& frame, MediaTime time) override {
    CHECK(time == MediaTime::of_picture(pictures_, fps_));
    auto picture = video_.encode(frame, time);
    if (!picture) return picture.error();
    ++pictures_;
    return file_.add_picture(picture->bytes, picture->is_key);
  }

  Result<void> play(std::span<const float> sound, MediaTime time) override {
    CHECK(time.samples == samples_);
    samples_ += static_cast<int64_t>(sound.size());
    return audio_.encode(sound, [this](auto frame) { return file_.add_sound(frame); });
  }

  Result<void> finish() override {
    if (samples_ > 0) {
      auto flushed = audio_.finish([this](auto frame) { return file_.add_sound(frame); });
      if (!flushed) return flushed;
    }
    return file_.finish(samples_);
  }

 private:
  VideoEncoder video_;
  AacEncoder audio_;
  Mp4Writer file_;
  int fps_;
  int64_t pictures_ = 0;  // shown so far
  int64_t samples_ = 0;   // played so far
};

}  // namespace

Result<std::unique_ptr<Sink>> make_file_sink(const std::filesystem::path& path, int width, int height, int fps) {
  auto video = VideoEncoder::create(width, height, fps);
  if (!video) return video.error();
  auto audio = AacEncoder::create();
  if (!audio) return audio.error();
  auto file = Mp4Writer::create(path, {width, height, fps});
  if (!file) return file.error();
  return std::unique_ptr<Sink>(new FileSink(std::move(*video), std::move(*audio), std::move(*file), fps));
}

}  // namespace avatar
