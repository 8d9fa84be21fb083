// SPDX-License-Identifier: Apache-2.0
// Viewers in this process, over loopback: these tests wait for a real network, as long as it takes.
#include "stream/whep_sink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "stream/gstreamer.h"
#include "stream/test_loopback_viewer.h"
#include "stream/test_moving_picture.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

constexpr int kFps = 25;
constexpr int kSize = 128;

int entries(const char* folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// What the library still holds at the end is told by its own tracer:
//   GST_REGISTRY_DISABLE=no GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 stream_test 2>&1 | grep object-alive,
class TellLeaks final : public testing::Environment {
  void TearDown() override {
    if (std::getenv("GST_TRACERS") != nullptr) gst_deinit();
  }
};
[[maybe_unused]] testing::Environment* const kTellLeaks = testing::AddGlobalTestEnvironment(new TellLeaks);

// Every UDP and TCP socket of this process that is bound to something else than loopback.
std::string sockets_beyond_loopback() {
  std::set<std::string> own;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = fs::read_symlink(entry.path(), error).string();
    if (target.starts_with("socket:[")) own.insert(target.substr(8, target.size() - 9));
  }
  std::string found;
  for (const char* table : {"udp", "udp6", "tcp", "tcp6", "raw", "raw6"}) {
    std::ifstream in(std::string("/proc/net/") + table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::array<std::string, 10> word;
      for (auto& w : word) words >> w;
      const bool loopback = word[1].starts_with("0100007F:");
      if (own.contains(word[9]) && !loopback) found += std::string(table) + " " + word[1] + "\n";
    }
  }
  return found;
}

class WhepSinkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { prepare_gstreamer(); }
  void SetUp() override { start({}); }
  void start(const WebrtcSettings& settings) {
    sink_.reset();
    auto started = WebrtcTransport::start(settings, clock_);
    ASSERT_TRUE(started) << started.error().message;
    transport_ = std::move(*started);
    sink_ = std::make_unique<WhepSink>(
        WhepSettings{.width = kSize, .height = kSize, .fps = kFps, .max_bitrate_bps = 2'000'000, .most_viewers = 3},
        *transport_);
  }
  std::string add(LoopbackViewer& viewer) {
    auto added = sink_->add_viewer(viewer.offer());
    if (!added) {
      ADD_FAILURE() << added.error().message;
      return {};
    }
    viewer.accept(added->answer);
    return added->id;
  }
  void tick() {
    const MediaTime time = MediaTime::of_picture(ticks_++, kFps);
    paint_moving_picture(frame_, ticks_);
    ASSERT_TRUE(sink_->show(frame_, time));
    ASSERT_TRUE(sink_->play(sound_, time));
  }
  // Ticks in real time until it is true.
  template <typename True>
  bool run_until(True is_true) {
    return LoopbackViewer::wait(is_true, [this] {
      const auto now = clock_.now();
      if (now < due_) return;
      due_ = std::max(due_ + std::chrono::milliseconds(40), now);
      tick();
    });
  }
  static bool receives(LoopbackViewer& viewer) {
    return viewer.packets("video").size() > 25 && viewer.packets("audio").size() > 25;
  }

  SteadyClock clock_;
  std::unique_ptr<WebrtcTransport> transport_;
  std::unique_ptr<WhepSink> sink_;
  Frame frame_{kSize, kSize};
  std::vector<float> sound_ = std::vector<float>(kSampleRate / kFps);
  int64_t ticks_ = 0;
  std::chrono::nanoseconds due_{0};
};

TEST_F(WhepSinkTest, encodes_nothing_while_nobody_watches) {
  for (int i = 0; i < 10; ++i) tick();
  EXPECT_EQ(sink_->figures().pictures, 0);
  LoopbackViewer viewer({"VP8"});
  const std::string id = add(viewer);
  ASSERT_TRUE(run_until([&] { return receives(viewer); }));
  EXPECT_EQ(sink_->figures().watching, 1U);
  ASSERT_TRUE(sink_->remove_viewer(id));
  const int64_t pictures = sink_->figures().pictures;
  for (int i = 0; i < 10; ++i) tick();
  EXPECT_EQ(sink_->figures().pictures, pictures);
  EXPECT_FALSE(sink_->remove_viewer(id));
}

TEST_F(WhepSinkTest, encodes_once_for_all_and_begins_each_with_a_key_picture) {
  LoopbackViewer first({"VP8"}), second({"VP8"});
  add(first);
  ASSERT_TRUE(run_until([&] { return receives(first); }));
  const auto before = sink_->figures();
  const int64_t ticks = ticks_;
  add(second);
  ASSERT_TRUE(run_until([&] { return receives(second); }));
  const auto after = sink_->figures();
  EXPECT_LE(after.pictures - before.pictures, ticks_ - ticks) << "one picture a tick, not one a viewer";
  EXPECT_GE(after.key_pictures - before.key_pictures, 1);
  EXPECT_LE(after.key_pictures - before.key_pictures, 2) << "one for it, and one if a busy machine lost a packet";
  // RFC 7741, 4.3: the lowest bit of the frame's first byte is 0 in a key frame. The descriptor takes four bytes here.
  const auto packets = second.packets("video");
  EXPECT_EQ(packets[0].payload[0] & 0x10, 0x10) << "the start of a partition";
  EXPECT_EQ(packets[0].payload[4] & 1, 0) << "a key frame";
}

