// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/playback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace avatar {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Remembers what it hears; has room for `room` samples.
class Listener final : public Ears {
 public:
  uint64_t begin(int sample_rate) override {
    if (sample_rate < 8000 || sample_rate > 192000) return 0;
    rates.push_back(sample_rate);
    return ++utterances;
  }
  bool hear(uint64_t utterance, std::span<const float> sound) override {
    if (sound.size() > room) return false;
    room -= sound.size();
    heard.resize(utterances + 1);
    heard[utterance].insert(heard[utterance].end(), sound.begin(), sound.end());
    return true;
  }
  void end(uint64_t utterance) override { ended.push_back(utterance); }
  void interrupt() override { ++interruptions; }
  void left(const Error& /*why*/) override {}

  uint64_t utterances = 0;
  size_t room = 1'000'000;
  std::vector<int> rates;
  std::vector<std::vector<float>> heard;
  std::vector<uint64_t> ended;
  int interruptions = 0;
};

struct PlaybackTest : testing::Test {
  Listener ears;
  Playback playback{ears};
  Playback::Time now = Playback::Time() + seconds(1000);

  // The payloads of what is told until `now`; "started" for lk.playback_started.
  std::vector<std::string> told() {
    playback.look(now);
    std::vector<std::string> words;
    while (const Notice* notice = playback.next(now)) {
      words.push_back(notice->method == "lk.playback_finished" ? notice->payload : "started");
      playback.told();
    }
    return words;
  }
  static std::string bytes(std::initializer_list<int16_t> samples) {
    std::string out;
    for (const int16_t s : samples) {
      out += static_cast<char>(s & 0xFF);
      out += static_cast<char>(s >> 8);
    }
    return out;
  }
};

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kCutAtStart = R"({"playback_position": 0.000000, "interrupted": true})";

TEST_F(PlaybackTest, a_segment_is_heard_to_its_end_and_told_once) {
  playback.open(7, "24000", "1", now);
  EXPECT_TRUE(playback.hear(7, bytes({16384, -32768}), now));
  EXPECT_TRUE(playback.close(7, now));
  EXPECT_THAT(ears.rates, ElementsAre(24000));
  EXPECT_THAT(ears.heard[1], ElementsAre(0.5F, -1.0F));
  EXPECT_THAT(ears.ended, ElementsAre(1));
  EXPECT_THAT(told(), IsEmpty());
  playback.started(1, now);
  playback.finished(1, MediaTime::from_ms(1250), false, now);
  playback.finished(1, MediaTime::from_ms(1250), false, now);
  EXPECT_THAT(told(), ElementsAre("started", R"({"playback_position": 1.250000, "interrupted": false})"));
  EXPECT_FALSE(playback.hear(7, "more", now)) << "the stream is over";
}

TEST_F(PlaybackTest, borders_of_chunks_may_cut_samples_and_frames) {
  playback.open(1, "48000", "2", now);
  const std::string all = bytes({100, 300, -200, -400, 32767, 32767});
  for (const char byte : all) playback.hear(1, {&byte, 1}, now);
  playback.hear(1, all.substr(0, 3), now);  // less than a frame, never completed
  playback.close(1, now);
  EXPECT_THAT(ears.heard[1], ElementsAre(200 / 32768.0F, -300 / 32768.0F, 32767 / 32768.0F));
  EXPECT_THAT(ears.ended, ElementsAre(1));
}

