// SPDX-License-Identifier: Apache-2.0
#include "session/launch_room.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "speech/resampler.h"
#include "stream/livekit/ffi.h"
#include "stream/livekit/livekit_sink.h"
#include "stream/livekit/room.h"

namespace avatar {
namespace {

using std::chrono::milliseconds;

// What the session may have waiting before the rest waits in the room: below the bound of its queue by more than one
// block of the slowest rate.
constexpr MediaTime kEnough = MediaTime::from_ms(50'000);

// How long the answer waits for a replaced avatar to go: who asked may speak at once, and must not find the old one.
constexpr auto kReplaceTimeout = milliseconds(600);

}  // namespace

// One avatar in one room, and its ears.
class RoomLauncher::Guest final : public Ears {
 public:
  Guest(std::string key, std::function<void()> on_end) : key_(std::move(key)), on_end_(std::move(on_end)) {}

  ~Guest() override {
    if (room_ != nullptr) room_->wait();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  Result<WayOut> enter(const std::shared_ptr<Ffi>& ffi, const RoomSettings& settings) {
    auto room = Room::make(ffi, settings);
    if (!room) return room.error();
    room_ = std::move(*room);
    auto sink = std::make_unique<LivekitSink>(room_);
    sink_ = sink.get();
    return WayOut{std::move(sink), nullptr, [room = room_] { return !room->is_over(); }, LivekitSink::kPictureLag};
  }

  void watch(const std::shared_ptr<LiveSession>& live) {
    live_ = live;
    live->watch({.speech =
                     [sink = sink_](const SpeechEvent& event) {
                       if (event.kind == SpeechEvent::Kind::started) {
                         sink->started(event.utterance);
                       } else {
                         sink->finished(event.utterance, event.position, event.interrupted);
                       }
                     },
                 .over = [room = room_] { room->leave(); }});
  }

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] bool has_joined() const { return has_joined_; }
  [[nodiscard]] bool has_left() const { return has_left_; }
  void join() {
    has_joined_ = true;
    room_->join(*this);
  }
  // Its place is free with its next beat, whatever the room still has to do.
  void leave() {
    if (const auto live = live_.lock()) live->close(Ending::asked);
    room_->leave();
  }
  void abandon() { room_->abandon(); }

  // [the room's thread]
  uint64_t begin(int sample_rate) override {
    const auto live = live_.lock();
    auto resampler = Resampler::create(sample_rate, kSampleRate);
    if (live == nullptr || !resampler) return 0;
    const auto utterance = live->begin();
    if (!utterance) return 0;
    resamplers_.emplace(*utterance, std::move(*resampler));
    return *utterance;
  }
  bool hear(uint64_t utterance, std::span<const float> sound) override {
    const auto live = live_.lock();
    const auto resampler = resamplers_.find(utterance);
    if (live == nullptr || resampler == resamplers_.end()) return true;  // nobody hears it any more
    if (live->waiting() > kEnough) return false;
    sound_.clear();
    resampler->second.add(sound, sound_);
    (void)live->hear(utterance, sound_);  // over: it is lost with the rest
    return true;
  }
  void end(uint64_t utterance) override {
    const auto live = live_.lock();
    const auto resampler = resamplers_.find(utterance);
    if (live == nullptr || resampler == resamplers_.end()) return;
    sound_.clear();
    resampler->second.finish(sound_);
    resamplers_.erase(resampler);
    (void)live->hear(utterance, sound_);
    live->end(utterance);
  }
  void interrupt() override {
    resamplers_.clear();
    const auto live = live_.lock();
    if (live == nullptr) return;
    sink_->hush();
    live->interrupt();
  }
  void left(const Error& /*why*/) override {
    if (const auto live = live_.lock()) live->close(Ending::asked);
    has_left_ = true;
    on_end_();
  }

