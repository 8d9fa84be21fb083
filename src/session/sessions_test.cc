// SPDX-License-Identifier: Apache-2.0
#include "session/sessions.h"

#include <gmock/gmock.h>

#include <list>
#include <thread>

#include "tests/fakes/fake_engine.h"
#include "tests/fakes/fake_sink.h"
#include "tests/fakes/tone_speech.h"

namespace avatar {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SessionsTest : public testing::Test {
 protected:
  LiveSession::Parts parts(const std::string& id) {
    LiveSession::Parts parts;
    parts.id = id;
    parts.fps = 50;
    parts.patience = 1h;
    parts.has_viewer = [] { return true; };
    auto avatar = FakeEngine().make_avatar(std::make_shared<Portrait>(), {128, 128});
    parts.session = std::make_unique<Session>(std::move(*avatar), RestFace{}, SessionSettings{{128, 128}, 50, {}, {}},
                                              std::make_unique<FakeSink>(recordings.emplace_back()), clock);
    return parts;
  }

  SteadyClock clock;
  Metrics metrics;
  SessionMetrics counts{metrics};
  std::list<Recording> recordings;
  Sessions sessions{clock, counts, 2, 2};
};

TEST_F(SessionsTest, holds_no_more_than_it_can) {
  {
    auto a = sessions.reserve();
    auto b = sessions.reserve();
    ASSERT_TRUE(b);
    EXPECT_TRUE(sessions.state().is_full());
    EXPECT_EQ(sessions.reserve().error().kind, ErrorKind::busy);
  }
  EXPECT_EQ(sessions.state().active, 0);
  sessions.set_capacity(0);
  EXPECT_FALSE(sessions.reserve());
}

TEST_F(SessionsTest, lets_a_session_live_until_it_is_closed) {
  auto live = sessions.add(std::move(*sessions.reserve()), parts("a"));
  EXPECT_EQ(*sessions.find("a"), live);
  EXPECT_EQ(sessions.list().size(), 1U);
  live->close(Ending::asked);
  EXPECT_TRUE(sessions.wait_until_empty(10s));
  EXPECT_TRUE(live->is_over());
  EXPECT_EQ(sessions.find("a").error().kind, ErrorKind::not_found);
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_sessions_ended_total{reason=\"asked\"} 1\n"));
}

TEST_F(SessionsTest, ends_those_that_nobody_wants) {
  auto unwanted = parts("a");
  unwanted.has_viewer = [] { return false; };
  const auto a = sessions.add(std::move(*sessions.reserve()), std::move(unwanted));
  const auto b = sessions.add(std::move(*sessions.reserve()), parts("b"));
  sessions.close_unwanted(Ending::drained, 1h);
  EXPECT_FALSE(a->is_over()) << "its viewer may be on the way";
  sessions.close_unwanted(Ending::drained, 0s);
  for (int i = 0; i < 1000 && !a->is_over(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(a->ending(), Ending::drained);
  EXPECT_FALSE(b->is_over());
}

TEST_F(SessionsTest, drains) {
  auto live = sessions.add(std::move(*sessions.reserve()), parts("a"));
  sessions.drain();
  EXPECT_THAT(sessions.reserve().error().message, HasSubstr("shutting down"));
  EXPECT_FALSE(sessions.wait_until_empty(1ms));
  sessions.close_all(Ending::drained);
  EXPECT_TRUE(sessions.wait_until_empty(10s));
}

TEST_F(SessionsTest, come_and_go_while_everybody_speaks) {
  sessions.set_capacity(20);
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    std::vector<LiveSession::Parts> mine;
    for (int i = 0; i < 5; ++i) mine.push_back(parts(std::to_string(c) + "/" + std::to_string(i)));
    callers.emplace_back([this, mine = std::move(mine)]() mutable {
      for (auto& p : mine) {
        auto seat = sessions.reserve();
        ASSERT_TRUE(seat);
        auto live = sessions.add(std::move(*seat), std::move(p));
        live->watch({[](const SpeechEvent&) {}, [] {}});
        const auto id = live->begin();
        ASSERT_TRUE(id);
        ASSERT_TRUE(live->hear(*id, tone_speech(100)));
        live->interrupt();
        live->end(*id);
        live->close(Ending::asked);
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_TRUE(sessions.wait_until_empty(10s));
}

}  // namespace
}  // namespace avatar
