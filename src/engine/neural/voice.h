// SPDX-License-Identifier: Apache-2.0
// The speech of one avatar on its way to motion, between two threads: the tick gives sound and asks for motion, a
// worker makes it (speaker.h).
//
//   voice->begin();                          // a stretch of speech; its frame 0 is its first sample's
//   voice->say(sound, mood);                 // [tick] 16 kHz
//   if (auto m = voice->motion(frame)) ...   // [tick] null: not made yet
//   voice->wait();                           // [tick] only where time does not matter: until all is made
//
// At most two seconds of sound wait; when the worker cannot keep up, the stretch is given up (is_behind()) and the
// caller begins another when it can. Where a limit is set, networks that do not answer while so much is said have
// failed.
// Threads: the tick's and the worker's. Allocates nothing in a steady tick.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/neural/speaker.h"
#include "engine/neural/worker.h"

namespace avatar::neural {

class Voice final : public Task, public std::enable_shared_from_this<Voice> {
 public:
  /// `limit`: of sound that is said while one piece of work lasts; 0: none.
  Voice(std::shared_ptr<Tasks> worker, std::unique_ptr<Speaker> speaker, std::chrono::milliseconds limit = {});

  void begin();
  void say(std::span<const float> sound, const Mood& mood);
  void end();  ///< what was not made will not be

  struct Motion {
    MotionVector now, first;
  };
  /// Of frame `frame` of this stretch. Frames must not go back.
  [[nodiscard]] bool motion(int frame, Motion& out);

  void wait();
  [[nodiscard]] bool is_behind() const { return is_behind_; }
  /// The networks failed: no more motion will come.
  [[nodiscard]] std::optional<Error> failure() const;
  /// Forgets a failure; the stretch is given up as if the worker were behind.
  void try_again();

  void go_on() override;

 private:
  static constexpr size_t kMostWaiting = 2 * kHearingRate;
  static constexpr int kKept = 128;  // frames of motion

  const std::shared_ptr<Tasks> worker_;
  const std::chrono::milliseconds limit_;
  std::unique_ptr<Speaker> speaker_;  // the worker's
  std::vector<float> block_;          // the worker's
  uint64_t speaking_ = 0;             // the worker's: the stretch that the speaker is in
  bool is_prepared_ = false;          // the worker's
  bool is_behind_ = false;            // the tick's

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t stretch_ = 0;  // 0: none yet; the rest belongs to this one
  bool is_open_ = false;
  std::vector<float> waiting_;
  bool is_working_ = false;
  size_t said_meanwhile_ = 0;  // samples
  Mood mood_;
  MotionVector first_{};
  std::vector<MotionVector> ring_;  // frame n at n % kKept
  int made_ = 0;                    // frames
  std::optional<Error> failure_;
};

}  // namespace avatar::neural
