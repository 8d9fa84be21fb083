// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <memory>

namespace avatar {
namespace {

constexpr std::array<std::string_view, 5> kLevels{"debug", "info", "warning", "error", "off"};
constexpr std::array<std::string_view, 2> kFormats{"text", "json"};

struct Logger {
  LogFormat format = LogFormat::text;
  spdlog::logger lines{"avatar", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  Logger() {
    lines.set_pattern("%v");
    lines.set_level(spdlog::level::warn);
  }
};

Logger& logger() {
  static Logger the_one;
  return the_one;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  constexpr std::array kTable{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err,
                              spdlog::level::off};
  return kTable[static_cast<size_t>(level)];
}

template <size_t N>
std::optional<size_t> index_of(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? std::nullopt : std::optional(static_cast<size_t>(it - names.begin()));
}

int64_t unix_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

// RFC 3339 with milliseconds, UTC.
std::string time_text(std::chrono::system_clock::time_point time) {
  const int64_t ms = unix_ms(time);
  const std::time_t seconds = ms / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + n, text.size() - n, ".%03dZ", static_cast<int>(ms % 1000));
  return text.data();
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

// Length of the well-formed UTF-8 sequence at the front of `text` (Unicode, table 3-7); 0: there is none.
size_t utf8_length(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0U; };
  const auto tail = [&](size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned a = at(0), b = at(1);
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    const bool good = tail(1) && tail(2) && (a != 0xE0 || b >= 0xA0) && (a != 0xED || b <= 0x9F);
    return good ? 3 : 0;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    const bool good = tail(1) && tail(2) && tail(3) && (a != 0xF0 || b >= 0x90) && (a != 0xF4 || b <= 0x8F);
    return good ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::optional<LogLevel> log_level_named(std::string_view name) {
  const auto i = index_of(kLevels, name);
  return i ? std::optional(static_cast<LogLevel>(*i)) : std::nullopt;
}

std::optional<LogFormat> log_format_named(std::string_view name) {
  const auto i = index_of(kFormats, name);
  return i ? std::optional(static_cast<LogFormat>(*i)) : std::nullopt;
}

void start_log(LogLevel level, LogFormat format) {
  logger().format = format;
  logger().lines.set_level(spdlog_level(level));
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t n = utf8_length(text);
    const char c = text.front();
    if (n == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<uint8_t>(c) < 0x20) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(std::max<size_t>(n, 1));
  }
  return out + '"';
}

std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                     LogFields fields) {
  const std::string_view level_name = kLevels[static_cast<size_t>(level)];
  std::string line;
  if (format == LogFormat::json) {
    const auto put = [&line](std::string_view key, std::string_view value) {
      line.append(line.empty() ? "{" : ",").append(json_quoted(key)).append(":").append(json_quoted(value));
    };
    put("time", time);
    put("level", level_name);
    put("message", message);
    for (const auto& [key, value] : fields) put(key, value);
    return line + "}";
  }
  line.append(time).append(" ").append(level_name).append(8 - level_name.size(), ' ').append(message);
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    // What is not a plain word is quoted, so that nobody can write a line of his own.
    const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
      return static_cast<uint8_t>(c) > 0x20 && static_cast<uint8_t>(c) < 0x7F && c != '"' && c != '\\';
    });
    line += plain ? std::string(value) : json_quoted(value);
  }
  return line;
}

void log(LogLevel level, std::string_view message, LogFields fields) {
  Logger& l = logger();
  if (!l.lines.should_log(spdlog_level(level))) return;
  const std::string time = time_text(std::chrono::system_clock::now());
  l.lines.log(spdlog_level(level), "{}", log_line(l.format, time, level, message, fields));
}

// Amazon CloudWatch user guide, "Specification: Embedded metric format": what _aws names is found at the top.
std::string figures_line(std::chrono::system_clock::time_point time, std::string_view space, std::string_view service,
                         std::initializer_list<Figure> figures) {
  std::string names, values;
  for (const Figure& figure : figures) {
    names += names.empty() ? "" : ",";
    names += R"({"Name":)" + json_quoted(figure.name) + R"(,"Unit":)" + json_quoted(figure.unit) + "}";
    values += ',';
    values += json_quoted(figure.name) + ":" + number_text(figure.value);
  }
  return R"({"time":")" + time_text(time) + R"(","level":"info","message":"figures","_aws":{"Timestamp":)" +
         std::to_string(unix_ms(time)) + R"(,"CloudWatchMetrics":[{"Namespace":)" + json_quoted(space) +
         R"(,"Dimensions":[["Service"]],"Metrics":[)" + names + R"(]}]},"Service":)" + json_quoted(service) + values +
         "}";
}

void log_figures(std::string_view space, std::string_view service, std::initializer_list<Figure> figures) {
  Logger& l = logger();
  if (l.lines.level() == spdlog::level::off) return;
  l.lines.log(spdlog::level::critical, "{}",  // no level holds it back
              figures_line(std::chrono::system_clock::now(), space, service, figures));
}

}  // namespace avatar
