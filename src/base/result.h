// SPDX-License-Identifier: Apache-2.0
// A value, or the reason why the world said no. For input, files, peers and capacity; a broken promise inside the
// house is a CHECK (base/check.h) instead.
//
//   Result<Image> read(...);
//   auto image = read(path);
//   if (!image) return image.error().while_doing("reading the portrait");
//   use(*image);
//
// Member names follow C++23's std::expected, so that the change later is one line.
// Threads: a value type; no sharing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace avatar {

/// What kind of no. The words carry the detail; the kind decides the HTTP status and the exit code.
enum class ErrorKind : uint8_t {
  invalid,      ///< the caller's input is wrong; the words say what to change
  not_found,    ///< a file, preset or session does not exist
  busy,         ///< full, or a queue is full: try again later
  unavailable,  ///< something outside is missing or refused: disk, network, library
  unsupported,  ///< understood, but this build or machine cannot do it
  timeout,      ///< did not finish in its time
  internal,     ///< our fault
  cancelled,    ///< the user asked to stop
};

/// "invalid", "not_found", ...: as they stand in JSON.
[[nodiscard]] const char* name(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  ///< one sentence for a person, no trailing newline

  /// The same error with context in front: "while <doing>: <message>".
  [[nodiscard]] Error while_doing(std::string_view doing) const {
    return {kind, "while " + std::string(doing) + ": " + message};
  }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor): as std::expected
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T& value() {
    CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const Error& error() const {
    CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// A result without a value: `return {}` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const {
    CHECK(failed_);
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace avatar
