// SPDX-License-Identifier: Apache-2.0
// Does somebody speak? Opens the mouth's door for a voice and keeps it shut, exactly, for silence, breath, steady
// noise, hum and clicks.
//
//   VoiceGate gate;
//   float open = gate.hear(frame);      // 0..1, belongs to kLookAhead frames before `frame`; exactly 0 when shut
//
// It opens for sound that is voiced for some 30 ms, stands out from the tracked noise floor in the band of speech and
// below it, where the pitch lies, and is not perfectly steady from its start (a hum is); it stays open through stops
// and fricatives and shuts 70 ms after the last of them. It opens some 40 ms before the first voiced sound. Known
// limit: music with a melody passes for a voice. Threads: one at a time. [tick] Does not allocate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "types/speech_frame.h"

namespace avatar {

class VoiceGate final {
 public:
  static constexpr int kLookAhead = 9;  ///< frames

  float hear(const SpeechFrame& frame);

  /// Shut at once: speech was interrupted. What follows opens it as usual.
  void cut();

  /// The last frame heard: does a voice go on?
  [[nodiscard]] bool is_open() const { return open_; }

 private:
  static constexpr size_t kRecent = 9;
  /// The level of noise in a band, followed down quickly and up slowly.
  struct Floor {
    float db = 0;
    void follow(float level_db, float loudest_first_db, bool voice, int frames);
  };
  void listen(const SpeechFrame& frame);

  std::array<float, kRecent> level_{};   // dB, ring: mean of the speech bands
  std::array<bool, kRecent> voiced_{};   // ring
  std::array<uint8_t, kRecent> past_{};  // ring: decisions, for the smooth edge
  size_t at_ = 0;                        // of the newest
  Floor floor_, low_floor_;              // of the speech bands, of the pitch bands
  int frames_ = 0;                       // heard, at most some
  int quiet_ = 1000;                     // frames since the last sound of speech
  int unvoiced_ = 1000;                  // frames since the last voiced one
  int steady_ = 0;                       // frames since the level last moved
  bool open_ = false;
};

}  // namespace avatar
