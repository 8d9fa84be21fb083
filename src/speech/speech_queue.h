// SPDX-License-Identifier: Apache-2.0
// The speech that a session still has to say. Any thread may add to it; only the tick takes from it. Sound is mono,
// 48 kHz, in [-1, 1] (what is not is brought there). When more than the bound waits (60 s), what was accepted stays and
// new speech is refused, with `busy`. clear() ends every utterance begun so far: blocks of it that arrive later are
// dropped.
//
//   const uint64_t id = queue.begin();            // somebody starts to speak
//   queue.add(id, sound); ... queue.end(id);
//
//   for (size_t n = 0; n < block.size();) {       // the tick
//     const auto taken = queue.take(std::span(block).subspan(n));
//     if (taken.utterance == 0) break;            // nothing waits: the rest is silence
//     n += taken.samples;
//   }
//
// Utterances are taken in the order in which they began. One that has begun but waits for its sound holds back the
// later ones; it lets them through when it ends, or has been silent for kPatience.
// Sound that is sent as it is spoken comes unevenly. So an utterance begins only when `reserve` of it waits, or all of
// it; and when it ran dry on the way, it goes on only then: one pause instead of a stutter.
// Threads: [any thread] unless tagged otherwise; one lock, held for the length of a copy.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "types/media_time.h"

namespace avatar {

class SpeechQueue final {
 public:
  /// For an utterance that does not go on, as long as another one waits behind it.
  static constexpr MediaTime kPatience = MediaTime::from_ms(5000);

  explicit SpeechQueue(MediaTime reserve = {}, MediaTime bound = MediaTime::from_ms(60'000))
      : reserve_(reserve), bound_(bound) {}

  /// A new utterance; ids count up from 1.
  uint64_t begin();

  /// busy: the queue is full, nothing of `sound` was kept. Speech of an utterance that was cleared or has ended is
  /// dropped without an error: its sender cannot know yet.
  Result<void> add(uint64_t utterance, std::span<const float> sound);

  /// No more sound will come for it.
  void end(uint64_t utterance);

  struct Cleared {
    uint64_t last_utterance = 0;  ///< of those begun so far: it and all before it are over
    MediaTime sound;              ///< that waited and was dropped
  };
  /// Interruption: what waits is dropped, utterances begun so far are over.
  Cleared clear();

  struct Taken {
    uint64_t utterance = 0;  ///< 0: nothing waits now
    size_t samples = 0;      ///< written to the front of `out`; may be 0 when is_last
    bool is_last = false;    ///< the utterance is over with these samples
    bool ran_dry = false;    ///< `out` could not be filled and the utterance is not over: silence comes in between
  };
  /// The next sound of one utterance, at most out.size() samples. [tick]
  Taken take(std::span<float> out);

  /// The next `sound` can be taken without waiting for its sender: so much of the first utterance is here, or all of
  /// it. [tick]
  [[nodiscard]] bool has(MediaTime sound) const;

  /// How much sound waits.
  [[nodiscard]] MediaTime waiting() const;

 private:
  struct Utterance {
    uint64_t id = 0;
    std::deque<std::vector<float>> blocks;
    size_t taken = 0;     // samples of blocks.front()
    int64_t waiting = 0;  // samples
    int64_t missed = 0;   // samples that it held back the next one for
    bool flows = false;   // it had its reserve and has not run dry since
    bool ended = false;
  };
  static constexpr size_t kBlock = 4800;  // samples at least, as long as more come: a sender may send one at a time

  Utterance* find(uint64_t id);

  const MediaTime reserve_;
  const MediaTime bound_;
  mutable std::mutex mutex_;
  std::deque<Utterance> utterances_;
  uint64_t last_id_ = 0;
  int64_t waiting_ = 0;  // samples
};

}  // namespace avatar
