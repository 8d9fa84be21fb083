// SPDX-License-Identifier: Apache-2.0
// The head: it drifts, and while it speaks it moves from one carriage to the next and nods on stressed syllables.
//
//   head.nod(strength);                       // where the voice leans
//   const HeadAngles a = head.step(speaking, manner);
//
// Every movement is a path of least jerk that is added to what is going on, so speed and acceleration never jump,
// whatever overlaps. Between movements only the drift remains: noise with equal power in each octave of 1/3 to 1/96 Hz
// (1/f), no sine. Figures: motion/head_test.cc.
// Threads: one at a time. [tick] No allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "motion/emotion_face.h"
#include "motion/random.h"

namespace avatar {

/// Degrees; signs as in types/pose.h.
struct HeadAngles {
  double yaw = 0, pitch = 0, roll = 0;
};

class Head final {
 public:
  explicit Head(uint64_t seed);

  /// A nod of strength 0..1 begins.
  void nod(float strength, const Manner& manner);

  /// 10 ms on. Within +-10 yaw, +-6 pitch, +-6 roll when `scale` is at most 2.
  HeadAngles step(bool speaking, const Manner& manner, float scale);

 private:
  struct Move {
    HeadAngles by;
    double since = 0, duration = 0;  // s; duration 0: free
  };
  static constexpr size_t kMoves = 12;
  static constexpr int kOctaves = 6;

  /// Adds a movement; when all places are taken it is left out.
  void move(HeadAngles by, double duration, double delay = 0);
  void carry(bool speaking, const Manner& manner);
  [[nodiscard]] HeadAngles drift() const;

  Random random_;
  uint64_t noise_seed_;
  int64_t steps_ = 0;
  HeadAngles settled_;  // sum of finished moves
  HeadAngles aim_;      // settled + all moves under way
  std::array<Move, kMoves> moves_{};
  double next_move_ = 0.3;  // s until the next change of carriage
};

}  // namespace avatar
