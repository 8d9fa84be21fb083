// SPDX-License-Identifier: Apache-2.0
// An avatar without a server, for the tests of the room: a real session with a synthetic face joins one room.
//
//   AVATAR_TOKEN=... room_face <url> [agent-wait-ms [agent-grace-ms]]
//
// The picture is dark while there is silence under it and white while there is sound: flash and beep, by which a viewer
// measures whether they are in step. Ends when the room does, or when standard input is closed; its last line of
// output is "left: " and the reason.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "session/session.h"
#include "speech/resampler.h"
#include "stream/livekit/ffi.h"
#include "stream/livekit/livekit_sink.h"
#include "tests/fakes/fake_engine.h"

namespace avatar {
namespace {

constexpr FrameSize kSize{512, 512};
constexpr int kFps = 25;

// Shows white where there is sound in the second half of the tick's first 20 ms.
class FlashSink final : public Sink {
 public:
  explicit FlashSink(std::shared_ptr<Room> room) : inner(std::move(room)), frame_(kSize.width, kSize.height) {}
  Result<void> show(const Frame& frame, MediaTime /*time*/) override {
    frame_ = frame;
    return {};
  }
  Result<void> play(std::span<const float> sound, MediaTime time) override {
    float loudest = 0;
    for (const float x : sound) loudest = std::max(loudest, std::abs(x));
    std::memset(frame_.y(), loudest > 0.05F ? 235 : 40, static_cast<size_t>(frame_.width()) * frame_.height());
    if (auto done = inner.show(frame_, time); !done) return done;
    return inner.play(sound, time);
  }
  Result<void> finish() override { return inner.finish(); }

  LivekitSink inner;

 private:
  Frame frame_;
};

class SessionEars final : public Ears {
 public:
  void listen_for(Session& session, LivekitSink& voice) {
    session_ = &session;
    voice_ = &voice;
  }
  uint64_t begin(int sample_rate) override {
    auto resampler = Resampler::create(sample_rate, kSampleRate);
    if (!resampler) return 0;
    const uint64_t id = session_->speech().begin();
    resamplers_.emplace(id, std::move(*resampler));
    return id;
  }
  bool hear(uint64_t utterance, std::span<const float> sound) override {
    if (session_->speech().waiting() > MediaTime::from_ms(30'000)) return false;
    out_.clear();
    if (const auto found = resamplers_.find(utterance); found != resamplers_.end()) found->second.add(sound, out_);
    return static_cast<bool>(session_->speech().add(utterance, out_));
  }
  void end(uint64_t utterance) override {
    out_.clear();
    if (const auto found = resamplers_.find(utterance); found != resamplers_.end()) {
      found->second.finish(out_);
      resamplers_.erase(found);
    }
    (void)session_->speech().add(utterance, out_);
    session_->speech().end(utterance);
  }
  void interrupt() override {
    voice_->hush();
    session_->interrupt();
  }
  void left(const Error& why) override {
    reason_ = why.message;
    has_left_ = true;
  }
  [[nodiscard]] bool has_left() const { return has_left_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  Session* session_ = nullptr;
  LivekitSink* voice_ = nullptr;
  std::map<uint64_t, Resampler> resamplers_;
  std::vector<float> out_;
  std::string reason_;
  std::atomic<bool> has_left_ = false;
};

int run(int argc, char** argv) {
  const char* token = std::getenv("AVATAR_TOKEN");
  if (argc < 2 || token == nullptr) return 2;
  start_log(LogLevel::info, LogFormat::text);
  auto ffi = Ffi::load("");
  if (!ffi) {
    std::cerr << ffi.error().message << "\n";
    return 1;
  }
  RoomSettings settings;
  settings.url = argv[1];
  settings.token = token;
  if (argc > 2) settings.agent_wait = std::chrono::milliseconds(std::atoi(argv[2]));
  if (argc > 3) settings.agent_grace = std::chrono::milliseconds(std::atoi(argv[3]));
  settings.width = kSize.width;
  settings.height = kSize.height;
  settings.fps = kFps;
  auto made = Room::make(*ffi, settings);
  if (!made) {
    std::cerr << made.error().message << "\n";
    return 1;
  }
  const std::shared_ptr<Room> room = std::move(*made);
  SessionEars ears;
  auto avatar = FakeEngine().make_avatar(std::make_shared<const Portrait>(), kSize);
  auto sink = std::make_unique<FlashSink>(room);
  LivekitSink* voice = &sink->inner;
  const SteadyClock clock;
  SessionSettings of_session;
  of_session.size = kSize;
  of_session.fps = kFps;
  of_session.reserve = MediaTime::from_ms(60);
  Session session(std::move(*avatar), RestFace(), of_session, std::move(sink), clock);
  session.on_speech([voice](const SpeechEvent& event) {
    if (event.kind == SpeechEvent::Kind::started) {
      voice->started(event.utterance);
    } else {
      voice->finished(event.utterance, event.position, event.interrupted);
    }
  });
  ears.listen_for(session, *voice);
  room->join(ears);

  std::atomic<bool> asked = false;
  std::thread input([&] {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    asked = true;
    room->leave();
  });
  auto due = std::chrono::steady_clock::now();
  while (!ears.has_left() && session.tick()) {
    due += std::chrono::milliseconds(1000 / kFps);
    std::this_thread::sleep_until(due);
  }
  while (!ears.has_left()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::cout << "left: " << ears.reason() << std::endl;
  if (!asked) _exit(0);  // the thread still reads
  input.join();
  return 0;
}

}  // namespace
}  // namespace avatar

int main(int argc, char** argv) { return avatar::run(argc, argv); }
