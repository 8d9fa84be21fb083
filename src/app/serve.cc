// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "app/capacity.h"
#include "app/interrupt.h"
#include "app/picture_source.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/version.h"
#include "engine/engines.h"
#include "face/analysis.h"
#include "face/presets.h"
#include "http/descriptors.h"
#include "http/routes.h"
#include "http/server.h"
#include "motion/own_networks.h"
#include "session/launch.h"
#include "session/launch_room.h"
#include "session/session_metrics.h"
#include "session/sessions.h"
#include "speech/synthesiser.h"
#include "stream/label_sink.h"
#include "stream/webrtc_transport.h"

namespace avatar {
namespace {

using std::chrono::milliseconds;

constexpr auto kLook = milliseconds(50);            // how soon a signal is obeyed
constexpr auto kPresetsEvery = milliseconds(2000);  // how soon a changed folder is noticed
constexpr std::chrono::seconds kRest{2};            // viewers are closed by then
constexpr auto kPause = milliseconds(5000);         // of who speaks, or until a viewer is there, while draining
constexpr auto kGoodbye = milliseconds(3000);       // for sessions that were told to end
constexpr auto kLastWords = milliseconds(600);      // for sockets and launches that wait for a session's end
constexpr int kCapacityTicks = 40;

std::string tenths(std::chrono::duration<double> time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", time.count());
  return text.data();
}

// "stun://host:port" and "turn://user:password@host:port?transport=udp" as browsers want them in the header Link
// (draft-ietf-wish-whep, 4.6).
std::string ice_servers(const Config& config) {
  std::string links;
  const auto add = [&](const std::string& link) { links += (links.empty() ? "" : ", ") + link; };
  if (!config.stun_server.empty()) add("<stun:" + config.stun_server.substr(7) + R"(>; rel="ice-server")");
  for (const std::string& server : config.turn_servers) {
    const size_t scheme = server.find("://"), at = server.rfind('@');
    const std::string kind = server.substr(0, scheme);
    if (at == std::string::npos) {
      add("<" + kind + ":" + server.substr(scheme + 3) + R"(>; rel="ice-server")");
      continue;
    }
    const std::string user = server.substr(scheme + 3, at - scheme - 3);
    const size_t colon = user.find(':');
    add("<" + kind + ":" + server.substr(at + 1) + R"(>; rel="ice-server"; username=")" + user.substr(0, colon) +
        R"("; credential=")" + (colon == std::string::npos ? "" : user.substr(colon + 1)) +
        R"("; credential-type="password")");
  }
  return links;
}

// Loads the face networks beside the rest; whoever analyses first waits for them.
class Faces {
 public:
  Result<std::shared_ptr<const Portrait>> analyse(std::span<const std::byte> picture) const {
    const auto& loaded = networks_.get();
    return loaded ? (*loaded)->analyse(picture) : loaded.error();
  }

 private:
  const std::shared_future<Result<std::unique_ptr<FaceAnalysis>>> networks_ =
      std::async(std::launch::async, [] { return FaceAnalysis::load(); }).share();
};

WebrtcSettings webrtc_settings(const Config& config) {
  WebrtcSettings settings;
  settings.addresses = config.addresses;
  settings.public_address = config.public_address;
  settings.min_port = config.min_udp_port;
  settings.max_port = config.max_udp_port;
  settings.stun_server = config.stun_server;
  settings.turn_servers = config.turn_servers;
  return settings;
}

class House {
 public:
  House(const Config& config, const Clock& clock, std::chrono::nanoseconds started, EngineChoice engine,
        std::unique_ptr<WebrtcTransport> transport, OwnNetworks networks)
      : config_(config),
        clock_(clock),
        started_(started),
        engine_(std::move(engine.engine)),
        chosen_(std::move(engine.reason)),
        transport_(std::move(transport)),
        presets_({config.presets, config.cache, built_in_portrait(), machine().threads()}, analyse()),
        sessions_(clock, session_metrics_, first_capacity(config), machine().threads()),
        launcher_(*engine_, presets_, analyse(), *transport_, sessions_, clock,
                  {config.max_bitrate, 16, config.idle, config.label, std::move(networks)}),
        rooms_(launcher_, {config.livekit_library, config.max_bitrate, config.max_fps, config.simulcast, config.h264}),
        routes_({sessions_, launcher_, rooms_, presets_, metrics_, synthesiser_, engine_->name(), ice_servers(config),
                 config.allow_private_urls, config.once, [this] { return std::string(engine_->waits_for()); },
                 [this] { return who_draws(); }}) {}

