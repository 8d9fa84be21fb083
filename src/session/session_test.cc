// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/fake_sink.h"
#include "tests/fakes/tone_speech.h"

namespace avatar {
namespace {

std::unique_ptr<Session> make_session(Recording& recording, const Clock& clock, int fps = 25) {
  const auto portrait = std::make_shared<Portrait>();
  const SessionSettings settings{{128, 128}, fps, {}};
  auto avatar = FakeEngine().make_avatar(portrait, settings.size);
  return std::make_unique<Session>(std::move(*avatar), portrait->rest, settings, std::make_unique<FakeSink>(recording),
                                   clock);
}

void say(Session& session, std::span<const float> sound) {
  const uint64_t id = session.speech().begin();
  ASSERT_TRUE(session.speech().add(id, sound));
  session.speech().end(id);
}

TEST(Session, plays_waiting_speech_from_the_first_sample_on_and_then_silence) {
  for (const int fps : {25, 30, 50, 60}) {
    Recording r;
    FakeClock clock;
    auto session = make_session(r, clock, fps);
    const auto sound = tone_speech(1000);
    say(*session, sound);
    for (int i = 0; i < 2 * fps; ++i) ASSERT_TRUE(session->tick());
    ASSERT_EQ(r.sound.size(), size_t{96000});
    EXPECT_TRUE(std::equal(sound.begin(), sound.end(), r.sound.begin())) << fps;
    EXPECT_TRUE(std::all_of(r.sound.begin() + 48000, r.sound.end(), [](float x) { return x == 0; }));
    EXPECT_EQ(r.shown.back(), MediaTime::of_picture(2 * fps - 1, fps));
    EXPECT_EQ(session->now().seconds(), 2.0);
  }
}

TEST(Session, opens_the_mouth_with_the_sound_and_closes_it_in_silence) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  say(*session, tone_speech(2000, 500, 1500));
  for (int i = 0; i < 75; ++i) ASSERT_TRUE(session->tick());
  // Pictures before 0.4 s and from 1.8 s on are silent; of the syllables between, the widest counts.
  const auto silent = std::max(*std::max_element(&r.luma[0], &r.luma[10]), *std::max_element(&r.luma[45], &r.luma[75]));
  const auto voiced = *std::max_element(&r.luma[12], &r.luma[38]);
  EXPECT_GT(voiced, silent + 30);
}

TEST(Session, plays_late_speech_look_ahead_after_it_came) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(session->tick());
  const auto sound = tone_speech(500);
  say(*session, sound);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(session->tick());
  // What was heard until then ends look_ahead() after the start of the tick that follows.
  const auto start = MediaTime::of_picture(10, 25) + Session::look_ahead();
  EXPECT_TRUE(std::equal(sound.begin(), sound.end(), r.sound.begin() + start.samples));
}

TEST(Session, does_the_same_again) {
  FakeClock clock;
  Recording a, b;
  for (Recording* r : {&a, &b}) {
    auto session = make_session(*r, clock);
    say(*session, tone_speech(2000));
    for (int i = 0; i < 75; ++i) ASSERT_TRUE(session->tick());
  }
  EXPECT_EQ(a.luma, b.luma);
  EXPECT_EQ(a.sound, b.sound);
}

TEST(Session, ends_with_the_reason_of_its_sink) {
  Recording r;
  r.fail_at = 3;
  FakeClock clock;
  auto session = make_session(r, clock);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(session->tick());
  const auto ticked = session->tick();
  ASSERT_FALSE(ticked);
  EXPECT_EQ(ticked.error().message, "no space");
  EXPECT_EQ(session->now(), MediaTime::of_picture(3, 25));
}

TEST(Session, hears_from_another_thread) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  std::thread speaker([&] {
    const uint64_t id = session->speech().begin();
    const auto sound = tone_speech(40);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(session->speech().add(id, sound));
    session->speech().end(id);
  });
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(session->tick());
  speaker.join();
  EXPECT_EQ(r.shown.size(), size_t{50});
  ASSERT_TRUE(session->finish());
  EXPECT_TRUE(r.finished);
}

}  // namespace
}  // namespace avatar
