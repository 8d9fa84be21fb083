// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/ffi.h"

#include <dlfcn.h>
#include <ffi_messages.pb.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"

namespace avatar {
namespace {

constexpr auto kDisposeTimeout = std::chrono::seconds(1);

constexpr const char* kName = "liblivekit_ffi.so";
constexpr const char* kKnown = "0.13.";  // the protocol of ffi_messages.proto was read from these

// Calling convention of UniFFI, which the library uses to tell its version.
struct RustBuffer {
  uint64_t capacity = 0;
  uint64_t size = 0;
  const char* data = nullptr;
};
struct RustStatus {
  int8_t code = 0;  // 0: well
  RustBuffer error;
};

// The library calls back without a word about whom: so there is one listener.
std::mutex listener_mutex;
Ffi* listener = nullptr;

std::vector<std::string> places(const std::string& path) {
  if (!path.empty()) return {path};
  if (const char* given = std::getenv("LIVEKIT_FFI_LIB"); given != nullptr && *given != '\0') return {given};
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  return {program / kName, program.parent_path() / "lib" / kName, kName};  // the last: in the folders of its RUNPATH
}

}  // namespace

struct Ffi::Library {
  void* file = nullptr;
  void (*initialize)(void (*listener)(const uint8_t*, size_t), bool capture_logs, const char* sdk,
                     const char* version) = nullptr;
  uint64_t (*request)(const uint8_t* data, size_t size, const uint8_t** answer, size_t* answer_size) = nullptr;
  bool (*drop_handle)(uint64_t handle) = nullptr;
  void (*dispose)() = nullptr;
  RustBuffer (*build_version)(RustStatus* status) = nullptr;

  template <typename F>
  bool find(F& function, const char* name) {
    function = reinterpret_cast<F>(dlsym(file, name));
    return function != nullptr;
  }
};

Result<std::shared_ptr<Ffi>> Ffi::load(const std::string& path) {
  auto library = std::make_unique<Library>();
  std::string where, why;
  for (const auto& place : places(path)) {
    // A path that is not there is no news; one that does not load is.
    if (place != kName && !std::filesystem::exists(place)) {
      if (why.empty()) why = place + " does not exist";
      continue;
    }
    where = place;
    library->file = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library->file != nullptr) break;
    why = dlerror();
  }
  if (library->file == nullptr) {
    return Error{ErrorKind::unavailable, "LiveKit's client library cannot be loaded (" + why +
                                             "); run tools/fetch_livekit.sh, or set LIVEKIT_FFI_LIB to the " + kName +
                                             " of the Python package \"livekit\""};
  }
  if (!library->find(library->initialize, "livekit_ffi_initialize") ||
      !library->find(library->request, "livekit_ffi_request") ||
      !library->find(library->drop_handle, "livekit_ffi_drop_handle") ||
      !library->find(library->dispose, "livekit_ffi_dispose")) {
    dlclose(library->file);
    return Error{ErrorKind::unavailable,
                 where + " is not LiveKit's client library of a version we know; run tools/fetch_livekit.sh"};
  }
  library->find(library->build_version, "uniffi_livekit_ffi_fn_func_build_version");
  const std::lock_guard lock(listener_mutex);
  CHECK(listener == nullptr);
  std::shared_ptr<Ffi> ffi(new Ffi(std::move(library)));
  if (!ffi->version_.starts_with(kKnown)) {
    log(LogLevel::warning, "LiveKit's client library has a version we do not know",
        {{"version", ffi->version_}, {"known", std::string(kKnown) + "x"}});
  }
  listener = ffi.get();
  return ffi;
}

Ffi::Ffi(std::unique_ptr<Library> library) : library_(std::move(library)), version_("unknown") {
  // Its own log comes as events, which nobody reads: it would write tokens.
  library_->initialize(&Ffi::deliver, true, "cpp", "avatar-worker");
  if (library_->build_version != nullptr) {
    RustStatus status;
    const RustBuffer text = library_->build_version(&status);  // some bytes, once: not given back
    if (status.code == 0) version_.assign(text.data, text.size);
  }
}

