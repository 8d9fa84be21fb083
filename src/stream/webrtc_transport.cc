// SPDX-License-Identifier: Apache-2.0
#include "stream/webrtc_transport.h"

#include <arpa/inet.h>

#include <utility>

#include "stream/gstreamer.h"

namespace avatar {
namespace {

// A viewer who wants sound and is never there.
constexpr std::string_view kRehearsal =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=ice-ufrag:none\r\na=ice-pwd:nonenonenonenonenonenone\r\na=setup:actpass\r\na=fingerprint:sha-256 "
    "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\n";

bool is_ip_address(const std::string& text) {
  in6_addr address;
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 || ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

}  // namespace

WebrtcTransport::WebrtcTransport(const WebrtcSettings& settings, const Clock& clock)
    : settings_(settings), clock_(clock), thread_([this] { close_peers(); }) {}

Result<std::unique_ptr<WebrtcTransport>> WebrtcTransport::start(const WebrtcSettings& settings, const Clock& clock) {
  if (settings.addresses.empty()) return Error{ErrorKind::invalid, "WebRTC needs an address of this machine"};
  for (const auto& address : settings.addresses) {
    if (!is_ip_address(address)) return Error{ErrorKind::invalid, "\"" + address + "\" is not an IP address"};
  }
  if (settings.min_port < 0 || settings.max_port > 65535 || settings.min_port > settings.max_port) {
    return Error{ErrorKind::invalid, "the UDP ports for viewers must be a range within 1..65535"};
  }
  if (auto started = start_gstreamer_webrtc(); !started) return started.error();
  return std::unique_ptr<WebrtcTransport>(new WebrtcTransport(settings, clock));
}

WebrtcTransport::~WebrtcTransport() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<WebrtcPeer::Opened> WebrtcTransport::open(const WhepOffer& offer, VideoCodec codec) {
  if (*waiting_ >= settings_.most_waiting) {
    return Error{ErrorKind::busy, "too many viewers were answered and have not come yet: try again in some seconds"};
  }
  return WebrtcPeer::open(offer, codec, settings_, clock_, waiting_);
}

Result<void> WebrtcTransport::rehearse() {
  auto offer = WhepOffer::parse(kRehearsal);
  CHECK(offer.has_value());
  auto opened = WebrtcPeer::open(*offer, VideoCodec::vp8, settings_, clock_, waiting_);
  if (!opened) return opened.error();
  return {};
}

void WebrtcTransport::close_soon(std::unique_ptr<WebrtcPeer> peer) {
  {
    const std::lock_guard lock(mutex_);
    to_close_.push_back(std::move(peer));
  }
  changed_.notify_all();
}

void WebrtcTransport::wait_until_closed() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return to_close_.empty() && !is_closing_; });
}

void WebrtcTransport::close_peers() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !to_close_.empty(); });
    if (to_close_.empty()) return;
    is_closing_ = true;
    auto peers = std::exchange(to_close_, {});
    lock.unlock();
    peers.clear();
    lock.lock();
    is_closing_ = false;
    changed_.notify_all();
  }
}

}  // namespace avatar
