// SPDX-License-Identifier: Apache-2.0
// A user's own network for emotion (AVATAR_EMOTION_MODEL), in place of the one in the program. docs/hearing.md tells
// what it takes and gives. Threads: EmotionModel [any thread], constant; a Window belongs to one session.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "motion/emotion/frame_network.h"
#include "types/emotion.h"
#include "types/speech_frame.h"

namespace avatar {

class EmotionModel final {
 public:
  static constexpr size_t kFrames = 300;  ///< three seconds, silence included

  /// Reads an ONNX file and tries it once. not_found, invalid: said in words for the user.
  static Result<std::shared_ptr<const EmotionModel>> load(const std::filesystem::path& file);

  /// One session's last frames.
  class Window final {
   public:
    explicit Window(const EmotionModel& model) : frames_(model.network_) {}
    void hear(const SpeechFrame& frame) { frames_.hear(frame); }
    /// Takes as long as the network takes. What is no probability counts as 0; a network that fails is neutral.
    [[nodiscard]] Mood answer();

   private:
    FrameNetwork::Window frames_;
  };

 private:
  explicit EmotionModel(FrameNetwork network) : network_(std::move(network)) {}
  FrameNetwork network_;
};

}  // namespace avatar
