// SPDX-License-Identifier: Apache-2.0
#include "app/doctor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "app/capacity.h"
#include "app/picture_source.h"
#include "engine/engines.h"
#include "face/analysis.h"
#include "face/presets.h"
#include "speech/synthesiser.h"
#include "stream/audio_encoder.h"
#include "stream/gstreamer.h"
#include "stream/live_encoder.h"
#include "stream/livekit/ffi.h"
#include "stream/webrtc_transport.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

class Report {
 public:
  void ok(const char* what, const std::string& words) { line("ok", what, words); }
  void note(const char* what, const std::string& words) { line("note", what, words); }
  void bad(const char* what, const std::string& words) {
    line("BAD", what, words);
    ++bad_;
  }
  [[nodiscard]] int count() const { return bad_; }

 private:
  static void line(const char* grade, const char* what, const std::string& words) {
    std::printf("%-5s %-12s %s\n", grade, what, words.c_str());
    std::fflush(stdout);
  }
  int bad_ = 0;
};

// Binds and lets go. Answers why it is not to be had; empty: it is free.
std::string why_not_free(const std::string& host, int port, int kind) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  const bool is_v4 = ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  if (!is_v4 && ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return "it is no IP address";
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  const int socket = ::socket(is_v4 ? AF_INET : AF_INET6, kind | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::strerror(errno);
  const int on = 1;
  if (kind == SOCK_STREAM) ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto* address = is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t size = is_v4 ? sizeof v4 : sizeof v6;
  std::string why;
  if (::bind(socket, address, size) != 0 || (kind == SOCK_STREAM && ::listen(socket, 1) != 0)) {
    why = std::strerror(errno);
  }
  ::close(socket);
  return why;
}

void look_at_machine(Report& report) {
  const Machine here = machine();
  char words[96];
  std::snprintf(words, sizeof words, "%.3g cores, %.1f GB; avatar-worker bench says how many sessions that is",
                here.cores, static_cast<double>(here.memory_bytes) / 1e9);
  report.ok("machine", words);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 1024) {
    report.note("files",
                "only " + std::to_string(files.rlim_cur) + " may be open at once; ulimit -n 4096 gives viewers room");
  }
}

void look_at_door(Report& report, const Config& config) {
  const std::string where = config.host + ":" + std::to_string(config.port);
  const std::string why = config.port == 0 ? "" : why_not_free(config.host, config.port, SOCK_STREAM);
  if (why.empty()) {
    report.ok("port", config.port == 0 ? "any that is free" : where + " is free");
  } else {
    report.bad("port", where + " cannot be had (" + why + "); stop what uses it, or set PORT");
  }
  if (!config.token.empty()) {
    report.ok("token", "AVATAR_API_TOKEN is set: clients must send it");
  } else if (is_loopback(config.host)) {
    report.ok("token", "none; only this machine can call");
  } else {
    report.note("token", "none, and " + config.host + " can be reached from elsewhere: set AVATAR_API_TOKEN");
  }
}

void look_at_udp(Report& report, const Config& config) {
  std::string all;
  for (const std::string& address : config.addresses) {
    all.append(all.empty() ? "" : ", ").append(address);
    const std::string why = why_not_free(address, 0, SOCK_DGRAM);
    if (!why.empty()) {
      return report.bad("viewers", address + " is no address of this machine: see AVATAR_ICE_ADDRESSES");
    }
    int taken = 0;
    for (int port = config.min_udp_port; port != 0 && port <= config.max_udp_port; ++port) {
      taken += why_not_free(address, port, SOCK_DGRAM).empty() ? 0 : 1;
    }
    if (taken > 0) {
      report.note("viewers", std::to_string(taken) + " UDP ports of AVATAR_UDP_PORTS are in use on " + address);
    }
  }
  report.ok("viewers", "come by UDP to " + all + (is_loopback(config.addresses.front()) ? ": this machine alone" : ""));
}

