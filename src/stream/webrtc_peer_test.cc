// SPDX-License-Identifier: Apache-2.0
// Two peers in one process, over loopback: these tests wait for a real network, as long as it takes.
#include "stream/webrtc_peer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "stream/gstreamer.h"
#include "stream/test_loopback_viewer.h"
#include "stream/test_moving_picture.h"
#include "stream/webrtc_transport.h"

namespace avatar {
namespace {

constexpr int kFps = 25;

class WebrtcPeerTest : public testing::TestWithParam<VideoCodec> {
 protected:
  static void SetUpTestSuite() { prepare_gstreamer(); }
  void SetUp() override {
    auto started = WebrtcTransport::start({}, clock_);
    ASSERT_TRUE(started) << started.error().message;
    transport_ = std::move(*started);
    auto encoder = make_live_encoder(GetParam(), 128, 128, kFps, 300'000);
    ASSERT_TRUE(encoder);
    encoder_ = std::move(*encoder);
  }
  void connect(LoopbackViewer& viewer) {
    offer_ = viewer.offer();
    auto offer = WhepOffer::parse(offer_);
    ASSERT_TRUE(offer) << offer.error().message << "\n" << offer_;
    auto opened = transport_->open(*offer, GetParam());
    ASSERT_TRUE(opened) << opened.error().message;
    peer_ = std::move(opened->peer);
    answer_ = std::move(opened->answer);
    viewer.accept(answer_);
    ASSERT_TRUE(LoopbackViewer::wait([&] {
      return viewer.is_connected() && peer_->state() == WebrtcPeer::State::connected;
    })) << offer_
        << "\n"
        << answer_;
  }
  // 40 ms of media each time it is due: a picture, and two packets of sound.
  void send_if_due() {
    const auto now = clock_.now();
    if (now < due_) return;
    due_ = std::max(due_ + std::chrono::milliseconds(40), now);
    const MediaTime time = start_ + MediaTime::of_picture(sent_, kFps);
    paint_moving_picture(frame_, sent_);
    auto unit = encoder_->encode(frame_, time, want_key_ || sent_ == 0);
    ASSERT_TRUE(unit);
    want_key_ = false;
    const auto begin = clock_.now();
    peer_->send(WebrtcPeer::Track::picture, unit->bytes, time);
    const std::array<uint8_t, 3> silence{0xF8, 0xFF, 0xFE};  // 20 ms, CELT (RFC 6716, 3.1)
    peer_->send(WebrtcPeer::Track::sound, silence, time);
    peer_->send(WebrtcPeer::Track::sound, silence, time + MediaTime::from_ms(20));
    spent_.push_back(clock_.now() - begin);
    ++sent_;
  }
  template <typename True>
  bool wait(True is_true) {
    return LoopbackViewer::wait(is_true, [this] { send_if_due(); });
  }

  SteadyClock clock_;
  std::unique_ptr<WebrtcTransport> transport_;
  std::unique_ptr<LiveEncoder> encoder_;
  Frame frame_{128, 128};
  std::unique_ptr<WebrtcPeer> peer_;
  std::string offer_, answer_;
  MediaTime start_ = MediaTime::from_ms(7'000);
  int64_t sent_ = 0;
  std::chrono::nanoseconds due_{0};
  bool want_key_ = false;
  std::vector<std::chrono::nanoseconds> spent_;  // in send, each tick
};

TEST_P(WebrtcPeerTest, carries_pictures_and_sound_at_their_times) {
  LoopbackViewer viewer({name(GetParam())});
  connect(viewer);
  ASSERT_TRUE(wait([&] { return viewer.packets("video").size() > 60 && viewer.packets("audio").size() > 80; }));
  const auto sound = viewer.packets("audio");
  for (size_t i = 1; i < sound.size(); ++i) {
    // The viewer's own buffer may drop a packet when the machine is busy; what comes is on the grid of 20 ms.
    EXPECT_LE((sound[i].rtp_time - sound[i - 1].rtp_time + 1) % 960, 2U) << i;
  }
  std::set<uint32_t> times;
  for (const auto& packet : viewer.packets("video"))
    times.insert(packet.rtp_time - viewer.packets("video")[0].rtp_time);
  EXPECT_TRUE(times.contains(3600) || times.contains(3599) || times.contains(3601)) << "90,000 / 25";
}

TEST_P(WebrtcPeerTest, sends_at_once_and_never_waits_for_a_clock) {
  LoopbackViewer viewer({name(GetParam())});
  connect(viewer);
  ASSERT_TRUE(wait([&] { return sent_ == 50; }));
  std::sort(spent_.begin(), spent_.end());
  std::printf("a tick of one viewer: %.2f ms, at most %.2f ms\n",
              std::chrono::duration<double, std::milli>(spent_[25]).count(),
              std::chrono::duration<double, std::milli>(spent_[49]).count());
  EXPECT_LT(spent_[25], std::chrono::milliseconds(5)) << "half of the ticks, even on a busy machine";
}

TEST_P(WebrtcPeerTest, reports_one_time_for_sound_and_pictures) {
  LoopbackViewer viewer({name(GetParam())});
  connect(viewer);
  const auto of = [&](uint32_t ssrc) {
    auto reports = viewer.reports();
    std::erase_if(reports, [&](const auto& report) { return report.ssrc != ssrc; });
    return reports;
  };
  ASSERT_TRUE(wait([&] { return !viewer.packets("video").empty() && !viewer.packets("audio").empty(); }));
  const auto video = viewer.packets("video")[0], audio = viewer.packets("audio")[0];
  const auto begin = clock_.now();
  ASSERT_TRUE(wait([&] { return of(video.ssrc).size() >= 4 && of(audio.ssrc).size() >= 4; }));
  EXPECT_LT(clock_.now() - begin, std::chrono::seconds(7)) << "about one a second";
  // Media time since the first packet, of each report; both first packets have the same media time.
  const auto skew_ms = [&](const LoopbackViewer::Report& a, const LoopbackViewer::Report& v) {
    const double ntp = static_cast<double>(static_cast<int64_t>(a.ntp - v.ntp)) / 4294967296.0;
    const double sound = static_cast<double>(static_cast<int32_t>(a.rtp_time - audio.rtp_time)) / 48000;
    const double picture = static_cast<double>(static_cast<int32_t>(v.rtp_time - video.rtp_time)) / 90000;
    return 1000 * (sound - picture - ntp);
  };
  for (size_t i = 0; i < 4; ++i) {
    const double skew = skew_ms(of(audio.ssrc)[i], of(video.ssrc)[i]);
    std::printf("report %zu: sound %.3f ms off pictures\n", i, skew);
    EXPECT_NEAR(skew, 0, 1);
  }
}

TEST_P(WebrtcPeerTest, brings_back_what_the_viewer_wants_and_how_the_link_is) {
  LoopbackViewer viewer({name(GetParam())});
  connect(viewer);
  ASSERT_TRUE(wait([&] { return viewer.packets("video").size() > 10; }));
  LinkReport link;
  ASSERT_TRUE(wait([&] {
    link += peer_->take_wishes().link;
    return link.packets > 50;
  })) << answer_;
  EXPECT_EQ(link.lost, 0);
  EXPECT_GT(link.bytes_received, 1000);
  EXPECT_LT(link.queue_delay, std::chrono::milliseconds(500)) << "even on a busy machine";
  static_cast<void>(peer_->take_wishes());
  viewer.ask_for_key_picture();
  EXPECT_TRUE(wait([&] { return peer_->take_wishes().key_picture; }));
}

TEST_P(WebrtcPeerTest, answers_with_retransmission_and_one_loopback_candidate) {
  LoopbackViewer viewer({name(GetParam())});
  connect(viewer);
  EXPECT_NE(answer_.find("rtx/90000"), std::string::npos) << offer_ << answer_;
  EXPECT_NE(answer_.find("a=ssrc-group:FID"), std::string::npos) << answer_;
  EXPECT_NE(answer_.find("transport-cc"), std::string::npos) << answer_;
  EXPECT_NE(answer_.find("a=sendonly"), std::string::npos) << answer_;
  std::set<std::string> addresses;
  for (size_t at = 0; (at = answer_.find("a=candidate:", at)) != std::string::npos; ++at) {
    addresses.insert(*usable_candidate(answer_.substr(at, answer_.find('\n', at) - at)));
  }
  ASSERT_EQ(addresses.size(), 1U);
  EXPECT_NE(addresses.begin()->find(" 127.0.0.1 "), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Codecs, WebrtcPeerTest, testing::Values(VideoCodec::h264, VideoCodec::vp8),
                         [](const auto& codec) { return name(codec.param); });

}  // namespace
}  // namespace avatar
