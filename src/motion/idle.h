// SPDX-License-Identifier: Apache-2.0
// What a living face does whatever it says: it blinks, its eyes jump and hold, it breathes. (The head: motion/head.h.)
// Each is a small machine that is stepped once per 10 ms and says where it is; each draws from its own stream of
// chance. Threads: one at a time. [tick] No allocation.
#pragma once

#include <cstdint>

#include "motion/random.h"

namespace avatar {

/// Blinks: 17 a minute when idle, 23 when speaking, at log-normal gaps, now and then a double one, more likely at
/// pauses and with large glances. Closing 50-60 ms, shut 40 ms (so that a picture each 40 ms always shows a shut lid),
/// opening 90-120 ms (Evinger, Manning, Sibony 1991: closing twice as fast).
class Blinks final {
 public:
  explicit Blinks(uint64_t seed);
  /// 0 open .. 1 shut. `rate` scales the number of blinks.
  float step(bool speaking, float rate);
  /// A moment at which people like to blink: the end of a phrase, a glance.
  void invite(float how_much);

 private:
  void plan();
  Random random_;
  double due_ = 1;                                        // of a mean gap, until the next
  double since_ = 10;                                     // s since the last one began
  double closing_ = 0.055, shut_ = 0.04, opening_ = 0.1;  // s
};

/// Where the eyes look, in degrees from the viewer, right and up. Mostly at the viewer; glances aside for a second,
/// longer and more often when idle or thinking before a phrase; micro-saccades in between. Jumps last as long as real
/// ones: 21 ms + 2.2 ms per degree (Carpenter 1988, "main sequence").
class Gaze final {
 public:
  struct Direction {
    double yaw_deg = 0, pitch_deg = 0;
  };
  explicit Gaze(uint64_t seed);
  Direction step(bool speaking, float rest_pitch_deg);
  /// How far the last large jump was when it began in this step, else 0.
  [[nodiscard]] double jumped_deg() const { return jumped_deg_; }

 private:
  void jump(Direction to);
  Random random_;
  Direction from_, to_;                  // of the jump that is on or was last
  Direction centre_;                     // of the present fixation, round which micro-saccades stay
  double since_ = 10, duration_ = 0.02;  // s
  double fixation_ = 1.5;                // s until the next large jump
  double micro_ = 0.5;                   // s until the next micro-saccade
  bool away_ = false;
  double jumped_deg_ = 0;
};

/// Breath, 0 out .. 1 in: 13 a minute, in for two fifths, never twice the same; speech is said on the way out: slow,
/// after a quick deep breath.
class Breath final {
 public:
  explicit Breath(uint64_t seed);
  float step(bool speaking);

 private:
  Random random_;
  double from_ = 0, to_ = 0.8;
  double since_ = 0, duration_ = 1.6;  // s
};

}  // namespace avatar
