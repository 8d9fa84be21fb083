// SPDX-License-Identifier: Apache-2.0
// A user's own network for the lips (AVATAR_LIPS_MODEL), in place of the one in the program. docs/hearing.md tells what
// it takes and gives. Threads: LipsModel [any thread], constant; a Window belongs to one session.
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "infer/model.h"
#include "motion/articulation.h"
#include "types/speech_frame.h"

namespace avatar {

class LipsModel final {
 public:
  static constexpr size_t kFrames = 100;            ///< one second
  static constexpr size_t kReach = 6;               ///< of them after the moment that is asked for
  static constexpr size_t kValues = kMelBands + 3;  ///< log mel, loudness in dB, voicing, pitch in Hz

  /// Reads an ONNX file and tries it once. not_found, invalid: said in words for the user.
  static Result<std::shared_ptr<const LipsModel>> load(const std::filesystem::path& file);

  /// One session's last frames.
  class Window final {
   public:
    explicit Window(std::shared_ptr<const LipsModel> model);
    /// Takes as long as the network takes. What is no number counts as 0; a network that fails is a mouth at rest.
    Articulation hear(const SpeechFrame& frame);
    /// The last `frames` were silence instead.
    void unhear(size_t frames);

   private:
    void put(size_t at, const SpeechFrame& frame);

    std::shared_ptr<const LipsModel> model_;
    std::unique_ptr<Inference> run_;
    std::array<std::array<float, kValues>, kFrames> frames_;  // ring
    size_t at_ = 0;                                           // of the oldest
  };

 private:
  explicit LipsModel(std::shared_ptr<const Model> network) : network_(std::move(network)) {}
  std::shared_ptr<const Model> network_;
};

}  // namespace avatar
