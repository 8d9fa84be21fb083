// SPDX-License-Identifier: Apache-2.0
#include "session/live_session.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/fake_sink.h"
#include "tests/fakes/tone_speech.h"

namespace avatar {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class LiveSessionTest : public testing::Test {
 protected:
  LiveSession make(int ticks_a_picture = 1) {
    LiveSession::Parts parts;
    parts.id = "abc";
    parts.patience = 10s;
    parts.ticks_a_picture = ticks_a_picture;
    parts.has_viewer = [this] { return has_viewer; };
    auto avatar = FakeEngine().make_avatar(std::make_shared<Portrait>(), {128, 128});
    parts.session = std::make_unique<Session>(std::move(*avatar), RestFace{},
                                              SessionSettings{{128, 128}, 25 * ticks_a_picture, {}, {}},
                                              std::make_unique<FakeSink>(recording), clock);
    return {std::move(parts), clock, counts};
  }
  // Beats every 40 ms; answers whether it goes on.
  bool live(LiveSession& session, int beats) {
    bool more = true;
    for (int i = 0; i < beats && more; ++i) {
      clock.advance(40ms);
      more = session.beat(0ns);
    }
    return more;
  }

  FakeClock clock;
  Metrics metrics;
  SessionMetrics counts{metrics};
  Recording recording;
  bool has_viewer = false;
};

TEST_F(LiveSessionTest, tells_who_watches_what_is_said_and_how_soon) {
  auto session = make();
  std::vector<SpeechEvent> events;
  session.watch({[&](const SpeechEvent& e) { events.push_back(e); }, [] {}});
  session.forget(session.watch({[](const SpeechEvent&) { FAIL(); }, [] {}}));
  const auto first = *session.begin(), second = *session.begin();
  ASSERT_TRUE(session.hear(first, tone_speech(200)));
  session.end(first);
  ASSERT_TRUE(session.hear(second, tone_speech(5000)));
  EXPECT_TRUE(live(session, 4));
  EXPECT_TRUE(session.is_speaking());
  EXPECT_TRUE(live(session, 6));
  session.interrupt();
  EXPECT_TRUE(live(session, 1));
  EXPECT_FALSE(session.is_speaking());
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[1].utterance, first);
  EXPECT_FALSE(events[1].interrupted);
  EXPECT_EQ(events[3].utterance, second);
  EXPECT_TRUE(events[3].interrupted);
  EXPECT_EQ(events[3].position.ms(), 200);
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_interrupt_seconds_count 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_interrupt_seconds_sum 0.04\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_speech_to_sound_seconds_count 2\n"));
}

TEST_F(LiveSessionTest, shows_a_mouth_that_begins_to_open_before_its_turn) {
  for (int phase = 0; phase < 4; ++phase) {
    recording = {};
    auto session = make(4);
    EXPECT_TRUE(live(session, 40 + phase));
    const auto id = *session.begin();
    const std::vector<float> sound(48000, 0.25F);
    ASSERT_TRUE(session.hear(id, sound));
    EXPECT_TRUE(live(session, 100));
    const auto first = std::ranges::find_if(recording.sound, [](float x) { return x != 0; }) - recording.sound.begin();
    const auto opens = std::ranges::find_if(recording.shown, [&](MediaTime t) { return t.samples > first - 30 * 48; });
    EXPECT_LE(opens->samples, first - 20 * 48) << phase;
    // One picture came early, and none is missing.
    EXPECT_GE(recording.shown.size(), 35U);
    EXPECT_LE(recording.shown.size(), 37U);
    for (size_t i = 1; i < recording.shown.size(); ++i) {
      EXPECT_LE((recording.shown[i] - recording.shown[i - 1]).ms(), 40);
    }
  }
}

TEST_F(LiveSessionTest, takes_no_more_utterances_than_anybody_would_speak) {
  auto session = make();
  for (size_t i = 0; i < LiveSession::kMostUtterances; ++i) session.end(*session.begin());
  const auto refused = session.begin();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
  EXPECT_TRUE(live(session, 1));
  EXPECT_TRUE(session.begin()) << "all of them were empty";
}

TEST_F(LiveSessionTest, leaves_out_the_picture_of_a_late_tick_and_counts_it) {
  auto session = make();
  EXPECT_TRUE(session.beat(39ms));
  EXPECT_TRUE(session.beat(40ms));
  EXPECT_EQ(recording.shown.size(), 1U);
  EXPECT_EQ(recording.sound.size(), 2U * 1920);
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_ticks_total 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_ticks_late_total 1\n"));
}

TEST_F(LiveSessionTest, sends_sound_between_the_pictures) {
  auto session = make(2);
  EXPECT_EQ(session.period(), 20ms);
  EXPECT_TRUE(session.beat(0ms));
  EXPECT_TRUE(session.beat(39ms)) << "no picture is due, so none is late";
  EXPECT_TRUE(session.beat(39ms));
  EXPECT_TRUE(session.beat(0ms));
  EXPECT_TRUE(session.beat(40ms));
  EXPECT_EQ(recording.shown.size(), 2U);
  EXPECT_EQ(recording.sound.size(), 5U * 960);
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_ticks_total 3\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("avatar_ticks_late_total 1\n"));
}

TEST_F(LiveSessionTest, ends_when_nobody_has_watched_or_spoken_for_a_while) {
  auto session = make();
  has_viewer = true;
  EXPECT_TRUE(live(session, 300));  // 12 s
  has_viewer = false;
  EXPECT_TRUE(live(session, 200));  // 8 s
  const auto id = *session.begin();
  ASSERT_TRUE(session.hear(id, tone_speech(1000)));
  session.end(id);
  EXPECT_TRUE(live(session, 250));  // 10 s from the beginning, 9 s from the end of the speech
  EXPECT_FALSE(live(session, 50));
  EXPECT_TRUE(session.is_over());
  EXPECT_EQ(session.ending(), Ending::idle);
  EXPECT_TRUE(recording.finished);
}

TEST_F(LiveSessionTest, tells_everybody_when_it_is_over) {
  auto session = make();
  int over = 0;
  const auto ignore = [](const SpeechEvent&) {};
  session.watch({ignore, [&] { ++over; }});
  session.forget(session.watch({ignore, [&] { over += 10; }}));
  const auto id = *session.begin();
  session.close(Ending::asked);
  session.close(Ending::drained);  // the first reason counts
  EXPECT_FALSE(live(session, 1));
  EXPECT_EQ(session.ending(), Ending::asked);
  EXPECT_EQ(over, 1);
  session.watch({ignore, [&] { ++over; }});
  EXPECT_EQ(over, 2);
  EXPECT_EQ(session.hear(id, tone_speech(10)).error().kind, ErrorKind::not_found);
  EXPECT_EQ(session.begin().error().kind, ErrorKind::not_found);
}

TEST_F(LiveSessionTest, ends_with_the_reason_when_a_tick_fails) {
  recording.fail_at = 2;
  auto session = make();
  EXPECT_FALSE(live(session, 5));
  EXPECT_EQ(session.ending(), Ending::failed);
  EXPECT_EQ(session.failure(), "no space");
}

}  // namespace
}  // namespace avatar
