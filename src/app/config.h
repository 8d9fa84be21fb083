// SPDX-License-Identifier: Apache-2.0
// Everything a server can be told, as one table: each setting is an environment variable and a flag. Flags win.
//
//   Config config;
//   read_environment(config, [](const char* name) { return std::getenv(name); });
//   complete(config);                      // what depends on more than one of them
//
// Errors: invalid; one sentence that names the variable, and never its value when it is a secret.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/engines.h"

namespace avatar {

struct Config {
  std::string host;  ///< an IP address; empty before complete(): loopback without a token, else every address
  int port = 8089;
  std::string token;
  std::vector<std::string> origins;  ///< sites whose pages may call

  std::filesystem::path presets;  ///< empty: only the built-in portrait
  std::filesystem::path cache;    ///< empty before complete(): where the user's caches are
  std::filesystem::path models;   ///< of the neural engine; empty: none
  std::string engine = "auto";
  std::vector<std::string> providers;   ///< of the neural engine, tried in this order; empty: tensorrt, then cuda
  int device = 0;                       ///< likewise: which card
  std::filesystem::path emotion_model;  ///< a user's own; empty: the one in the program
  std::filesystem::path lips_model;     ///< likewise

  int max_sessions = 0;  ///< 0: measured
  std::chrono::seconds idle{60};
  std::chrono::seconds drain{25};
  bool once = false;  ///< one session, then the end

  int max_bitrate = 2'000'000;  ///< bit/s, of one session's pictures
  int max_fps = 0;              ///< in rooms; 0: as many as the session makes
  bool simulcast = false;
  bool h264 = false;  ///< into rooms, instead of VP8
  std::string label;  ///< drawn over every picture; empty: none
  std::string livekit_library;
  bool allow_private_urls = false;

  std::vector<std::string> addresses;  ///< where viewers reach us; empty before complete(): follows the host
  std::string public_address;          ///< under which they find us; empty: under those
  int min_udp_port = 0, max_udp_port = 0;
  std::string stun_server;
  std::vector<std::string> turn_servers;

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::chrono::seconds metrics_log{0};    ///< figures go into the log this often; 0: not
  std::string service = "avatar-worker";  ///< whose figures they are
};

struct Setting {
  const char* variable;  ///< "PORT"
  const char* flag;      ///< "--port"
  const char* type;      ///< "N"
  const char* help;
  /// Answers what the value should be; empty: it is good.
  std::function<std::string(Config& config, const std::string& value)> set;
};

[[nodiscard]] std::span<const Setting> settings();

/// `look_up` answers null for what is not set. Empty values count as not set.
[[nodiscard]] Result<void> read_environment(Config& config, const std::function<const char*(const char*)>& look_up);

/// Sets one of them; `called` is how the user named it.
[[nodiscard]] Result<void> apply(Config& config, const Setting& setting, const std::string& value, const char* called);

[[nodiscard]] Result<void> complete(Config& config, const std::function<const char*(const char*)>& look_up);

/// What it says of the engine; of a server.
[[nodiscard]] EngineOptions engine_options(const Config& config);

/// 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(const std::string& address);

}  // namespace avatar
