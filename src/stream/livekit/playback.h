// SPDX-License-Identifier: Apache-2.0
// What the agent has sent to be said, what became of it, and what the agent must be told: the agent waits for exactly
// one word about each segment of speech (LiveKit agents, DataStreamAudioOutput). A segment is one byte stream; it is
// one utterance of the session.
//
//   playback.open(stream, attributes...); playback.hear(stream, bytes, now); playback.close(stream, now);
//   playback.clear(now);                                  // the agent interrupts
//   playback.started(utterance); playback.finished(utterance, position, interrupted, now);
//   while (const Notice* notice = playback.next(now)) ... tell the agent ...; playback.told();
//
// Rules: streams may overlap and overtake a little, utterances follow each other as the streams opened. The agent often
// interrupts twice in a row, and its last bytes come before, between or after; what comes for an interrupted segment is
// dropped. The word about it waits kAnswerFirst, so that both interruptions are answered before. When the session does
// not say what became of an interrupted segment, the agent is told after kPatience all the same: it waits for 2 s. A
// stream whose end was lost ends when nothing came for kIdle, or for kSuperseded when a later one has begun.
// Sound that the session has no room for waits here, as bytes; beyond kBacklog it is dropped.
// Threads: one at a time; time is a parameter.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "stream/livekit/ears.h"
#include "types/media_time.h"

namespace avatar {

/// A word for the agent.
struct Notice {
  std::string method;
  std::string payload;
  std::chrono::steady_clock::time_point not_before;
};

class Playback final {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr auto kAnswerFirst = std::chrono::milliseconds(40);
  static constexpr auto kPatience = std::chrono::milliseconds(1000);
  static constexpr auto kIdle = std::chrono::seconds(10);
  static constexpr auto kSuperseded = std::chrono::seconds(1);
  static constexpr size_t kBacklog = size_t{64} << 20U;  ///< bytes: 11 minutes of 48 kHz mono

  explicit Playback(Ears& ears) : ears_(ears) {}

  /// Attributes as they came, decimal numbers. A segment whose attributes make no sense is over at once.
  void open(uint64_t stream, const std::string& sample_rate, const std::string& channels, Time now);
  /// 16-bit little-endian samples, interleaved, cut anywhere. Answers whether the stream is one of ours.
  bool hear(uint64_t stream, std::string_view bytes, Time now);
  /// Answers whether the stream is one of ours.
  bool close(uint64_t stream, Time now);
  void clear(Time now);

  void started(uint64_t utterance, Time now);
  void finished(uint64_t utterance, MediaTime position, bool interrupted, Time now);

  /// Does what time alone brings. Call it after every other, and every 100 ms.
  void look(Time now);

  /// The agent has gone: its streams end, and it need not be told anything.
  void forget(Time now);

  /// What is to be told now, the oldest first. Valid until told().
  [[nodiscard]] const Notice* next(Time now) const;
  void told() { notices_.pop_front(); }
  /// When next() may have something. Time::max(): nothing waits.
  [[nodiscard]] Time when() const { return notices_.empty() ? Time::max() : notices_.front().not_before; }

 private:
  struct Segment {
    uint64_t stream = 0;
    uint64_t utterance = 0;
    size_t channels = 1;
    std::string waiting;  // bytes the session has not heard
    bool closed = false;  // no more bytes come
    bool ended = false;   // the session knows
    bool broken = false;  // its attributes made no sense
    bool cut = false;     // interrupted
    bool told = false;    // the agent was told, or will be
    Time last_heard;
    Time cut_at;
  };
  Segment* find(uint64_t stream);
  void pass_on(Segment& segment);
  void tell_finished(Segment& segment, MediaTime position, bool interrupted, Time now);

  Ears& ears_;
  std::deque<Segment> segments_;
  std::deque<Notice> notices_;
  std::vector<float> sound_;
  size_t backlog_ = 0;
};

}  // namespace avatar