  Result<void> open() {
    ServerSettings door;
    door.host = config_.host;
    door.port = config_.port;
    door.token = config_.token;
    door.origins = config_.origins;
    auto server = Server::listen(door, routes_, metrics_);
    if (!server) return server.error();
    server_ = std::move(*server);
    server_->run();
    return {};
  }

  // Of --once: internal, when its session failed.
  Result<void> live() {
    std::thread caretaker([this] { take_care(); });
    std::shared_ptr<LiveSession> only;  // of --once
    while (!is_interrupted() && !(only && only->is_over())) {
      std::this_thread::sleep_for(kLook);
      if (const auto all = sessions_.list(); config_.once && !only && !all.empty()) only = all.front();
    }
    const bool is_awaited = only || sessions_.state().active > 0;
    drain();
    is_ending_ = true;
    caretaker.join();
    if (is_awaited) std::this_thread::sleep_for(kLastWords);
    server_->stop();
    transport_->wait_until_closed();
    log(LogLevel::info, "stopped");
    if (only && only->ending() == Ending::failed)
      return Error{ErrorKind::internal, "the session failed: " + only->failure()};
    return {};
  }

 private:
  static int first_capacity(const Config& config) {
    if (config.once) return 1;
    return config.max_sessions > 0 ? config.max_sessions : 4 * machine().threads();
  }
  [[nodiscard]] Presets::Analyse analyse() const {
    return [this](std::span<const std::byte> picture) { return faces_.analyse(picture); };
  }

  // The mesh engine does not know why it was chosen; the neural one changes its mind.
  [[nodiscard]] std::string who_draws() const {
    std::string now = engine_->description();
    return now == engine_->name() ? chosen_ : now;
  }

  // Beside the door: what takes time at the start, and looking after the folder of presets.
  void take_care() {
    look_at_presets();
    routes_.set_ready();
    const std::chrono::duration<double> start = clock_.now() - started_;
    metrics_.gauge("avatar_start_seconds", "From the start of the process to /ready").set(start.count());
    metrics_.gauge("process_start_time_seconds", "When the process began, since 1970")
        .set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count() -
             start.count());
    const std::string host = config_.host == "0.0.0.0" || config_.host == "::" ? "localhost" : config_.host;
    const std::string where = host.find(':') == std::string::npos ? host : "[" + host + "]";
    log(LogLevel::info, "ready: open http://" + where + ":" + std::to_string(server_->port()) + "/ in a browser",
        {{"version", AVATAR_VERSION}, {"engine", engine_->name()}, {"seconds", tenths(start)}});
    if (config_.token.empty()) {
      if (is_loopback(config_.host)) {
        log(LogLevel::info, "only this machine can call: AVATAR_API_TOKEN is not set");
      } else {
        log(LogLevel::warning, "everybody who reaches this machine can call: set AVATAR_API_TOKEN",
            {{"host", config_.host}});
      }
    }
    if (auto rehearsed = transport_->rehearse(); !rehearsed) {
      log(LogLevel::warning, "viewers in browsers cannot be served", {{"why", rehearsed.error().message}});
    }
    bool is_measured = config_.max_sessions > 0 || config_.once;
    auto next_look = clock_.now() + kPresetsEvery, next_figures = clock_.now();
    while (!is_ending_ && !is_interrupted()) {  // who drains offers no places: its figures would mislead
      // What an engine holds is known when its networks are loaded.
      if (!is_measured && engine_->waits_for().empty()) {
        measure();
        is_measured = true;
      }
      if (config_.metrics_log.count() > 0 && clock_.now() >= next_figures) {
        tell_figures();
        next_figures += config_.metrics_log;
      }
      std::this_thread::sleep_for(kLook);
      tidy_up();
      if (config_.presets.empty() || clock_.now() < next_look) continue;
      look_at_presets();
      next_look = clock_.now() + kPresetsEvery;
    }
  }

  // When nobody has been there for a while, what the last sessions used goes back to the system.
  void tidy_up() {
    if (sessions_.state().active > 0) {
      used_at_ = clock_.now();
      is_tidy_ = false;
    } else if (!is_tidy_ && clock_.now() - used_at_ >= kRest) {
      malloc_trim(0);
      is_tidy_ = true;
    }
  }

