// SPDX-License-Identifier: Apache-2.0
#include "app/encoding_sink.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <span>
#include <utility>

#include "stream/audio_encoder.h"
#include "stream/live_encoder.h"
#include "types/media_time.h"

namespace avatar {
namespace {

constexpr int kBitrate = 1'200'000;

class EncodingSink final : public Sink {
 public:
  EncodingSink(std::unique_ptr<LiveEncoder> video, AudioEncoder audio, std::chrono::nanoseconds* spent)
      : video_(std::move(video)), audio_(std::move(audio)), spent_(spent) {}

  Result<void> show(const Frame& frame, MediaTime time) override {
    const auto start = processor_time();
    auto unit = video_->encode(frame, time, false);
    count(start);
    return unit ? Result<void>() : unit.error();
  }
  Result<void> play(std::span<const float> sound, MediaTime time) override {
    const auto start = processor_time();
    auto done = audio_.encode(sound, time, [](const AudioEncoder::Unit&) {});
    count(start);
    return done;
  }
  Result<void> finish() override { return {}; }

 private:
  void count(std::chrono::nanoseconds start) const {
    if (spent_ != nullptr) *spent_ += processor_time() - start;
  }

  std::unique_ptr<LiveEncoder> video_;
  AudioEncoder audio_;
  std::chrono::nanoseconds* const spent_;
};

}  // namespace

std::chrono::nanoseconds processor_time() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

Result<std::unique_ptr<Sink>> make_encoding_sink(FrameSize size, int fps, std::chrono::nanoseconds* spent) {
  auto video = make_live_encoder(VideoCodec::h264, size.width, size.height, fps, kBitrate);
  if (!video) return video.error();
  auto audio = AudioEncoder::create();
  if (!audio) return audio.error();
  return std::unique_ptr<Sink>(std::make_unique<EncodingSink>(std::move(*video), std::move(*audio), spent));
}

std::vector<float> babble(double seconds) {
  std::vector<float> sound(static_cast<size_t>(seconds * kSampleRate));
  for (size_t i = 0; i < sound.size(); ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    double voice = 0;
    for (int k = 1; k <= 20; ++k) voice += std::sin(2 * M_PI * 120 * k * t) / k;
    sound[i] = static_cast<float>(0.1 * voice * std::max(0.0, std::sin(2 * M_PI * 4 * t)));
  }
  return sound;
}

}  // namespace avatar
