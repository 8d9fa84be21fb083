// SPDX-License-Identifier: Apache-2.0
// One viewer's connection: encoded pictures and sound go out over WebRTC, wishes come back. GStreamer's webrtcbin is
// the transport and nothing else; encoders and clock stay on our side. The only file that includes its WebRTC.
//
//   auto opened = WebrtcPeer::open(offer, VideoCodec::h264, settings, clock, waiting);   // see webrtc_transport.h
//   reply(opened->answer);                               // with every candidate in it
//   peer.add_candidates(fragment);                       // trickle, if the viewer does
//   each tick:
//     if (peer.state() == WebrtcPeer::State::gone) ...   // close it, elsewhere
//     if (peer.take_wishes().key_picture) ...
//     peer.send(WebrtcPeer::Track::picture, unit, time);
//     peer.send(WebrtcPeer::Track::sound, unit, time);
//
// Both RTP clocks and both sender reports count from one MediaTime, so the viewer plays sound and picture in step.
// Sound is reported 15 ms older than it is, which is where browsers leave it.
// Nothing is queued here: what is sent has left when send returns, or is lost.
//
// The network is touched by one UDP socket for each local address given, and by nothing else: no UPnP, no look-up of
// names, no STUN or TURN unless configured.
//
// Threads: send and take_wishes from one thread at a time; the rest as tagged. The library's own threads (seven a peer)
// only leave notes. Opening blocks some 20 ms, destroying 5 ms; neither may happen in a callback of the library.
// Errors: of open: busy (no port is free), unavailable (the library failed or is not installed).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "stream/link_report.h"
#include "stream/live_encoder.h"
#include "stream/whep_offer.h"
#include "types/media_time.h"

namespace avatar {

struct WebrtcSettings {
  /// IP addresses of this machine on which viewers can reach it; never a name.
  std::vector<std::string> addresses{"127.0.0.1"};
  /// Under which they find it, when that is another one (NAT, a container's mapped ports); empty: under those.
  std::string public_address;
  int min_port = 0;  ///< UDP ports to use, one a viewer and address; 0: any
  int max_port = 0;
  std::string stun_server;                ///< "stun://host:port"; empty: none is asked
  std::vector<std::string> turn_servers;  ///< "turn://user:password@host:port?transport=udp"
  int most_waiting = 16;                  ///< viewers that were answered and have not come yet
};

class WebrtcPeer final {
 public:
  enum class State : uint8_t { connecting, connected, gone };
  enum class Track : uint8_t { picture, sound };
  static constexpr int kTracks = 2;

  /// What the viewer wants, since the last time it was asked.
  struct Wishes {
    bool key_picture = false;  ///< it lost pictures (PLI, FIR)
    LinkReport link;           ///< what its feedback says of the way there
  };

  struct Opened {
    std::unique_ptr<WebrtcPeer> peer;
    std::string answer;  ///< SDP
  };

  /// A viewer that does not come within this time never will.
  static constexpr std::chrono::seconds kPatience{15};
  /// A viewer reports about once a second (RFC 3550, 6.2); a browser that was killed says nothing more.
  static constexpr std::chrono::seconds kSilence{6};

  /// `codec` is of the offer, if that has pictures. `waiting` counts the peers that nobody has come to. [door]
  static Result<Opened> open(const WhepOffer& offer, VideoCodec codec, const WebrtcSettings& settings,
                             const Clock& clock, std::shared_ptr<std::atomic<int>> waiting);
  ~WebrtcPeer();
  WebrtcPeer(const WebrtcPeer&) = delete;
  WebrtcPeer& operator=(const WebrtcPeer&) = delete;

  /// Where the viewer may be reached (RFC 8840); what cannot be used is ignored. [any thread]
  void add_candidates(std::string_view fragment);

  /// One encoded picture or 10 ms of sound, seen or heard from `time` on. Nothing happens before the viewer has come
  /// and when it did not want that track. [tick]
  void send(Track track, std::span<const uint8_t> unit, MediaTime time);

  /// [tick]
  [[nodiscard]] Wishes take_wishes();

  /// Gone is for ever: it closed, was lost, fell silent or never came. [any thread]
  [[nodiscard]] State state() const;

 private:
  struct Notes;
  struct Pipeline;
  explicit WebrtcPeer(std::unique_ptr<Pipeline> pipeline);

  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace avatar
