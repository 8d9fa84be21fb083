// SPDX-License-Identifier: Apache-2.0
// What each address of the API does. Knows sessions, portraits and viewers; no socket.
//
//   const Reply reply = routes.answer(request);      // may take a while: pictures are decoded, viewers opened
//
// Speech comes another way, since it is a stream: the server asks speech_session() and say_session() and feeds the
// session itself. Threads: [any thread]. Ownership: what it is given outlives it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "face/presets.h"
#include "http/exchange.h"
#include "session/launch.h"
#include "session/launch_room.h"
#include "session/sessions.h"
#include "speech/synthesiser.h"

namespace avatar {

class Routes final {
 public:
  struct House {
    Sessions& sessions;
    const Launcher& launcher;
    RoomLauncher& rooms;
    const Presets& presets;
    Metrics& metrics;
    const Synthesiser& synthesiser;
    std::string engine;               ///< its name
    std::string ice_servers;          ///< Link header of WHEP answers; may be empty
    bool allow_private_urls = false;  ///< pictures may be fetched from private networks
    bool launches_wait = false;       ///< unless the client says otherwise, their answer comes at their end
    /// What the engine still waits for ("loading models"); empty: nothing. Null: it never waits.
    std::function<std::string()> waits_for{};
    /// Who draws now and why ("mesh, because there is no NVIDIA driver"). Null: its name says all.
    std::function<std::string()> engine_reason{};
  };
  explicit Routes(House house);

  /// The presets are there; before it, /ready says "starting".
  void set_ready() { ready_ = true; }

  [[nodiscard]] Reply answer(const Request& request) const;

  /// What may be asked without a key: whether the process lives and would take work, and the page's own files.
  [[nodiscard]] static bool is_public(const Request& request);

  /// The most a body may have; beyond is 413.
  [[nodiscard]] static size_t body_limit(const Request& request);

  /// Answered within some milliseconds: without a picture, a file or anybody else's answer.
  [[nodiscard]] static bool is_quick(const Request& request);

  /// The id, when the path is /sessions/{id}/speech.
  [[nodiscard]] static std::optional<std::string_view> speech_session(std::string_view path);
  /// The same of /sessions/{id}/say.
  [[nodiscard]] static std::optional<std::string_view> say_session(std::string_view path);
  [[nodiscard]] const Synthesiser& synthesiser() const { return house_.synthesiser; }
  [[nodiscard]] Result<std::shared_ptr<LiveSession>> session(std::string_view id) const {
    return house_.sessions.find(id);
  }

 private:
  [[nodiscard]] Reply ready() const;
  [[nodiscard]] Reply metrics() const;
  [[nodiscard]] Reply avatars(const Request& request, std::string_view rest) const;
  [[nodiscard]] Reply sessions(const Request& request, std::string_view rest) const;
  [[nodiscard]] Reply launch(const Request& request) const;
  [[nodiscard]] Reply start_session(const Request& request) const;
  [[nodiscard]] Reply one_session(const Request& request, std::string_view id, std::string_view rest) const;
  [[nodiscard]] Reply whep(const Request& request, const LiveSession& live, std::string_view viewer) const;
  [[nodiscard]] Reply add_viewer(const Request& request, const LiveSession& live) const;

  House house_;
  std::atomic<bool> ready_ = false;
  Metrics::Gauge active_, capacity_, viewers_, bitrate_, avatars_, memory_, files_;
  Metrics::Histogram launch_;
};

}  // namespace avatar
