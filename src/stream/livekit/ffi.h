// SPDX-License-Identifier: Apache-2.0
// LiveKit's client library, loaded at run time: requests go in and are answered at once; what takes longer comes back
// as an event, on a thread of the library. The folder's other files know the protocol; this one knows the C interface.
//
//   auto ffi = Ffi::load("");                       // once in the program
//   Mailbox mailbox(*ffi);
//   request.mutable_connect()->set_request_async_id(mailbox.new_id());
//   (*ffi)->request(request);
//   while (auto event = mailbox.wait_until(deadline)) ...
//
// Events with an async id go to the mailbox that made the id, all others to every mailbox: they carry the handle of a
// room, a stream or a participant, by which the reader knows its own.
// Threads: [any thread]. The library's threads only put events into mailboxes.
// Ownership: handles that the library gives must be dropped (OwnedHandle).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/result.h"

namespace avatar {

namespace ffi {  // ffi_messages.proto
class Event;
class Request;
class Response;
}  // namespace ffi

class Mailbox;

class Ffi final {
 public:
  /// Loads the library at `path`; empty: $LIVEKIT_FFI_LIB, else liblivekit_ffi.so beside the program or its lib/, in
  /// the folders of the program's RUNPATH, or on the system. Only one may be loaded at a time: the library knows only
  /// one listener. unavailable: there is none or it is not what we know; the words tell the remedy. [start]
  static Result<std::shared_ptr<Ffi>> load(const std::string& path);
  ~Ffi();
  Ffi(const Ffi&) = delete;
  Ffi& operator=(const Ffi&) = delete;

  /// The library's own, such as "0.13.2".
  [[nodiscard]] const std::string& version() const { return version_; }

  /// unavailable: the library refused it.
  Result<ffi::Response> request(const ffi::Request& request);

  /// Answers whether there was such a handle.
  bool drop(uint64_t handle);

 private:
  friend class Mailbox;
  struct Library;
  explicit Ffi(std::unique_ptr<Library> library);
  static void deliver(const uint8_t* data, size_t size);

  std::unique_ptr<Library> library_;
  std::string version_;
  std::mutex mutex_;  // of mailboxes_
  std::map<uint32_t, Mailbox*> mailboxes_;
  uint32_t last_mailbox_ = 0;
};

/// Drops its handle at the end.
class OwnedHandle final {
 public:
  OwnedHandle() = default;
  OwnedHandle(std::shared_ptr<Ffi> ffi, uint64_t id) : ffi_(std::move(ffi)), id_(id) {}
  OwnedHandle(OwnedHandle&& other) noexcept : ffi_(std::move(other.ffi_)), id_(std::exchange(other.id_, 0)) {}
  OwnedHandle& operator=(OwnedHandle&& other) noexcept {
    std::swap(ffi_, other.ffi_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~OwnedHandle() {
    if (id_ != 0) ffi_->drop(id_);
  }
  [[nodiscard]] uint64_t id() const { return id_; }  ///< 0: none

 private:
  std::shared_ptr<Ffi> ffi_;
  uint64_t id_ = 0;
};

/// Where events wait for their reader. When more than kBound wait, later ones are lost and is_overfull() stays true:
/// the reader is stuck, and its room is beyond help.
class Mailbox final {
 public:
  static constexpr size_t kBound = 100'000;
  using Time = std::chrono::steady_clock::time_point;

  explicit Mailbox(std::shared_ptr<Ffi> ffi);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// An id for a request whose answer shall come here.
  uint64_t new_id() { return (static_cast<uint64_t>(number_) << 32U) | ++last_id_; }

  /// The next event. Nothing: the time has come, or somebody called wake().
  std::shared_ptr<const ffi::Event> wait_until(Time time);
  void wake();

  /// How many of our frames of sound the library has taken: they are counted, not queued.
  [[nodiscard]] uint32_t sounds_taken() const { return sounds_taken_; }
  [[nodiscard]] bool is_overfull() const { return overfull_; }

 private:
  friend class Ffi;
  void put(std::shared_ptr<const ffi::Event> event);

  const std::shared_ptr<Ffi> ffi_;
  uint32_t number_ = 0;
  std::atomic<uint32_t> last_id_ = 0;
  std::atomic<uint32_t> sounds_taken_ = 0;
  std::atomic<bool> overfull_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const ffi::Event>> events_;
  bool woken_ = false;
};

}  // namespace avatar
