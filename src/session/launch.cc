// SPDX-License-Identifier: Apache-2.0
#include "session/launch.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "stream/label_sink.h"
#include "stream/whep_sink.h"

namespace avatar {
namespace {

struct Draw {
  std::string id;  // 24 hexadecimal digits: who does not know a session's id does not find it
  uint64_t seed = 0;
};

Draw draw_lots() {
  std::array<uint8_t, 20> random{};
  CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  Draw draw;
  std::memcpy(&draw.seed, random.data(), sizeof draw.seed);
  for (size_t i = sizeof draw.seed; i < random.size(); ++i) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned>(random[i]));
    draw.id += digits.data();
  }
  return draw;
}

// Of a preset's picture that is kept ready: some 6 MB.
constexpr int kReadyPixels = 720 * 720;

}  // namespace

Launcher::Launcher(const Engine& engine, const Presets& presets, Presets::Analyse analyse, WebrtcTransport& transport,
                   Sessions& sessions, const Clock& clock, LaunchSettings settings)
    : engine_(engine),
      presets_(presets),
      analyse_(std::move(analyse)),
      transport_(transport),
      sessions_(sessions),
      clock_(clock),
      settings_(std::move(settings)) {}

Result<std::shared_ptr<LiveSession>> Launcher::launch(const LaunchRequest& request) const {
  return launch(request, [this](const LaunchRequest& r) -> Result<WayOut> {
    auto sink = std::make_unique<WhepSink>(
        WhepSettings{r.size.width, r.size.height, r.fps, settings_.max_bitrate_bps, settings_.most_viewers},
        transport_);
    WhepSink* const whep = sink.get();
    return WayOut{std::move(sink), whep, [whep] { return whep->figures().viewers > 0; }, WhepSink::kPictureLag};
  });
}

Result<std::shared_ptr<LiveSession>> Launcher::launch(const LaunchRequest& request,
                                                      const MakeWayOut& make_way_out) const {
  auto seat = sessions_.reserve();
  if (!seat) return seat.error();
  auto portrait = portrait_of(request);
  if (!portrait) return portrait.error();
  auto avatar = engine_.make_avatar(*portrait, request.size);
  if (!avatar) return avatar.error();

  if (request.picture.empty() && request.size.width * request.size.height <= kReadyPixels) {
    keep_ready(engine_.what_avatars_share(*portrait, request.size));
  }
  const Draw lots = draw_lots();
  std::optional<Label> label;
  if (!settings_.label.empty()) {
    auto made = Label::make(settings_.label, request.size.width, request.size.height);
    if (!made) return made.error();
    label = std::move(*made);
  }
  auto way_out = make_way_out(request);
  if (!way_out) return way_out.error();
  SessionSettings settings =
      live_settings(request.size, request.fps, request.performance, engine_.look_ahead(), way_out->picture_lag);
  if (!request.has_seed) settings.performance.seed = lots.seed;
  settings.performance.networks = settings_.networks;
  if (label) way_out->sink = make_label_sink(std::move(*label), std::move(way_out->sink));
  LiveSession::Parts parts;
  parts.id = lots.id;
  if (request.picture.empty()) parts.avatar_id = request.avatar_id.empty() ? Presets::kDefault : request.avatar_id;
  parts.size = request.size;
  parts.fps = request.fps;
  parts.ticks_a_picture = live_ticks_a_picture(request.fps);
  parts.whep = way_out->whep;
  parts.has_viewer = std::move(way_out->is_wanted);
  parts.patience = settings_.patience;
  parts.session =
      std::make_unique<Session>(std::move(*avatar), (*portrait)->rest, settings, std::move(way_out->sink), clock_);
  return sessions_.add(std::move(*seat), std::move(parts));
}

void Launcher::keep_ready(std::shared_ptr<const void> person) const {
  if (person == nullptr) return;
  const std::lock_guard lock(mutex_);
  const auto it = std::find(ready_.begin(), std::prev(ready_.end()), person);  // the last one makes room
  std::rotate(ready_.begin(), it, std::next(it));
  ready_.front() = std::move(person);
}

Result<std::shared_ptr<const Portrait>> Launcher::portrait_of(const LaunchRequest& request) const {
  if (request.picture.empty()) return presets_.find(request.avatar_id.empty() ? Presets::kDefault : request.avatar_id);
  auto portrait = analyse_(request.picture);
  // No face: the picture is there, it is the wrong one.
  if (!portrait && portrait.error().kind == ErrorKind::not_found) {
    return Error{ErrorKind::invalid, portrait.error().message};
  }
  return portrait;
}

}  // namespace avatar
