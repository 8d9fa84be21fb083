// SPDX-License-Identifier: Apache-2.0
// One avatar of the neural engine: what changes from picture to picture. See neural_engine.h.
// Threads: a strand.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/neural/painter.h"
#include "engine/neural/paste.h"
#include "engine/neural/person.h"
#include "engine/neural/sound_feed.h"
#include "engine/neural/voice.h"

namespace avatar::neural {

/// All that draws one person at one size; made by a worker.
struct Ready {
  std::shared_ptr<const Person> person;
  std::shared_ptr<Painter> painter;
  std::shared_ptr<Voice> voice;
  std::unique_ptr<const Paste> paste;
  std::function<void(const Error&)> tell_failure;  ///< the networks fail: the engine says so, once
  std::function<bool()> has_failed;                ///< somebody told so
};

/// What an avatar waits for: made by a worker, taken by the tick. Threads: [any thread].
class Promise final {
 public:
  void keep(Result<std::unique_ptr<Ready>> ready);
  /// Once: what was made, or why not. Nothing: not yet.
  [[nodiscard]] std::optional<Result<std::unique_ptr<Ready>>> take();

 private:
  std::mutex mutex_;
  std::optional<Result<std::unique_ptr<Ready>>> ready_;
};

class NeuralAvatar final : public Avatar {
 public:
  /// `house`: kept alive as long as the avatar. `waits`: for motion, before each picture.
  NeuralAvatar(std::shared_ptr<const void> house, std::unique_ptr<Avatar> stand_in, std::shared_ptr<Promise> promise,
               FrameSize size, bool waits);
  ~NeuralAvatar() override;

  Result<void> draw(const Moment& moment, Frame& frame) override;

 private:
  enum class Source : uint8_t { idle, speech };

  Result<void> look_for_promise();
  void listen(const Moment& moment);
  Result<void> draw_neural(const Moment& moment, Frame& frame);
  [[nodiscard]] Look look_at(const Moment& moment, const Pose& pose, float& lips);
  [[nodiscard]] bool speech_look(const Moment& moment, Look& look);
  void change_to(Source source, MediaTime now, MediaTime lips_take, MediaTime head_takes);

  std::shared_ptr<const void> house_;
  std::unique_ptr<Avatar> stand_in_;
  std::shared_ptr<Promise> promise_;  // null: kept or broken
  std::unique_ptr<Ready> ready_;      // null: the stand-in draws
  const bool waits_;

  // Who is seen: 0 the stand-in, 1 the networks' picture.
  std::optional<float> seen_;
  MediaTime seen_at_;
  bool has_failed_ = false, has_drawn_ = false;
  Frame drawn_;  // the last that the networks drew

  SoundFeed feed_;
  uint32_t cuts_ = 0;
  bool is_speaking_ = false;  // a stretch is open
  int64_t origin_ = 0;        // its first frame
  int64_t last_loud_ = 0;     // frame
  int64_t said_ = 0;          // 16 kHz samples given to the voice, since the session's start

  Source source_ = Source::idle;
  Look shown_, from_;                     // the last look, and the one a change began at
  float shown_lips_ = 1, from_lips_ = 1;  // how much the pose's lips count
  MediaTime changed_at_, lips_take_, head_takes_;

  Points driving_{};
  std::vector<float> picture_;
  Paste::Scratch scratch_;
};

}  // namespace avatar::neural
