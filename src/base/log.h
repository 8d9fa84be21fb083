// SPDX-License-Identifier: Apache-2.0
// What the server does, one line each, on standard error: for people ("text") or for collectors ("json").
//
//   start_log(LogLevel::info, LogFormat::text);
//   log(LogLevel::info, "a session has ended", {{"session", id}, {"seconds", "12.4"}});
//
//   2026-12-01T10:20:30.123Z info    a session has ended session=s-4f2a seconds=12.4
//   {"time":"2026-12-01T10:20:30.123Z","level":"info","message":"a session has ended","session":"s-4f2a",...}
//
// Never in a line: tokens, what was uploaded, what is said.
// The logger is the one global of the house. Threads: start_log [start], the rest [any thread].
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace avatar {

enum class LogLevel : uint8_t { debug, info, warning, error, off };
enum class LogFormat : uint8_t { text, json };

/// By the names above.
[[nodiscard]] std::optional<LogLevel> log_level_named(std::string_view name);
[[nodiscard]] std::optional<LogFormat> log_format_named(std::string_view name);

/// Before it is called only warnings and errors are written, as text.
void start_log(LogLevel level, LogFormat format);

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
void log(LogLevel level, std::string_view message, LogFields fields = {});

/// A number for CloudWatch, with one of its units: "Count", "Percent", "Milliseconds".
struct Figure {
  std::string_view name, unit;
  double value;
};
/// One line that CloudWatch reads as metrics of `space`, by service (its embedded metric format): JSON at every level
/// but off, whatever the format of the other lines is.
void log_figures(std::string_view space, std::string_view service, std::initializer_list<Figure> figures);

/// That line, at this time. For tests.
[[nodiscard]] std::string figures_line(std::chrono::system_clock::time_point time, std::string_view space,
                                       std::string_view service, std::initializer_list<Figure> figures);

/// One line, without its time: what log() writes. For tests.
[[nodiscard]] std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                                   LogFields fields);

/// Text as a JSON string, with its quotes. What is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace avatar
