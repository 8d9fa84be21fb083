// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/fake_sink.h"
#include "tests/fakes/tone_speech.h"

namespace avatar {
namespace {

std::unique_ptr<Session> make_session(Recording& recording, const Clock& clock, int fps = 25, MediaTime reserve = {},
                                      MediaTime picture_lag = {}) {
  const auto portrait = std::make_shared<Portrait>();
  const SessionSettings settings{{128, 128}, fps, {}, reserve, {}, picture_lag};
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

// Adds sound as it is spoken: each tick's before the tick.
void speak(Session& session, std::span<const float> sound, size_t step) {
  const uint64_t id = session.speech().begin();
  for (; !sound.empty(); sound = sound.subspan(std::min(step, sound.size()))) {
    ASSERT_TRUE(session.speech().add(id, sound.first(std::min(step, sound.size()))));
    ASSERT_TRUE(session.tick());
  }
  session.speech().end(id);
}

TEST(Session, plays_speech_that_comes_as_it_is_spoken_look_ahead_after_it_came) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(session->tick());
  const auto sound = tone_speech(480);
  speak(*session, sound, 1920);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(session->tick());
  // What was heard until then ends look_ahead() after the start of the tick that follows.
  const auto start = MediaTime::of_picture(10, 25) + Session::look_ahead();
  EXPECT_TRUE(std::equal(sound.begin(), sound.end(), r.sound.begin() + start.samples));
}

TEST(Session, begins_sooner_when_the_speech_is_at_hand_with_the_mouth_as_it_would_be) {
  const auto sound = tone_speech(1000);
  Recording late, soon;
  FakeClock clock;
  auto a = make_session(late, clock, 100);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(a->tick());
  speak(*a, sound, 480);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(a->tick());
  auto b = make_session(soon, clock, 100);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(b->tick());
  say(*b, sound);
  for (int i = 0; i < 130; ++i) ASSERT_TRUE(b->tick());

  // Where the sound begins: it starts with some zeros of its own.
  const auto sounds = [](float x) { return x != 0; };
  const auto zeros = std::ranges::find_if(sound, sounds) - sound.begin();
  const auto begin = [&](const Recording& r) {
    return std::ranges::find_if(r.sound, sounds) - r.sound.begin() - zeros;
  };
  const std::ptrdiff_t waited = begin(soon) - MediaTime::of_picture(40, 100).samples;
  EXPECT_GE(waited, MediaTime::from_ms(60).samples);
  EXPECT_LT(waited, MediaTime::from_ms(70).samples);
  EXPECT_TRUE(std::equal(sound.begin(), sound.end(), soon.sound.begin() + begin(soon)));
  // Every picture shows the mouth of its sound: the same ones, so much sooner.
  const std::ptrdiff_t sooner = begin(late) - begin(soon), pictures = sooner / 480;
  ASSERT_GT(pictures, 0);
  ASSERT_EQ(sooner % 480, 0);
  EXPECT_TRUE(std::equal(soon.luma.begin() + 40, soon.luma.begin() + 160, late.luma.begin() + 40 + pictures));
}

TEST(Session, shows_the_same_pictures_after_their_sound_and_says_all_sooner_when_they_lag) {
  const auto sound = tone_speech(1000);
  const auto lag = MediaTime::from_ms(30);
  Recording in_step, lagging;
  FakeClock clock;
  for (const bool at_once : {false, true}) {
    in_step = lagging = {};
    for (const bool lags : {false, true}) {
      auto session = make_session(lags ? lagging : in_step, clock, 100, {}, lags ? lag : MediaTime());
      for (int i = 0; i < 40; ++i) ASSERT_TRUE(session->tick());
      if (at_once) {
        say(*session, sound);
      } else {
        speak(*session, sound, 480);
      }
      for (int i = 0; i < 130; ++i) ASSERT_TRUE(session->tick());
    }
    const auto begin = [&](const Recording& r) {
      return std::ranges::find_if(r.sound, [](float x) { return x != 0; }) - r.sound.begin();
    };
    EXPECT_EQ(begin(in_step) - begin(lagging), lag.samples);
    // The mouth is that of its sound, and each picture comes with the tick lag after its time.
    const auto mouth_at = [](const Recording& r, int64_t samples) {
      const auto at = std::ranges::find(r.shown, MediaTime::from_samples(samples)) - r.shown.begin();
      return r.luma[static_cast<size_t>(at)];
    };
    EXPECT_EQ(lagging.shown[50] + lag, in_step.shown[50]);
    for (int64_t t = -20; t < 100; ++t) {
      EXPECT_EQ(mouth_at(lagging, (begin(lagging) / 480 + t) * 480),
                mouth_at(in_step, (begin(in_step) / 480 + t) * 480));
    }
  }
}

TEST(Session, obeys_an_interruption_when_its_pictures_lag) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock, 100, {}, MediaTime::from_ms(30));
  say(*session, tone_speech(5000));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(session->tick());
  session->interrupt();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(session->tick());
  EXPECT_TRUE(std::all_of(r.sound.begin() + 101 * 480, r.sound.end(), [](float x) { return x == 0; }));
  EXPECT_EQ(r.luma.back(), r.luma.front());
  EXPECT_TRUE(std::ranges::is_sorted(r.shown));
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

TEST(Session, tells_twice_a_second_what_mood_is_heard) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  std::vector<EmotionEstimate> heard;
  session->on_emotion([&](const EmotionEstimate& e) { heard.push_back(e); });
  say(*session, tone_speech(2000));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(session->tick());
  ASSERT_EQ(heard.size(), 8U);
  for (size_t i = 0; i < heard.size(); ++i) {
    EXPECT_EQ(heard[i].time, MediaTime::from_ms(static_cast<int64_t>(500 * i + 490)));
    float sum = 0;
    for (const float p : heard[i].mood.weight) sum += p;
    EXPECT_NEAR(sum, 1, 1e-4);
  }
  EXPECT_FALSE(heard.back().spoken);
}

