// SPDX-License-Identifier: Apache-2.0
// The last three seconds of speech, as numbers about how it was said. The same as training/emotion/manner.py and
// timbre.py, which say what each number is.
//
//   SpeechWindow window;
//   window.hear(speaker.input(frame), is_speech);    // frames that are heard (speaker.h)
//   window.describe(timbre_models, numbers);         // whenever it is wanted
//   window.forget();                                 // what comes belongs to something else
//
// Threads: one at a time. [tick] Does not allocate. Some 60 kB; describe() takes about a millisecond.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "motion/emotion/speaker.h"

namespace avatar {

/// A mixture of normal distributions over what one frame sounds like, and how that changes.
struct TimbreModel {
  static constexpr size_t kSounds = 32;
  static constexpr size_t kValues = 36;  ///< 13 cepstra and loudness, their change, the change of 8 changes
  float mean[kSounds][kValues];
  float variance[kSounds][kValues];
  float share[kSounds];  ///< sums to 1
};

class SpeechWindow final {
 public:
  static constexpr size_t kFrames = 304;
  static constexpr size_t kCepstra = 20;
  static constexpr size_t kTracks = kCepstra + 3;  ///< cepstra, loudness, pitch, voicing
  static constexpr size_t kManner = 608;
  static constexpr size_t kTimbre = TimbreModel::kSounds * (2 * TimbreModel::kValues + 1);
  static constexpr std::array<size_t, 2> kTimbreLags{3, 6};  ///< frames: change is measured over twice that
  static constexpr size_t kNumbers = kManner + kTimbreLags.size() * kTimbre;
  using TimbreModels = std::array<TimbreModel, kTimbreLags.size()>;

  SpeechWindow();

  void hear(const EmotionInput& input, bool is_speech);
  void forget() { filled_ = 0; }

  [[nodiscard]] size_t speech_frames() const;

  /// kManner numbers, then kTimbre for each model. False: there is too little speech to say anything.
  bool describe(const TimbreModels& timbres, std::span<float, kNumbers> numbers);

 private:
  struct Frame {
    std::array<float, kTracks> track{};
    EmotionInput input{};
    bool speech = false, voiced = false;
  };
  [[nodiscard]] const Frame& frame(size_t i) const { return ring_[(at_ + kFrames - filled_ + i) % kFrames]; }
  void describe_manner(std::span<float, kManner> numbers);
  void describe_timbre(const TimbreModel& model, size_t lag, std::span<float, kTimbre> numbers) const;

  std::array<std::array<float, kCepstra>, kMelBands> cosines_;  // [band][cepstrum]
  std::array<Frame, kFrames> ring_{};
  size_t at_ = 0, filled_ = 0;           // at_: where the next one goes
  std::array<float, kFrames> sorted_{};  // scratch
};

}  // namespace avatar
