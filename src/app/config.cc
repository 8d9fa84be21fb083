// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>

#include "app/capacity.h"

namespace avatar {
namespace {

using Set = std::function<std::string(Config&, const std::string&)>;

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool is_address(const std::string& text) {
  std::array<std::byte, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> list;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(", ", at), text.size());
    if (end > at) list.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

Set number(int Config::*where, int low, int high) {
  return [=](Config& config, const std::string& text) -> std::string {
    const auto value = whole_number(text);
    if (!value || *value < low || *value > high) {
      return "is a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    }
    config.*where = *value;
    return {};
  };
}

Set seconds(std::chrono::seconds Config::*where, int high) {
  return [=](Config& config, const std::string& text) -> std::string {
    const auto value = whole_number(text);
    if (!value || *value < 0 || *value > high) return "is a number of seconds from 0 to " + std::to_string(high);
    config.*where = std::chrono::seconds(*value);
    return {};
  };
}

Set yes_or_no(bool Config::*where) {
  return [=](Config& config, const std::string& text) -> std::string {
    const bool yes = text == "true" || text == "1" || text == "yes" || text == "on";
    if (!yes && text != "false" && text != "0" && text != "no" && text != "off") return "is true or false";
    config.*where = yes;
    return {};
  };
}

template <typename Text>
Set text(Text Config::*where) {
  return [=](Config& config, const std::string& value) -> std::string {
    config.*where = value;
    return {};
  };
}

std::string set_host(Config& config, const std::string& value) {
  if (value != "localhost" && !is_address(value)) return "is an IP address of this machine, as 127.0.0.1 or 0.0.0.0";
  config.host = value == "localhost" ? "127.0.0.1" : value;
  return {};
}

std::string set_token(Config& config, const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain || value.size() > 1024) return "is at most 1,024 visible ASCII characters without spaces";
  config.token = value;
  return {};
}

std::string set_token_file(Config& config, const std::string& value) {
  std::ifstream in(value);
  std::string token;
  if (!(in >> token)) return "is a file with a token in it; " + value + " cannot be read, or is empty";
  return set_token(config, token);
}

std::string set_origins(Config& config, const std::string& value) {
  for (const auto& origin : words(value)) {
    const size_t scheme = origin.find("://");
    const bool whole = scheme != std::string::npos && origin.find('/', scheme + 3) == std::string::npos;
    if (origin != "*" && !whole) return "is a list of origins as https://example.com, or *";
  }
  config.origins = words(value);
  return {};
}

std::string set_addresses(Config& config, const std::string& value) {
  const auto list = words(value);
  if (!std::all_of(list.begin(), list.end(), is_address)) return "is a list of IP addresses of this machine";
  config.addresses = list;
  return {};
}

std::string set_public_address(Config& config, const std::string& value) {
  if (!is_address(value)) return "is an IP address";
  config.public_address = value;
  return {};
}

std::string set_udp_ports(Config& config, const std::string& value) {
  const size_t dash = value.find('-');
  const auto low = whole_number(std::string_view(value).substr(0, dash));
  const auto high = dash == std::string::npos ? low : whole_number(std::string_view(value).substr(dash + 1));
  if (!low || !high || *low < 1 || *high > 65535 || *low > *high) return "is a range of ports as 40000-40099";
  config.min_udp_port = *low;
  config.max_udp_port = *high;
  return {};
}

std::string set_stun(Config& config, const std::string& value) {
  if (value.substr(0, 7) != "stun://") return "is an address as stun://192.0.2.1:3478";
  config.stun_server = value;
  return {};
}

std::string set_turn(Config& config, const std::string& value) {
  const auto list = words(value);
  const auto good = [](const std::string& s) { return s.substr(0, 7) == "turn://" || s.substr(0, 8) == "turns://"; };
  if (!std::all_of(list.begin(), list.end(), good)) return "is a list of addresses as turn://user:password@host:3478";
  config.turn_servers = list;
  return {};
}

std::string set_engine(Config& config, const std::string& value) {
  if (value != "mesh" && value != "neural" && value != "auto") return "is mesh, neural or auto";
  config.engine = value;
  return {};
}

std::string set_providers(Config& config, const std::string& value) {
  config.providers = words(value);
  const auto known = [](const std::string& s) { return s == "tensorrt" || s == "cuda" || s == "cpu"; };
  if (!std::all_of(config.providers.begin(), config.providers.end(), known))
    return "is a list of tensorrt, cuda and cpu";
  return {};
}

std::string set_codec(Config& config, const std::string& value) {
  if (value != "vp8" && value != "h264") return "is vp8 or h264";
  config.h264 = value == "h264";
  return {};
}

std::string set_log_level(Config& config, const std::string& value) {
  const auto level = log_level_named(value);
  if (!level) return "is debug, info, warning, error or off";
  config.log_level = *level;
  return {};
}

std::string set_log_format(Config& config, const std::string& value) {
  const auto format = log_format_named(value);
  if (!format) return "is text or json";
  config.log_format = *format;
  return {};
}

// Of this machine, but loopback and what only leads to neighbours on the same wire.
std::vector<std::string> own_addresses() {
  ifaddrs* list = nullptr;
  std::vector<std::string> found;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> keep(list, &::freeifaddrs);
  for (const ifaddrs* a = list; a != nullptr; a = a->ifa_next) {
    if (a->ifa_addr == nullptr || (a->ifa_flags & IFF_UP) == 0 || (a->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (a->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(a->ifa_addr);
      if (::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size()) != nullptr) found.emplace_back(text.data());
    } else if (a->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(a->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) continue;
      if (::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size()) != nullptr) found.emplace_back(text.data());
    }
  }
  return found;
}

}  // namespace

std::span<const Setting> settings() {
  static const std::array kSettings{
      Setting{"HOST", "--host", "ADDRESS", "where to listen (default: 127.0.0.1; with a token 0.0.0.0)", set_host},
      Setting{"PORT", "--port", "N", "TCP port; 0 is any that is free (default: 8089)",
              number(&Config::port, 0, 65535)},
      Setting{"AVATAR_API_TOKEN", "--token", "TEXT", "what clients must send (default: none, and only this machine)",
              set_token},
      Setting{"AVATAR_API_TOKEN_FILE", "--token-file", "FILE", "the same, as the content of a file", set_token_file},
      Setting{"AVATAR_CORS_ORIGINS", "--cors-origins", "LIST", "other sites whose pages may call (default: none)",
              set_origins},
      Setting{"PRESET_AVATARS_DIR", "--presets", "DIR", "portraits by name: DIR/<id>/<picture> (default: none)",
              text(&Config::presets)},
      Setting{"AVATAR_CACHE_DIR", "--cache", "DIR",
              "where prepared portraits are kept (default: ~/.cache/avatar-worker)", text(&Config::cache)},
      Setting{"AVATAR_MODEL_DIR", "--models", "DIR", "networks of the neural engine (default: none)",
              text(&Config::models)},
      Setting{"AVATAR_ENGINE", "--engine", "NAME",
              "mesh, neural or auto: neural where its networks and a card are (default: auto)", set_engine},
      Setting{"AVATAR_PROVIDERS", "--providers", "LIST",
              "what runs its networks, tried in this order (default: tensorrt,cuda; cpu is for tests)", set_providers},
      Setting{"AVATAR_DEVICE", "--device", "N", "which card (default: 0)", number(&Config::device, 0, 63)},
      Setting{"AVATAR_EMOTION_MODEL", "--emotion-model", "FILE",
              "a network of your own that hears the mood (default: the one in the program)",
              text(&Config::emotion_model)},
      Setting{"AVATAR_LIPS_MODEL", "--lips-model", "FILE",
              "a network of your own that moves the lips (default: the one in the program)", text(&Config::lips_model)},
      Setting{"AVATAR_MAX_SESSIONS", "--max-sessions", "N", "how many may live at once (default: measured at start)",
              number(&Config::max_sessions, 1, 1000)},
      Setting{"AVATAR_IDLE_SECONDS", "--idle-seconds", "S",
              "a session that nobody watches or speaks to ends (default: 60)", seconds(&Config::idle, 86400)},
      Setting{"AVATAR_DRAIN_SECONDS", "--drain-seconds", "S",
              "how long SIGTERM waits for sessions to end (default: 25)", seconds(&Config::drain, 86400)},
      Setting{"AVATAR_ONCE", "--once", "BOOL", "serve one session, answer at its end, then exit (default: false)",
              yes_or_no(&Config::once)},
      Setting{"AVATAR_VIDEO_MAX_BITRATE", "--max-bitrate", "BPS", "bit/s of the picture (default: 2000000)",
              number(&Config::max_bitrate, 100'000, 20'000'000)},
      Setting{"AVATAR_VIDEO_MAX_FPS", "--max-fps", "N", "pictures a second into rooms (default: the session's)",
              number(&Config::max_fps, 1, 60)},
      Setting{"AVATAR_VIDEO_CODEC", "--codec", "NAME", "of the picture into rooms, vp8 or h264 (default: vp8)",
              set_codec},
      Setting{"AVATAR_VIDEO_SIMULCAST", "--simulcast", "BOOL", "several sizes into rooms (default: false)",
              yes_or_no(&Config::simulcast)},
      Setting{"AVATAR_DISCLOSURE_LABEL", "--label", "TEXT", "words over every picture, as AI-generated (default: none)",
              text(&Config::label)},
      Setting{"LIVEKIT_FFI_LIB", "--livekit-library", "FILE", "LiveKit's client library (default: where it is usual)",
              text(&Config::livekit_library)},
      Setting{"AVATAR_ALLOW_PRIVATE_URLS", "--allow-private-urls", "BOOL",
              "fetch pictures also from private networks (default: false)", yes_or_no(&Config::allow_private_urls)},
      Setting{"AVATAR_ICE_ADDRESSES", "--ice-addresses", "LIST",
              "where browsers reach this machine by UDP (default: those of HOST)", set_addresses},
      Setting{"AVATAR_ICE_PUBLIC_ADDRESS", "--ice-public-address", "ADDRESS",
              "what browsers are told instead, behind a NAT that keeps the ports (default: none)", set_public_address},
      Setting{"AVATAR_UDP_PORTS", "--udp-ports", "LOW-HIGH", "UDP ports for browsers (default: any)", set_udp_ports},
      Setting{"AVATAR_STUN_SERVER", "--stun", "URL", "STUN server (default: none is asked)", set_stun},
      Setting{"AVATAR_TURN_SERVERS", "--turn", "LIST", "TURN servers (default: none)", set_turn},
      Setting{"LOG_LEVEL", "--log-level", "NAME", "debug, info, warning, error or off (default: info)", set_log_level},
      Setting{"LOG_FORMAT", "--log-format", "NAME", "text or json (default: text)", set_log_format},
      Setting{"AVATAR_METRICS_LOG_SECONDS", "--metrics-log-seconds", "S",
              "how often figures for CloudWatch go into a log of json; 0 is never (default: 0)",
              seconds(&Config::metrics_log, 3600)},
      Setting{"AVATAR_METRICS_SERVICE", "--metrics-service", "NAME",
              "whose figures they are: CloudWatch's dimension Service (default: avatar-worker)",
              text(&Config::service)},
  };
  return kSettings;
}

Result<void> apply(Config& config, const Setting& setting, const std::string& value, const char* called) {
  if (const std::string wrong = setting.set(config, value); !wrong.empty()) {
    return Error{ErrorKind::invalid, std::string(called) + " " + wrong};
  }
  return {};
}

Result<void> read_environment(Config& config, const std::function<const char*(const char*)>& look_up) {
  for (const Setting& setting : settings()) {
    const char* value = look_up(setting.variable);
    if (value == nullptr || *value == '\0') continue;
    if (auto done = apply(config, setting, value, setting.variable); !done) return done;
  }
  return {};
}

Result<void> complete(Config& config, const std::function<const char*(const char*)>& look_up) {
  if (config.host.empty()) config.host = config.token.empty() ? "127.0.0.1" : "0.0.0.0";
  if (config.cache.empty()) {
    const char* caches = look_up("XDG_CACHE_HOME");
    const char* home = look_up("HOME");
    if (caches != nullptr && *caches == '/') {
      config.cache = std::filesystem::path(caches) / "avatar-worker";
    } else if (home != nullptr && *home == '/') {
      config.cache = std::filesystem::path(home) / ".cache" / "avatar-worker";
    }
  }
  if (config.metrics_log.count() > 0 && config.log_format != LogFormat::json) {
    return Error{ErrorKind::invalid, "AVATAR_METRICS_LOG_SECONDS needs LOG_FORMAT=json"};
  }
  if (config.addresses.empty()) {
    const bool everywhere = config.host == "0.0.0.0" || config.host == "::";
    config.addresses = everywhere ? own_addresses() : std::vector{config.host};
    if (config.addresses.empty()) config.addresses = {"127.0.0.1"};
  }
  return {};
}

EngineOptions engine_options(const Config& config) {
  EngineOptions options;
  options.name = config.engine;
  options.models = config.models;
  options.cache = config.cache;
  options.providers = config.providers;
  options.device = config.device;
  options.threads = machine().threads();
  options.is_live = true;
  return options;
}

bool is_loopback(const std::string& address) { return address.substr(0, 4) == "127." || address == "::1"; }

}  // namespace avatar