 private:
  const std::string key_;
  const std::function<void()> on_end_;
  std::shared_ptr<Room> room_;
  LivekitSink* sink_ = nullptr;  // the session's
  std::weak_ptr<LiveSession> live_;
  std::map<uint64_t, Resampler> resamplers_;
  std::vector<float> sound_;
  bool has_joined_ = false;  // or is about to; of the launcher's lock
  std::atomic<bool> has_left_ = false;
};

// Requests for the same avatar, one after the other: clients ask again while we still answer.
class RoomLauncher::Turn final {
 public:
  Turn(RoomLauncher& rooms, const std::string& key) : rooms_(rooms), key_(key) {
    std::unique_lock lock(rooms_.mutex_);
    rooms_.changed_.wait(lock, [&] { return !rooms_.launching_.contains(key_); });
    rooms_.launching_.insert(key_);
  }
  ~Turn() {
    const std::lock_guard lock(rooms_.mutex_);
    rooms_.launching_.erase(key_);
    rooms_.changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  RoomLauncher& rooms_;
  const std::string& key_;
};

RoomLauncher::RoomLauncher(const Launcher& launcher, RoomLaunchSettings settings)
    : launcher_(launcher), settings_(std::move(settings)), burier_([this] { bury(); }) {}

RoomLauncher::~RoomLauncher() {
  leave_all();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  burier_.join();
}

// Loaded for the first room: most of it is never touched by those who use no rooms.
Result<std::shared_ptr<Ffi>> RoomLauncher::library() {
  const std::lock_guard lock(library_mutex_);
  if (ffi_ != nullptr) return ffi_;
  auto loaded = Ffi::load(settings_.library);
  if (loaded) ffi_ = *loaded;
  return loaded;
}

Result<std::shared_ptr<LiveSession>> RoomLauncher::launch(const RoomRequest& request) {
  auto ffi = library();
  if (!ffi) return ffi.error();
  const std::string key = request.url + '\n' + request.room_name + '\n' + request.identity;
  const Turn turn(*this, key);
  const bool replaced = replace(key);

  auto guest = std::make_unique<Guest>(key, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  RoomSettings settings;
  settings.url = request.url;
  settings.token = request.token;
  settings.name = request.room_name;
  settings.width = request.avatar.size.width;
  settings.height = request.avatar.size.height;
  settings.fps = settings_.max_fps > 0 ? std::min(settings_.max_fps, request.avatar.fps) : request.avatar.fps;
  settings.max_bitrate = settings_.max_bitrate_bps;
  settings.simulcast = settings_.simulcast;
  settings.h264 = settings_.h264;
  const auto launch = [&] {
    return launcher_.launch(request.avatar,
                            [&](const LaunchRequest& /*avatar*/) { return guest->enter(*ffi, settings); });
  };
  auto live = launch();
  // The seat of the one that was replaced is free after its session's next beat.
  for (int i = 0; i < 50 && !live && live.error().kind == ErrorKind::busy && replaced; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    live = launch();
  }
  if (!live) return live;
  {
    const std::lock_guard lock(mutex_);
    guest->watch(*live);
    guests_.push_back(std::move(guest));
    join_those_whose_turn_it_is();
  }
  log(LogLevel::info, "an avatar goes to a room", {{"session", (*live)->id()}, {"room", request.room_name}});
  return live;
}

// Asks the avatar that is there to leave, waits a little for that, and answers whether there was one.
bool RoomLauncher::replace(const std::string& key) {
  const auto is_it = [&](const std::unique_ptr<Guest>& guest) { return guest->key() == key; };
  std::unique_lock lock(mutex_);
  if (std::none_of(guests_.begin(), guests_.end(), is_it)) return false;
  for (const auto& guest : guests_) {
    if (is_it(guest)) guest->leave();
  }
  changed_.wait_for(lock, kReplaceTimeout, [&] { return std::none_of(guests_.begin(), guests_.end(), is_it); });
  return true;
}

// One after the other: of two with the same identity the server keeps the one that came last, and who is still joining
// may come last though it was asked to leave long ago. Who was asked before its turn leaves at once.
void RoomLauncher::join_those_whose_turn_it_is() {
  std::set<std::string_view> there;
  for (const auto& guest : guests_) {
    if (there.insert(guest->key()).second && !guest->has_joined()) guest->join();
  }
}

void RoomLauncher::leave_all() {
  std::unique_lock lock(mutex_);
  for (const auto& guest : guests_) guest->leave();
  changed_.wait_for(lock, std::chrono::seconds(3), [&] { return guests_.empty(); });
  for (const auto& guest : guests_) guest->abandon();
}

// A room's last word comes on its own thread, which cannot end itself: that is done here.
void RoomLauncher::bury() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] {
      return closing_ || std::any_of(guests_.begin(), guests_.end(), [](const auto& g) { return g->has_left(); });
    });
    std::list<std::unique_ptr<Guest>> gone;
    for (auto it = guests_.begin(); it != guests_.end();) {
      const auto next = std::next(it);
      if ((*it)->has_left()) gone.splice(gone.end(), guests_, it);
      it = next;
    }
    if (!closing_) join_those_whose_turn_it_is();
    if (closing_ && gone.empty()) return;
    lock.unlock();
    gone.clear();
    lock.lock();
    changed_.notify_all();
  }
}

}  // namespace avatar
