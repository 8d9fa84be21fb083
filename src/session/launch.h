// SPDX-License-Identifier: Apache-2.0
// A request becomes a living session, step by step; the first step that fails ends the walk with its words:
//
//   a seat -> the portrait (a preset, or a picture that is understood now) -> the avatar -> a way out -> Sessions::add
//
// Threads: [any thread]; blocks for the time a picture takes (0.1 s) and the avatar is prepared (0.05 s).
// Errors: busy (full, draining, or not ready), not_found (no such preset), invalid (the picture, or there is no face in
// it), unsupported (not a kind of picture we read).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "face/presets.h"
#include "motion/performer.h"
#include "session/sessions.h"
#include "stream/sink.h"

namespace avatar {

class WebrtcTransport;
class WhepSink;

struct LaunchRequest {
  std::vector<std::byte> picture;  ///< a picture file; empty: avatar_id counts
  std::string avatar_id;           ///< empty: the built-in portrait
  FrameSize size;
  int fps = 25;
  Performance performance;
  bool has_seed = false;  ///< of performance; else each session moves in its own way
};

struct LaunchSettings {
  int max_bitrate_bps = 2'000'000;
  size_t most_viewers = 16;            ///< of one session
  std::chrono::seconds patience{120};  ///< a session without viewer and speech ends after this
  std::string label;                   ///< drawn over every picture; empty: none
  OwnNetworks networks{};              ///< who hear the mood and what the lips do
};

/// Where a session's pictures and sound go.
struct WayOut {
  std::unique_ptr<Sink> sink;
  WhepSink* whep = nullptr;         ///< the sink, if that is what it is
  std::function<bool()> is_wanted;  ///< somebody is at its end
  MediaTime picture_lag{};          ///< by which it likes pictures later than their sound
};

class Launcher final {
 public:
  using MakeWayOut = std::function<Result<WayOut>(const LaunchRequest& request)>;

  Launcher(const Engine& engine, const Presets& presets, Presets::Analyse analyse, WebrtcTransport& transport,
           Sessions& sessions, const Clock& clock, LaunchSettings settings);

  /// To viewers in browsers (WHEP).
  Result<std::shared_ptr<LiveSession>> launch(const LaunchRequest& request) const;
  /// To somewhere else; asked for when all the rest is there.
  Result<std::shared_ptr<LiveSession>> launch(const LaunchRequest& request, const MakeWayOut& make_way_out) const;

 private:
  [[nodiscard]] Result<std::shared_ptr<const Portrait>> portrait_of(const LaunchRequest& request) const;
  void keep_ready(std::shared_ptr<const void> person) const;

  const Engine& engine_;
  const Presets& presets_;
  const Presets::Analyse analyse_;
  WebrtcTransport& transport_;
  Sessions& sessions_;
  const Clock& clock_;
  const LaunchSettings settings_;
  mutable std::mutex mutex_;
  mutable std::array<std::shared_ptr<const void>, 2> ready_;  // of the presets that were asked for last, newest first
};

}  // namespace avatar