// The largest step from one sample to the next: a click is one.
float largest_step(const std::vector<float>& sound, size_t from, size_t to) {
  float largest = 0;
  for (size_t i = from + 1; i < to; ++i) largest = std::max(largest, std::abs(sound[i] - sound[i - 1]));
  return largest;
}

struct Told {
  std::vector<SpeechEvent> events;
  explicit Told(Session& session) {
    session.on_speech([this](const SpeechEvent& e) { events.push_back(e); });
  }
};

TEST(Session, tells_when_an_utterance_starts_and_when_it_is_over) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  Told told(*session);
  say(*session, tone_speech(100));
  say(*session, tone_speech(60));
  say(*session, {});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(session->tick());
  ASSERT_EQ(told.events.size(), 1U);  // 80 ms of 100
  EXPECT_EQ(told.events[0].kind, SpeechEvent::Kind::started);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(session->tick());
  ASSERT_EQ(told.events.size(), 6U);
  const std::array<std::pair<uint64_t, int64_t>, 3> finished{{{1, 100}, {2, 60}, {3, 0}}};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(told.events[2 * i].utterance, finished[i].first);
    EXPECT_EQ(told.events[2 * i + 1].kind, SpeechEvent::Kind::finished);
    EXPECT_EQ(told.events[2 * i + 1].utterance, finished[i].first);
    EXPECT_EQ(told.events[2 * i + 1].position.ms(), finished[i].second);
    EXPECT_FALSE(told.events[2 * i + 1].interrupted);
  }
}

TEST(Session, is_silent_within_a_tick_after_an_interruption_and_closes_its_mouth) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  Told told(*session);
  say(*session, std::vector<float>(96000, 0.5F));
  say(*session, tone_speech(500));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(session->tick());
  session->interrupt();
  session->interrupt();  // twice is once
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(session->tick());
  const size_t cut = 20 * 1920;
  EXPECT_FLOAT_EQ(r.sound[cut - 1], 0.5F);
  EXPECT_LE(largest_step(r.sound, cut - 1, r.sound.size()), 0.5F / 240 + 1e-6F);  // a fade over 240 samples
  EXPECT_TRUE(std::all_of(r.sound.begin() + cut + 240, r.sound.end(), [](float x) { return x == 0; }));
  ASSERT_EQ(told.events.size(), 3U);
  EXPECT_EQ(told.events[1].utterance, 1U);
  EXPECT_TRUE(told.events[1].interrupted);
  EXPECT_EQ(told.events[1].position.ms(), 800);
  EXPECT_EQ(told.events[2].utterance, 2U);  // never begun
  EXPECT_TRUE(told.events[2].interrupted);
  EXPECT_EQ(told.events[2].position.ms(), 0);
}