void look_at_codecs(Report& report, const Clock& clock) {
  for (const VideoCodec codec : {VideoCodec::h264, VideoCodec::vp8}) {
    if (auto encoder = make_live_encoder(codec, 512, 512, 25, 1'000'000); encoder) {
      report.ok("codec", name(codec));
    } else {
      report.bad("codec", std::string(name(codec)) + ": " + encoder.error().message);
    }
  }
  if (auto encoder = AudioEncoder::create(); !encoder) report.bad("codec", "Opus: " + encoder.error().message);
  if (auto started = start_gstreamer(); !started) report.bad("recordings", started.error().message);
  WebrtcSettings loopback;
  auto transport = WebrtcTransport::start(loopback, clock);
  const auto rehearsed = transport ? (*transport)->rehearse() : transport.error();
  if (rehearsed) {
    report.ok("webrtc", "a connection can be offered");
  } else {
    report.bad("webrtc", rehearsed.error().message);
  }
}

void look_at_cache(Report& report, const Config& config) {
  if (config.cache.empty()) {
    report.note("cache", "none: portraits are prepared anew at each start; set AVATAR_CACHE_DIR");
    return;
  }
  std::error_code failed;
  fs::create_directories(config.cache, failed);
  const fs::path probe = config.cache / (".doctor-" + std::to_string(::getpid()));
  std::FILE* file = failed ? nullptr : std::fopen(probe.c_str(), "wx");
  if (file == nullptr) {
    report.note("cache", config.cache.string() + " cannot be written: portraits are prepared anew at each start");
    return;
  }
  std::fclose(file);
  fs::remove(probe, failed);
  const auto space = fs::space(config.cache, failed);
  if (!failed && space.available < 100'000'000) {
    report.note("cache", config.cache.string() + " has less than 100 MB left");
  } else {
    report.ok("cache", config.cache.string());
  }
}

void look_at_portraits(Report& report, const Config& config) {
  auto faces = FaceAnalysis::load();
  if (!faces) return report.bad("faces", faces.error().message);
  const auto analyse = [&](std::span<const std::byte> picture) { return (*faces)->analyse(picture); };
  Presets presets({config.presets, {}, built_in_portrait(), 2}, analyse);
  if (auto read = presets.refresh(); !read) report.bad("presets", read.error().message);
  int good = 0;
  std::string names;
  for (const auto& preset : presets.list()) {
    if (preset.why_not) {
      report.bad("presets", preset.id + ": " + preset.why_not->message);
    } else if (++good <= 8) {
      names += (names.empty() ? "" : ", ") + preset.id;
    }
  }
  report.ok("presets", std::to_string(good) + " ready: " + names + (good > 8 ? ", ..." : ""));

  auto engine = make_engine(engine_options(config));
  if (!engine) return report.bad("engine", engine.error().message);
  const auto portrait = presets.find(Presets::kDefault);
  const auto avatar = portrait ? (*engine)->make_avatar(*portrait, {}) : portrait.error();
  if (avatar) {
    report.ok("engine", std::string((*engine)->name()) + " draws");
  } else {
    report.bad("engine", avatar.error().message);
  }
}

void look_at_guests(Report& report, const Config& config) {
  const Synthesiser synthesiser;
  if (synthesiser.voices().empty()) {
    report.note("typed text", "no synthesiser: install espeak-ng or flite to let it speak typed text");
  } else {
    report.ok("typed text", std::to_string(synthesiser.voices().size()) + " voices");
  }
  auto library = Ffi::load(config.livekit_library);
  if (library) {
    report.ok("rooms", "LiveKit's client library " + (*library)->version());
  } else {
    report.note("rooms", library.error().message);
  }
}

}  // namespace

Result<void> doctor(const Config& config, const Clock& clock) {
  Report report;
  look_at_machine(report);
  look_at_door(report, config);
  look_at_udp(report, config);
  look_at_codecs(report, clock);
  look_at_cache(report, config);
  look_at_portraits(report, config);
  look_at_guests(report, config);
  if (report.count() == 0) return {};
  return Error{ErrorKind::unavailable, std::to_string(report.count()) + " things are bad; the lines above tell which"};
}

}  // namespace avatar