  // What an autoscaler wants to know, and whether pictures come late.
  void tell_figures() {
    const auto state = sessions_.state();
    const double ticks = session_metrics_.ticks.value(), late = session_metrics_.ticks_late.value();
    log_figures("AvatarWorker", config_.service,
                {{"Sessions", "Count", static_cast<double>(state.active)},
                 {"Capacity", "Count", static_cast<double>(state.capacity)},
                 {"Load", "Percent", 100.0 * state.active / std::max(state.capacity, 1)},
                 {"Ticks", "Count", ticks - ticks_told_},
                 {"LateTicks", "Count", late - late_told_}});
    ticks_told_ = ticks;
    late_told_ = late;
  }

  void look_at_presets() {
    const auto bad = presets_.refresh();
    if (!bad) {
      if (bad.error().message != complaint_) log(LogLevel::warning, bad.error().message);
      complaint_ = bad.error().message;
      return;
    }
    complaint_.clear();
    for (const std::string& line : *bad) log(LogLevel::warning, "a preset is left out", {{"why", line}});
  }

  void measure() {
    const auto portrait = presets_.find(Presets::kDefault);
    const auto load = portrait ? measure_load(*engine_, *portrait, clock_, kCapacityTicks) : portrait.error();
    if (!load) {
      log(LogLevel::warning, "the capacity could not be measured", {{"why", load.error().message}});
      return;
    }
    // A graphics card may hold fewer than the processor could encode.
    const int by_engine = engine_->capacity(), by_load = capacity_of(*load, machine());
    const int capacity = by_engine > 0 ? std::min(by_engine, by_load) : by_load;
    sessions_.set_capacity(capacity);
    log(LogLevel::info, "capacity measured",
        {{"sessions", std::to_string(capacity)},
         {"ms_per_tick",
          tenths(std::chrono::duration<double, std::milli>(load->tick).count() * std::chrono::seconds(1))}});
  }

  void drain() {
    sessions_.drain();
    const int active = sessions_.state().active;
    if (active > 0 && last_interrupt() == SIGTERM && config_.drain.count() > 0) {
      log(LogLevel::info, "no new sessions; a second signal ends those that live",
          {{"sessions", std::to_string(active)}, {"at_most_seconds", std::to_string(config_.drain.count())}});
      const auto end = clock_.now() + config_.drain;
      while (interrupts() < 2 && clock_.now() < end && !sessions_.wait_until_empty(kLook)) {
        sessions_.close_unwanted(Ending::drained, kPause);
      }
    }
    sessions_.close_all(Ending::drained);
    rooms_.leave_all();
    sessions_.wait_until_empty(kGoodbye);
  }

  const Config& config_;
  const Clock& clock_;
  const std::chrono::nanoseconds started_;
  Metrics metrics_;
  SessionMetrics session_metrics_{metrics_};
  Faces faces_;
  const Synthesiser synthesiser_;
  const std::unique_ptr<Engine> engine_;
  const std::string chosen_;  // and why
  const std::unique_ptr<WebrtcTransport> transport_;
  Presets presets_;
  Sessions sessions_;
  Launcher launcher_;
  RoomLauncher rooms_;
  Routes routes_;
  std::unique_ptr<Server> server_;
  std::atomic<bool> is_ending_ = false;
  std::chrono::nanoseconds used_at_{0};    // there was a session; of the caretaker
  bool is_tidy_ = true;                    // likewise
  std::string complaint_;                  // of the folder of presets, said once
  double ticks_told_ = 0, late_told_ = 0;  // by the last figures
};

}  // namespace

Result<void> serve(const Config& config, const Clock& clock, std::chrono::nanoseconds started) {
  listen_for_interrupts(2);
  allow_many_descriptors();
  ::mallopt(M_ARENA_MAX, 2);  // each arena keeps what its busiest moment needed
  // Pictures go back to the system with their session. Left alone, the threshold rises to the largest block ever freed.
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
  start_log(config.log_level, config.log_format);
  if (!config.label.empty()) {
    if (auto label = Label::make(config.label, 512, 512); !label) {
      return Error{label.error().kind, "AVATAR_DISCLOSURE_LABEL: " + label.error().message};
    }
  }
  auto engine = choose_engine(engine_options(config));
  if (!engine) return engine.error();
  log(LogLevel::info, "engine chosen", {{"engine", engine->engine->name()}, {"why", engine->reason}});
  auto networks = OwnNetworks::load(config.emotion_model, config.lips_model);
  if (!networks) return networks.error();
  auto transport = WebrtcTransport::start(webrtc_settings(config), clock);
  if (!transport) return transport.error();
  House house(config, clock, started, std::move(*engine), std::move(*transport), *std::move(networks));
  if (auto opened = house.open(); !opened) return opened;
  return house.live();
}

}  // namespace avatar