TEST_F(WhepSinkTest, serves_each_viewer_in_its_codec) {
  LoopbackViewer first({"VP8"}), second({"H264"}), third({"H264", "VP8"});
  add(first);
  add(second);
  add(third);
  ASSERT_TRUE(run_until([&] { return receives(first) && receives(second) && receives(third); }));
  LoopbackViewer fourth({"VP8"});
  const auto refused = sink_->add_viewer(fourth.offer());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
}

TEST_F(WhepSinkTest, makes_a_key_picture_for_one_that_lost_pictures) {
  LoopbackViewer viewer({"H264"});
  add(viewer);
  ASSERT_TRUE(run_until([&] { return receives(viewer); }));
  const int64_t keys = sink_->figures().key_pictures;
  viewer.ask_for_key_picture();
  EXPECT_TRUE(run_until([&] { return sink_->figures().key_pictures > keys; }));
}

TEST_F(WhepSinkTest, forgets_a_viewer_that_vanished) {
  {
    LoopbackViewer viewer({"VP8"});
    add(viewer);
    ASSERT_TRUE(run_until([&] { return receives(viewer); }));
  }
  EXPECT_TRUE(run_until([&] { return sink_->figures().viewers == 0; }));
}

TEST_F(WhepSinkTest, opens_no_socket_beyond_loopback) {
  std::string beyond = sockets_beyond_loopback();
  LoopbackViewer viewer({"VP8"});
  add(viewer);
  EXPECT_TRUE(run_until([&] {
    beyond += sockets_beyond_loopback();
    return receives(viewer);
  }));
  EXPECT_EQ(beyond, "");
}

TEST_F(WhepSinkTest, says_busy_when_its_ports_are_used_up) {
  WebrtcSettings settings;
  settings.min_port = 48'611;
  settings.max_port = 48'611;
  start(settings);
  LoopbackViewer first({"VP8"}), second({"VP8"});
  add(first);
  const auto refused = sink_->add_viewer(second.offer());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
}

TEST_F(WhepSinkTest, leaves_threads_and_descriptors_where_they_were) {
  LoopbackViewer pattern({"VP8"});
  const std::string offer = pattern.offer();
  const auto come_and_go = [&] {
    auto added = sink_->add_viewer(offer);
    ASSERT_TRUE(added) << added.error().message;
    ASSERT_TRUE(sink_->remove_viewer(added->id));
    transport_->wait_until_closed();
  };
  for (int i = 0; i < 3; ++i) come_and_go();
  const auto settled = [](const char* folder, int most) {
    return LoopbackViewer::wait([&] { return entries(folder) <= most; });
  };
  const int threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd");
  for (int i = 0; i < 40; ++i) come_and_go();
  for (int i = 0; i < 10; ++i) {  // and some that really watch
    LoopbackViewer viewer({"VP8"});
    const std::string id = add(viewer);
    ASSERT_TRUE(run_until([&] { return viewer.packets("video").size() > 3; }));
    ASSERT_TRUE(sink_->remove_viewer(id));
    transport_->wait_until_closed();
  }
  EXPECT_TRUE(settled("/proc/self/task", threads + 1)) << threads << " then " << entries("/proc/self/task");
  EXPECT_TRUE(settled("/proc/self/fd", descriptors + 1)) << descriptors << " then " << entries("/proc/self/fd");
}

TEST_F(WhepSinkTest, survives_a_few_hundred_malformed_offers) {
  LoopbackViewer pattern({"VP8", "H264"});
  const std::string good = pattern.offer();
  uint32_t seed = 7;
  const auto random = [&](size_t n) { return (seed = seed * 1664525 + 1013904223, (seed >> 8) % n); };
  int taken = 0;
  for (int i = 0; i < 300; ++i) {
    std::string text = good;
    for (size_t n = 1 + random(3); n-- > 0 && !text.empty();) {
      const size_t at = random(text.size());
      switch (random(4)) {
        case 0:
          text[at] = static_cast<char>(random(256));
          break;
        case 1:
          text.erase(at, random(30));
          break;
        case 2:
          text.insert(at, text.substr(random(text.size()), random(60)));
          break;
        default:
          text[at] = static_cast<char>('0' + random(10));
          break;
      }
    }
    if (auto added = sink_->add_viewer(text)) {
      ++taken;
      static_cast<void>(sink_->add_candidates(added->id, text));
      ASSERT_TRUE(sink_->remove_viewer(added->id));
      transport_->wait_until_closed();
    }
  }
  std::printf("%d of 300 were close enough to be answered\n", taken);
  LoopbackViewer viewer({"VP8"});
  add(viewer);
  EXPECT_TRUE(run_until([&] { return receives(viewer); })) << "and it still serves";
}

TEST_F(WhepSinkTest, ends_for_everybody) {
  LoopbackViewer viewer({"VP8"});
  const std::string offer = viewer.offer();
  ASSERT_TRUE(sink_->add_viewer(offer));
  ASSERT_TRUE(sink_->finish());
  EXPECT_EQ(sink_->figures().viewers, 0U);
  const auto late = sink_->add_viewer(offer);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace avatar
