// SPDX-License-Identifier: Apache-2.0
// The actor: hears the speech and says what the face does at each moment. Lips follow the sound, an emotion lies under
// them, nods and brows stress what the voice stresses, and blinks, gaze, breath and a drifting head never stop.
//
//   Performer performer(performance, portrait->rest);
//   performer.hear(features.hear(sound));              // as far as t + look_ahead()
//   avatar->draw(performer.at(t), frame);              // t goes up
//   performer.cut(t);                                  // interrupted: what was heard beyond t will not be said
//
// Silence means lips closed and still: as long as the voice gate (motion/voice_gate.h) is shut, every muscle of the
// mouth is constant to the bit, but for a heard mood that fades away over some seconds. The same seed, rest face,
// speech and times give the same moments, to the bit, however hear() was fed. Threads: one at a time. [tick] hear()
// allocates only while more waits than ever before; at() never.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "motion/own_networks.h"
#include "types/emotion.h"
#include "types/moment.h"
#include "types/portrait.h"
#include "types/speech_frame.h"

namespace avatar {

struct Performance {
  uint64_t seed = 1;
  std::optional<Emotion> emotion{};  ///< none: the mood that is heard in the voice
  float emotion_intensity = 0.6F;    ///< 0..1
  float motion_scale = 1;            ///< 0..2: head, gaze, breath. 0: a still head; eyes still blink
  float expression_scale = 1;        ///< 0..2: how far the muscles of the face go; the lips at 0 still speak, a little
  OwnNetworks networks{};            ///< who hear the mood and what the lips do
};

class Performer final {
 public:
  Performer(const Performance& performance, const RestFace& rest);
  ~Performer();
  Performer(Performer&&) noexcept;

  /// The mouth is shut, and nothing moves it at the next at(). [tick]
  [[nodiscard]] bool is_quiet() const;

  /// Leaves out the next `frames` frames of those that were heard, silence that is not going to be played: what is said
  /// after them comes so much sooner, and must have been heard. Body and time go on as they do. Only while is_quiet().
  /// [tick]
  void skip(int frames);

  /// Frames whose centres reach t + look_ahead() must have been heard before at(t): silence is assumed for what is
  /// missing. (Features need Features::look_ahead() of sound on top.)
  static constexpr MediaTime look_ahead() { return MediaTime::from_ms(100); }

  /// Consecutive 10 ms frames from session start, silence included.
  void hear(std::span<const SpeechFrame> frames);

  /// The moment at t, which must not go back.
  Moment at(MediaTime t);

  /// The last estimate of what is heard in the voice, asked for or not; a new one each half second. [tick]
  [[nodiscard]] const EmotionEstimate& heard() const;

  /// Interruption at t (not before the last at()): the mouth closes over 120 ms; frames heard until now that lie beyond
  /// t count as silence; frames heard from now on follow them in time and are spoken as usual.
  void cut(MediaTime t);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace avatar
