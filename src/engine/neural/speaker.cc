// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/speaker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/neural/noise.h"

namespace avatar::neural {
namespace {

constexpr size_t kClipNumbers = static_cast<size_t>(kClipFrames) * kMotionNumbers;
constexpr uint64_t kStepStream = uint64_t{1} << 63;  // of noise: apart from those of the clips

constexpr float kMoodFollow = 0.08F;  // of the way in each frame: a second for most of it

// A pose wanders off in speech without a pause: after so many frames the next clip begins as the first did, at a quiet
// place, or at last anywhere.
constexpr int kHomeWhenQuiet = 30 * kFramesPerSecond, kHomeAtLast = 60 * kFramesPerSecond;
constexpr double kQuiet = 1e-4;  // mean square: -40 dB of full scale

}  // namespace

Speaker::Speaker(const SpeakerSettings& settings, HearWindow hear, Networks::ClipNetwork diffusion,
                 PersonCondition person, const MotionVector& start)
    : settings_(settings),
      diffusion_(std::move(diffusion)),
      person_(std::move(person)),
      start_(start),
      steps_(sampler_steps(settings.steps)),
      step_noise_(steps_.size() * kClipNumbers),
      memory_(kClipNumbers),
      hearing_(std::move(hear)),
      clips_(settings.clips, [this](const ClipInput& in, std::span<float> motion) { return make_clip(in, motion); }),
      row_(kConditionNumbers) {
  for (size_t s = 0; s < steps_.size(); ++s) {
    fill_with_noise(settings_.seed, kStepStream + s, std::span(step_noise_).subspan(s * kClipNumbers, kClipNumbers));
  }
}

Result<void> Speaker::prepare() { return hearing_.learn_silence(); }

void Speaker::begin(uint64_t stretch) {
  stretch_ = stretch;
  frame_ = since_home_ = 0;
  energy_ = 0;
  hop_left_ = kWindowSamples - kPastFrames * kFrameSamples;
  mood_ = wanted_mood_;
  hearing_.begin();
  const int overlap = settings_.clips.overlap;
  clips_.begin(start_, [&](int i, std::span<float> row) { write_row(hearing_.silence(i), i - overlap, row); });
}

void Speaker::write_row(AudioRow sound, int frame, std::span<float> row) const {
  write_condition(sound, mood_, person_, frame, row);
}

Result<void> Speaker::hear(std::span<const float> sound, const Mood& mood, const Clips::OnMotion& on_motion) {
  wanted_mood_ = mood;
  const auto on_row = [&](AudioRow row) -> Result<void> {
    for (size_t i = 0; i < mood_.weight.size(); ++i) {
      const float wanted = std::isfinite(wanted_mood_.weight[i]) ? wanted_mood_.weight[i] : 0;
      mood_.weight[i] += kMoodFollow * (wanted - mood_.weight[i]);
    }
    write_row(row, frame_++, row_);
    ++since_home_;
    if (frame_ % kToldFrames == 0) {
      const bool is_quiet = energy_ < kQuiet * kHopSamples;
      energy_ = 0;
      if (since_home_ >= kHomeAtLast || (since_home_ >= kHomeWhenQuiet && is_quiet)) {
        clips_.come_home();
        since_home_ = 0;
      }
    }
    return clips_.hear(row_, on_motion);
  };
  // In pieces that end where a window does, so that it does not matter how the sound was cut.
  while (!sound.empty()) {
    const auto piece = sound.first(std::min(sound.size(), hop_left_));
    for (const float s : piece) energy_ += static_cast<double>(s) * s;
    hop_left_ -= piece.size();
    if (hop_left_ == 0) hop_left_ = kHopSamples;
    if (auto done = hearing_.hear(piece, on_row); !done) return done;
    sound = sound.subspan(piece.size());
  }
  return {};
}

Result<void> Speaker::make_clip(const ClipInput& in, std::span<float> motion) {
  fill_with_noise(settings_.seed, stretch_ << 32 | static_cast<uint64_t>(in.number), motion);
  diffusion_.set(in.start, in.conditions);
  return sample(steps_, diffusion_.denoise, step_noise_, motion, memory_);
}

}  // namespace avatar::neural
