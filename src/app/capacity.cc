// SPDX-License-Identifier: Apache-2.0
#include "app/capacity.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "session/session.h"
#include "stream/audio_encoder.h"
#include "stream/live_encoder.h"
#include "stream/sink.h"

namespace avatar {
namespace {

constexpr int kFps = 25;
constexpr double kShare = 0.8;                 // of the processor
constexpr int64_t kBaseBytes = 150'000'000;    // of the process without sessions
constexpr int64_t kSessionBytes = 20'000'000;  // of each
constexpr int kBitrate = 1'200'000;

std::chrono::nanoseconds processor_time() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

// Encodes as for viewers, and sends to nobody.
class Stove final : public Sink {
 public:
  Stove(std::unique_ptr<LiveEncoder> video, AudioEncoder audio, std::chrono::nanoseconds& spent)
      : video_(std::move(video)), audio_(std::move(audio)), spent_(spent) {}

  Result<void> show(const Frame& frame, MediaTime time) override {
    const auto start = processor_time();
    auto unit = video_->encode(frame, time, false);
    spent_ += processor_time() - start;
    return unit ? Result<void>() : unit.error();
  }
  Result<void> play(std::span<const float> sound, MediaTime time) override {
    const auto start = processor_time();
    auto done = audio_.encode(sound, time, [](const AudioEncoder::Unit&) {});
    spent_ += processor_time() - start;
    return done;
  }
  Result<void> finish() override { return {}; }

 private:
  std::unique_ptr<LiveEncoder> video_;
  AudioEncoder audio_;
  std::chrono::nanoseconds& spent_;
};

// Four syllables a second of a voice of 120 Hz: enough to keep face and encoder busy.
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

double cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  double n = std::max(1U, std::thread::hardware_concurrency());
  if (::sched_getaffinity(0, sizeof set, &set) == 0) n = std::max(1, CPU_COUNT(&set));
  std::ifstream in("/sys/fs/cgroup/cpu.max");  // "200000 100000" or "max 100000"
  double quota = 0, period = 0;
  if (in >> quota >> period && period > 0) n = std::min(n, quota / period);
  return n;
}

int64_t memory() {
  int64_t bytes = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  std::ifstream in("/sys/fs/cgroup/memory.max");  // a number or "max"
  int64_t limit = 0;
  if (in >> limit && limit > 0) bytes = std::min(bytes, limit);
  return bytes;
}

}  // namespace

Machine machine() { return {cores(), memory()}; }

Result<Load> measure_load(const Engine& engine, const std::shared_ptr<const Portrait>& portrait, const Clock& clock,
                          int ticks) {
  constexpr int kWarm = 5;
  const FrameSize size;
  auto avatar = engine.make_avatar(portrait, size);
  if (!avatar) return avatar.error();
  auto video = make_live_encoder(VideoCodec::h264, size.width, size.height, kFps, kBitrate);
  if (!video) return video.error();
  auto audio = AudioEncoder::create();
  if (!audio) return audio.error();
  std::chrono::nanoseconds encoding{0};
  Session session(std::move(*avatar), portrait->rest, {size, kFps, {}, {}},
                  std::make_unique<Stove>(std::move(*video), std::move(*audio), encoding), clock);

  const auto second = babble(1);
  const uint64_t utterance = session.speech().begin();
  Load load;
  auto start = processor_time();
  for (int i = -kWarm; i < ticks; ++i) {
    if (session.speech().waiting() < MediaTime::from_ms(500)) {
      if (auto heard = session.speech().add(utterance, second); !heard) return heard.error();
    }
    if (i == 0) {
      start = processor_time();
      encoding = {};
    }
    const auto began = processor_time();
    if (auto done = session.tick(); !done) return done.error();
    if (i >= 0) load.worst = std::max(load.worst, processor_time() - began);
  }
  load.tick = (processor_time() - start) / ticks;
  load.encode = encoding / ticks;
  return load;
}

int capacity_of(const Load& load, const Machine& machine) {
  const std::chrono::duration<double> period(1.0 / kFps), tick(load.tick);
  const double by_time = machine.cores * kShare * period.count() / std::max(tick.count(), 1e-6);
  const double by_memory = static_cast<double>(machine.memory_bytes - kBaseBytes) / kSessionBytes;
  return static_cast<int>(std::clamp(std::min(by_time, by_memory), 1.0, 1000.0));
}

}  // namespace avatar