TEST_F(PlaybackTest, what_the_session_has_no_room_for_waits_and_the_end_waits_with_it) {
  ears.room = 10'000;
  playback.open(1, "16000", "1", now);
  playback.hear(1, std::string(40'000, 'x'), now);
  playback.close(1, now);
  EXPECT_EQ(ears.heard[1].size(), 8192U);  // two blocks
  EXPECT_THAT(ears.ended, IsEmpty());
  ears.room = 100'000;
  playback.look(now);
  EXPECT_EQ(ears.heard[1].size(), 20'000U);
  EXPECT_THAT(ears.ended, ElementsAre(1));
}

TEST_F(PlaybackTest, an_interruption_said_twice_is_one_and_its_word_waits_for_both_answers) {
  playback.open(1, "16000", "1", now);
  playback.hear(1, bytes({1, 2}), now);
  playback.clear(now);
  playback.finished(1, MediaTime::from_ms(300), true, now);
  EXPECT_THAT(told(), IsEmpty());
  now += milliseconds(10);
  playback.clear(now);
  playback.hear(1, bytes({3, 4}), now);  // still on its way
  playback.close(1, now);
  now += milliseconds(30);
  EXPECT_THAT(told(), ElementsAre(R"({"playback_position": 0.300000, "interrupted": true})"));
  playback.clear(now);
  EXPECT_EQ(ears.interruptions, 1);
  EXPECT_THAT(ears.heard[1], testing::SizeIs(2));
}

TEST_F(PlaybackTest, every_segment_that_waits_is_told_as_interrupted) {
  for (uint64_t stream : {1, 2, 3}) {
    playback.open(stream, "16000", "1", now);
    playback.close(stream, now);
  }
  playback.clear(now);
  playback.open(4, "16000", "1", now);  // the next turn: not touched
  playback.finished(1, MediaTime::from_ms(100), true, now);
  playback.finished(2, {}, true, now);
  playback.finished(3, {}, true, now);
  now += milliseconds(40);
  EXPECT_THAT(told(), ElementsAre(R"({"playback_position": 0.100000, "interrupted": true})", kCutAtStart, kCutAtStart));
  playback.hear(4, bytes({9}), now);
  EXPECT_THAT(ears.heard[4], testing::SizeIs(1));
}

TEST_F(PlaybackTest, the_agent_is_told_within_its_patience_even_if_the_session_says_nothing) {
  playback.open(1, "16000", "1", now);
  playback.clear(now);
  now += milliseconds(1000);
  EXPECT_THAT(told(), ElementsAre(kCutAtStart));
  playback.finished(1, MediaTime::from_ms(5), true, now);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(PlaybackTest, an_interruption_of_nothing_is_nothing) {
  playback.clear(now);
  EXPECT_EQ(ears.interruptions, 0);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(PlaybackTest, a_segment_without_sense_is_told_in_its_turn) {
  playback.open(1, "16000", "1", now);
  playback.open(2, "", "1", now);
  playback.open(3, "16000", "many", now);
  EXPECT_THAT(told(), IsEmpty());
  playback.hear(2, "whatever", now);
  playback.finished(1, MediaTime::from_ms(40), false, now);
  playback.finished(2, MediaTime::from_ms(0), false, now);
  playback.finished(3, MediaTime::from_ms(0), false, now);
  EXPECT_THAT(told(),
              ElementsAre(R"({"playback_position": 0.040000, "interrupted": false})", kCutAtStart, kCutAtStart));
}

TEST_F(PlaybackTest, a_stream_whose_end_was_lost_ends) {
  playback.open(1, "16000", "1", now);
  now += milliseconds(9'900);
  playback.hear(1, bytes({1}), now);
  now += milliseconds(9'900);
  playback.look(now);
  EXPECT_THAT(ears.ended, IsEmpty());
  now += milliseconds(100);
  playback.look(now);
  EXPECT_THAT(ears.ended, ElementsAre(1));
  playback.open(2, "16000", "1", now);
  playback.open(3, "16000", "1", now);
  now += milliseconds(1'000);
  playback.look(now);
  EXPECT_THAT(ears.ended, ElementsAre(1, 2)) << "a later one has begun";
}

TEST_F(PlaybackTest, an_agent_that_has_gone_is_told_nothing) {
  playback.open(1, "16000", "1", now);
  playback.open(2, "16000", "1", now);
  playback.finished(1, MediaTime::from_ms(40), false, now);
  playback.forget(now);
  EXPECT_THAT(ears.ended, ElementsAre(1, 2));
  playback.finished(2, MediaTime::from_ms(40), false, now);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_FALSE(playback.close(1, now));
}

}  // namespace
}  // namespace avatar
