// SPDX-License-Identifier: Apache-2.0
// Pictures and sound -> any number of viewers in browsers, over WebRTC by WHEP (draft-ietf-wish-whep). Encoded once for
// each codec in use, however many watch; not at all while nobody does.
//
//   WhepSink sink({.width = 512, .height = 512, .fps = 25}, transport);
//   POST:    auto viewer = sink.add_viewer(offer);       // -> 201, Location with viewer->id, body viewer->answer
//   PATCH:   sink.add_candidates(id, fragment);          // -> 204; there is no ICE restart
//   DELETE:  sink.remove_viewer(id);                     // -> 200
//   each tick: sink.show(frame, t); sink.play(sound, t);
//   sink.finish();                                       // all viewers are closed
//
// What is shown leaves in the same call; of sound, less than 10 ms may wait for the rest of its packet. So there is
// nothing to clear at an interruption.
// Browsers hold sound longer than pictures (30 ms in the jitter buffer, some 30 in the way to the loudspeaker, against
// 12 and 10: Chromium, 2026-11), and even out only what is more than 30 ms apart. So a picture is best shown
// kPictureLag after the sound of its time was played; both keep their times.
//
// A viewer sees its first picture with the next tick after it has come, as a key picture; so does one that lost
// pictures (PLI), though no two key pictures for that within half a second. Who leaves without a word is removed after
// six seconds, who never comes after fifteen.
// The bit rate is that of the weakest link, except of links that carry less than half of the best one: those viewers
// keep the sound and see a picture every two seconds until theirs gets better.
//
// Threads: show, play, finish [tick]; the rest [any thread]; adding blocks some 20 ms, not the tick.
// Ownership: the transport outlives the sink.
// Errors: of add_viewer: invalid, unsupported (the offer), busy (full, or no port), unavailable (the transport failed).
// show, play: internal (an encoder failed); never because of a viewer.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/audio_encoder.h"
#include "stream/live_encoder.h"
#include "stream/rate_controller.h"
#include "stream/sink.h"
#include "stream/webrtc_transport.h"

namespace avatar {

struct WhepSettings {
  int width = 512;  ///< px
  int height = 512;
  int fps = 25;  ///< divides 48,000
  int max_bitrate_bps = 2'000'000;
  size_t most_viewers = 16;
};

class WhepSink final : public Sink {
 public:
  static constexpr MediaTime kPictureLag = MediaTime::from_ms(30);

  struct NewViewer {
    std::string id;      ///< 32 hexadecimal digits that nobody guesses
    std::string answer;  ///< SDP, complete
  };
  struct Figures {
    size_t viewers = 0;    ///< added and not gone
    size_t watching = 0;   ///< of those, connected
    int bitrate_bps = 0;   ///< asked of the video encoder; of the faster, when there are two; 0 when idle
    int64_t pictures = 0;  ///< encoded so far
    int64_t key_pictures = 0;
  };

  WhepSink(const WhepSettings& settings, WebrtcTransport& transport);
  ~WhepSink() override;
  WhepSink(const WhepSink&) = delete;
  WhepSink& operator=(const WhepSink&) = delete;

  Result<NewViewer> add_viewer(std::string_view offer);
  /// not_found: there is no such viewer, or it has gone.
  Result<void> add_candidates(std::string_view id, std::string_view fragment);
  Result<void> remove_viewer(std::string_view id);
  [[nodiscard]] Figures figures() const;

  Result<void> show(const Frame& frame, MediaTime time) override;
  Result<void> play(std::span<const float> sound, MediaTime time) override;
  Result<void> finish() override;

 private:
  struct Viewer {
    std::string id;
    VideoCodec codec = VideoCodec::h264;
    std::unique_ptr<WebrtcPeer> peer;
    RateController rate;
    LinkReport link;                        // since the rates were last set
    bool needs_key = true;                  // sees nothing until the next key picture
    std::optional<MediaTime> paused_until;  // its link carries too little: no picture before
  };
  struct Lane {  // one codec
    std::unique_ptr<LiveEncoder> encoder;
    int bitrate_bps = 0;
    std::optional<MediaTime> last_key;
  };

  VideoCodec choose(const WhepOffer& offer) const;
  void look_after_viewers(MediaTime time);
  void set_rates(MediaTime time);
  Result<void> show_lane(VideoCodec codec, const Frame& frame, MediaTime time);
  void drop_idle_encoders();
  std::vector<Viewer>::iterator find(std::string_view id);

  const WhepSettings settings_;
  WebrtcTransport& transport_;
  mutable std::mutex mutex_;  // held for all of a tick; by the others only to change the list
  std::vector<Viewer> viewers_;
  std::array<Lane, kVideoCodecs> lanes_;
  std::optional<AudioEncoder> audio_;
  bool is_playing_ = false;  // the last sound was encoded
  bool is_finished_ = false;
  size_t being_added_ = 0;
  MediaTime rates_set_;
  Figures figures_;
};

}  // namespace avatar
