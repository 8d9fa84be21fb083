// SPDX-License-Identifier: Apache-2.0
// A user's own network for emotion (AVATAR_EMOTION_MODEL), in place of the one in the program. docs/hearing.md tells
// what it takes and gives. Threads: EmotionModel [any thread], constant; a Window belongs to one session.
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "infer/model.h"
#include "types/emotion.h"
#include "types/speech_frame.h"

namespace avatar {

class EmotionModel final {
 public:
  static constexpr size_t kFrames = 300;            ///< three seconds, silence included
  static constexpr size_t kValues = kMelBands + 3;  ///< log mel, loudness in dB, voicing, pitch in Hz

  /// Reads an ONNX file and tries it once. not_found, invalid: said in words for the user.
  static Result<std::shared_ptr<const EmotionModel>> load(const std::filesystem::path& file);

  /// One session's last frames.
  class Window final {
   public:
    explicit Window(std::shared_ptr<const EmotionModel> model);
    void hear(const SpeechFrame& frame);
    /// Takes as long as the network takes. What is no probability counts as 0; a network that fails is neutral.
    [[nodiscard]] Mood answer();

   private:
    std::shared_ptr<const EmotionModel> model_;
    std::unique_ptr<Inference> run_;
    std::array<std::array<float, kValues>, kFrames> frames_;  // ring
    size_t at_ = 0;                                           // of the oldest
  };

 private:
  explicit EmotionModel(std::shared_ptr<const Model> network) : network_(std::move(network)) {}
  std::shared_ptr<const Model> network_;
};

}  // namespace avatar
