// SPDX-License-Identifier: Apache-2.0
// A request becomes an avatar in a LiveKit room: as session/launch.h, with a room at the end, and the agent's speech
// coming back from it.
//
//   auto live = rooms.launch(request);               // joins in the background; speaks until the room ends
//   rooms.leave_all();                               // at the end
//
// The same room and identity again replaces the avatar that is there, also when the house is full; the new one joins
// when the old one has gone. When the room ends the session does, and the other way round; its reason is one line of
// the log. Threads: [any thread]; one of its own, which buries ended rooms. Errors: unavailable (no client library; the
// words tell the remedy), and those of Launcher.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/result.h"
#include "session/launch.h"

namespace avatar {

class Ffi;

struct RoomRequest {
  LaunchRequest avatar;
  std::string url, token, room_name;
  std::string identity;  ///< the token's own word for who joins
};

struct RoomLaunchSettings {
  std::string library;              ///< LiveKit's client library; empty: where it usually is
  int max_bitrate_bps = 2'000'000;  ///< of the pictures
  int max_fps = 0;                  ///< 0: as many as the session makes
  bool simulcast = false;
  bool h264 = false;  ///< instead of VP8
};

class RoomLauncher final {
 public:
  RoomLauncher(const Launcher& launcher, RoomLaunchSettings settings);
  ~RoomLauncher();
  RoomLauncher(const RoomLauncher&) = delete;
  RoomLauncher& operator=(const RoomLauncher&) = delete;

  Result<std::shared_ptr<LiveSession>> launch(const RoomRequest& request);

  /// The program ends: every avatar leaves its room; waits for that, 3 s at most.
  void leave_all();

 private:
  class Guest;
  class Turn;
  Result<std::shared_ptr<Ffi>> library();
  bool replace(const std::string& key);
  void join_those_whose_turn_it_is();  // [under mutex_]
  void bury();

  const Launcher& launcher_;
  const RoomLaunchSettings settings_;
  std::mutex library_mutex_;
  std::shared_ptr<Ffi> ffi_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::list<std::unique_ptr<Guest>> guests_;
  std::set<std::string> launching_;  // keys
  bool closing_ = false;
  std::thread burier_;
};

}  // namespace avatar
