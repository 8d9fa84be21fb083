// SPDX-License-Identifier: Apache-2.0
// The network that hears emotion. What the last three seconds of speech are like (speech_window.h) becomes 256
// features; how they differ from the speaker on the whole is compared with every utterance that was learnt from, and
// the near ones answer (radial basis functions, Broomhead and Lowe 1988). training/emotion/network.py is the same, and
// where the weights come from.
//
//   EmotionNetwork network;                            // with the weights in the program
//   network.hear(speaker.input(frame), is_speech);     // frames that are heard (speaker.h)
//   auto p = network.judge();                          // twice a second of speech
//   network.forget();                                  // what comes belongs to something else
//
// hear() takes some microseconds, judge() a few milliseconds (bench/emotion_bench): no tick comes late by it. What it
// answers depends on the frames alone. Threads: one at a time. [tick] Does not allocate; some 100 kB.
#pragma once

#include <array>
#include <cstddef>

#include "motion/emotion/speaker.h"
#include "motion/emotion/speech_window.h"
#include "types/emotion.h"

namespace avatar {

class EmotionNetwork final {
 public:
  EmotionNetwork();

  /// The speaker that the network was taught to assume.
  [[nodiscard]] static const SpeakerMean& usual_speaker();

  void hear(const EmotionInput& input, bool is_speech) { window_.hear(input, is_speech); }

  /// Probability of each emotion (by Emotion) in the window, which then counts as something that this speaker says.
  /// Neutral as long as there is hardly any speech.
  [[nodiscard]] Mood judge();

  /// Of the window.
  [[nodiscard]] size_t speech_frames() const { return window_.speech_frames(); }

  /// The window is empty; the speaker stays known.
  void forget() { window_.forget(); }

 private:
  static constexpr size_t kFeatures = 256;
  using Features = std::array<float, kFeatures>;
  struct Weights;
  static const Weights& weights();
  static size_t utterances();

  SpeechWindow window_;
  std::array<float, SpeechWindow::kNumbers> numbers_{};  // scratch
  Features speaker_{};                                   // sum of features
  float speaker_count_ = 0;                              // of utterances in it
};

}  // namespace avatar