// The file stays loaded: threads of its own may be on their way out of it.
// The library sometimes never comes back from its end when a room was closed by the server (0.13.2); nobody waits for
// that. Its threads then live on until the process ends.
Ffi::~Ffi() {
  std::promise<void> ended;
  const auto end = ended.get_future();
  std::thread([dispose = library_->dispose, promise = std::move(ended)]() mutable {
    dispose();
    promise.set_value();
  }).detach();
  if (end.wait_for(kDisposeTimeout) == std::future_status::timeout) {
    log(LogLevel::warning, "LiveKit's client library did not end in time");
  }
  const std::lock_guard lock(listener_mutex);
  listener = nullptr;
}

Result<ffi::Response> Ffi::request(const ffi::Request& request) {
  const std::string bytes = request.SerializeAsString();
  const uint8_t* answer = nullptr;
  size_t size = 0;
  const uint64_t handle =
      library_->request(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), &answer, &size);
  if (handle == 0) return Error{ErrorKind::unavailable, "LiveKit's client library refused a request"};
  ffi::Response response;
  const bool understood = response.ParseFromArray(answer, static_cast<int>(size));
  library_->drop_handle(handle);
  if (!understood) return Error{ErrorKind::unavailable, "LiveKit's client library gave an answer we do not know"};
  return response;
}

bool Ffi::drop(uint64_t handle) { return library_->drop_handle(handle); }

// [a thread of the library]
void Ffi::deliver(const uint8_t* data, size_t size) {
  auto event = std::make_shared<ffi::Event>();
  if (!event->ParseFromArray(data, static_cast<int>(size))) return;
  uint64_t id = 0;
  switch (event->message_case()) {
    case ffi::Event::kConnect:
      id = event->connect().async_id();
      break;
    case ffi::Event::kDisconnect:
      id = event->disconnect().async_id();
      break;
    case ffi::Event::kPublishTrack:
      id = event->publish_track().async_id();
      break;
    case ffi::Event::kCaptureAudioFrame:
      id = event->capture_audio_frame().async_id();
      break;
    case ffi::Event::kPerformRpc:
      id = event->perform_rpc().async_id();
      break;
    case ffi::Event::MESSAGE_NOT_SET:
      return;  // its log, and what we have no use for
    default:
      break;
  }
  const std::lock_guard lock(listener_mutex);
  if (listener == nullptr) return;
  const std::lock_guard lock_mailboxes(listener->mutex_);
  if (id == 0) {
    for (const auto& [number, mailbox] : listener->mailboxes_) mailbox->put(event);
  } else if (const auto found = listener->mailboxes_.find(static_cast<uint32_t>(id >> 32U));
             found != listener->mailboxes_.end()) {
    found->second->put(event);
  }
}

Mailbox::Mailbox(std::shared_ptr<Ffi> ffi) : ffi_(std::move(ffi)) {
  const std::lock_guard lock(ffi_->mutex_);
  number_ = ++ffi_->last_mailbox_;
  ffi_->mailboxes_[number_] = this;
}

Mailbox::~Mailbox() {
  const std::lock_guard lock(ffi_->mutex_);
  ffi_->mailboxes_.erase(number_);
}

void Mailbox::put(std::shared_ptr<const ffi::Event> event) {
  if (event->has_capture_audio_frame()) {
    ++sounds_taken_;
    return;
  }
  const std::lock_guard lock(mutex_);
  if (events_.size() >= kBound) {
    overfull_ = true;
    return;
  }
  events_.push_back(std::move(event));
  changed_.notify_one();
}

std::shared_ptr<const ffi::Event> Mailbox::wait_until(Time time) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, time, [&] { return woken_ || !events_.empty(); });
  woken_ = false;
  if (events_.empty()) return nullptr;
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Mailbox::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

}  // namespace avatar
