// SPDX-License-Identifier: Apache-2.0
// What all viewers' connections of a process share: settings, limits, and a thread that closes them.
//
//   auto transport = WebrtcTransport::start(settings, clock);            // once, before the first viewer
//   (*transport)->rehearse();                                            // on any thread, soon
//   auto opened = (*transport)->open(*WhepOffer::parse(text), codec);    // a viewer comes
//   (*transport)->close_soon(std::move(opened->peer));                   // and goes
//
// Ownership: every peer is destroyed before the transport is; the clock outlives both.
// Errors: busy (too many viewers were answered and did not come, or no port is free), unavailable (GStreamer's WebRTC
// is not installed, or failed), invalid (a setting).
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "stream/webrtc_peer.h"

namespace avatar {

class WebrtcTransport final {
 public:
  /// [start]
  static Result<std::unique_ptr<WebrtcTransport>> start(const WebrtcSettings& settings, const Clock& clock);
  ~WebrtcTransport();
  WebrtcTransport(const WebrtcTransport&) = delete;
  WebrtcTransport& operator=(const WebrtcTransport&) = delete;

  /// Blocks. [door]
  Result<WebrtcPeer::Opened> open(const WhepOffer& offer, VideoCodec codec);

  /// Opens and drops one peer, so that the first viewer need not wait for keys and libraries (0.2 s). Blocks. [door]
  Result<void> rehearse();

  /// [any thread]
  void close_soon(std::unique_ptr<WebrtcPeer> peer);

  /// Waits until all that were given to close_soon() are closed. [any thread]
  void wait_until_closed();

 private:
  WebrtcTransport(const WebrtcSettings& settings, const Clock& clock);
  void close_peers();

  const WebrtcSettings settings_;
  const Clock& clock_;
  const std::shared_ptr<std::atomic<int>> waiting_ = std::make_shared<std::atomic<int>>(0);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<WebrtcPeer>> to_close_;
  bool is_closing_ = false;  // some are being destroyed
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace avatar
