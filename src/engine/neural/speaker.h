// SPDX-License-Identifier: Apache-2.0
// One avatar's speech becomes motion: hearing.h, condition.h, diffusion.h and clips.h put together.
//
//   Speaker speaker(settings, parts, person);
//   speaker.begin(n);                              // the n-th stretch of speech; its first sample is the next
//   speaker.hear(sound, mood, on_motion);          // 16 kHz
//
// The same stretch number, sound and moods give the same motion to the bit, on the CPU's networks, whatever was said
// before: noise is asked for by number, never drawn in order. In speech without end the pose comes home twice a minute.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/neural/clips.h"
#include "engine/neural/condition.h"
#include "engine/neural/diffusion.h"
#include "engine/neural/hearing.h"
#include "engine/neural/networks.h"

namespace avatar::neural {

struct SpeakerSettings {
  uint64_t seed = 1;
  int steps = 10;  ///< of the diffusion; 5 to 50
  ClipSettings clips;
};

/// By how much sound must be heard beyond the first frame of a block of motion.
[[nodiscard]] constexpr int look_ahead_samples(const ClipSettings& clips) {
  return (2 * (kClipFrames - clips.overlap) + kFutureFrames) * kFrameSamples + 80;
}

class Speaker final {
 public:
  /// `person`: what the motion is conditioned on; `start`: the motion it begins with.
  Speaker(const SpeakerSettings& settings, HearWindow hear, Networks::ClipNetwork diffusion, PersonCondition person,
          const MotionVector& start);

  /// Asks the networks what silence is. Once.
  Result<void> prepare();

  void begin(uint64_t stretch);
  Result<void> hear(std::span<const float> sound, const Mood& mood, const Clips::OnMotion& on_motion);

  /// What the motion of this stretch is relative to; valid once some was told.
  [[nodiscard]] const MotionVector& first() const { return clips_.first(); }

 private:
  Result<void> make_clip(const ClipInput& in, std::span<float> motion);
  void write_row(AudioRow sound, int frame, std::span<float> row) const;

  SpeakerSettings settings_;
  Networks::ClipNetwork diffusion_;
  PersonCondition person_;
  MotionVector start_;
  std::vector<SamplerStep> steps_;
  std::vector<float> step_noise_;
  SampleMemory memory_;
  Hearing hearing_;
  Clips clips_;
  std::vector<float> row_;
  Mood mood_, wanted_mood_;  // slowly towards what is wanted
  uint64_t stretch_ = 0;
  int frame_ = 0;        // the next row's
  int since_home_ = 0;   // frames
  double energy_ = 0;    // of the sound since the last window was full
  size_t hop_left_ = 0;  // samples until the next one is
};

}  // namespace avatar::neural