TEST(Session, closes_the_mouth_within_160_ms_of_an_interruption) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  say(*session, tone_speech(4000));
  const auto is_open = [&] { return !r.luma.empty() && r.luma.back() > 60; };
  for (int i = 0; i < 50 && !(i > 10 && is_open()); ++i) ASSERT_TRUE(session->tick());
  ASSERT_TRUE(is_open());
  session->interrupt();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(session->tick());
  const auto closed = *std::max_element(r.luma.end() - 26, r.luma.end());
  EXPECT_LT(closed, 30);
}

TEST(Session, says_in_full_what_was_begun_after_an_interruption) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  Told told(*session);
  say(*session, tone_speech(2000));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(session->tick());
  session->interrupt();
  const auto second = tone_speech(300);
  say(*session, second);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(session->tick());
  const auto start = MediaTime::of_picture(10, 25) + Session::look_ahead();
  EXPECT_TRUE(std::equal(second.begin(), second.end(), r.sound.begin() + start.samples));
  ASSERT_EQ(told.events.size(), 4U);
  EXPECT_EQ(told.events[3].utterance, 2U);
  EXPECT_EQ(told.events[3].position.ms(), 300);
  EXPECT_FALSE(told.events[3].interrupted);
}

TEST(Session, fades_when_speech_comes_too_slowly_and_goes_on_with_a_reserve) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock, 25, MediaTime::from_ms(60));
  Told told(*session);
  const uint64_t id = session->speech().begin();
  const std::vector<float> packet(960, 0.5F);  // 20 ms for each 40 ms that pass: half as fast as it should
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(session->speech().add(id, packet));
    ASSERT_TRUE(session->tick());
  }
  session->speech().end(id);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(session->tick());
  const auto begin = static_cast<size_t>(std::find(r.sound.begin(), r.sound.end(), 0.5F) - r.sound.begin());
  const auto end = static_cast<size_t>(r.sound.rend() - std::find(r.sound.rbegin(), r.sound.rend(), 0.5F));
  EXPECT_LE(largest_step(r.sound, begin, end), 0.5F / 240 + 1e-6F);
  const auto loud = std::count_if(r.sound.begin(), r.sound.end(), [](float x) { return x == 0.5F; });
  EXPECT_GT(loud, 48000 * 7 / 10);  // of one second; the rest is fades
  ASSERT_EQ(told.events.size(), 2U);
  EXPECT_EQ(told.events[1].position.ms(), 1000);
}

TEST(Session, does_not_stutter_on_speech_that_comes_unevenly) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock, 25, MediaTime::from_ms(60));
  const uint64_t id = session->speech().begin();
  const auto sound = tone_speech(4000);
  size_t sent = 0;
  for (int i = 0; i < 90; ++i) {
    const size_t packets = i % 3 == 0 ? 1 : i % 3 == 1 ? 3 : 2;  // two a tick, one of them late now and then
    for (size_t p = 0; p < packets && sent < sound.size(); ++p, sent += 960) {
      ASSERT_TRUE(session->speech().add(id, std::span(sound).subspan(sent, 960)));
    }
    ASSERT_TRUE(session->tick());
  }
  const auto begin = std::find_if(r.sound.begin(), r.sound.end(), [](float x) { return x != 0; });
  const auto first = std::find_if(sound.begin(), sound.end(), [](float x) { return x != 0; });
  EXPECT_TRUE(std::equal(first, first + 48000 * 3, begin));
}

TEST(Session, keeps_the_sound_and_leaves_out_the_picture_when_it_is_late) {
  Recording r;
  FakeClock clock;
  auto session = make_session(r, clock);
  const auto sound = tone_speech(400);
  say(*session, sound);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(session->tick(i == 4 || i == 5 ? Session::Picture::skip : Session::Picture::draw));
  }
  EXPECT_TRUE(std::equal(sound.begin(), sound.end(), r.sound.begin()));
  ASSERT_EQ(r.shown.size(), 8U);
  EXPECT_EQ(r.shown[3], MediaTime::of_picture(3, 25));
  EXPECT_EQ(r.shown[4], MediaTime::of_picture(6, 25));
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
