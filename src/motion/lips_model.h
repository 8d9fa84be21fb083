// SPDX-License-Identifier: Apache-2.0
// A user's own network for the lips (AVATAR_LIPS_MODEL), in place of the one in the program. docs/hearing.md tells what
// it takes and gives. Threads: LipsModel [any thread], constant; a Window belongs to one session.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "motion/articulation.h"
#include "motion/emotion/frame_network.h"
#include "types/speech_frame.h"

namespace avatar {

class LipsModel final {
 public:
  static constexpr size_t kFrames = 100;  ///< one second
  static constexpr size_t kReach = 6;     ///< of them after the moment that is asked for

  /// Reads an ONNX file and tries it once. not_found, invalid: said in words for the user.
  static Result<std::shared_ptr<const LipsModel>> load(const std::filesystem::path& file);

  /// One session's last frames.
  class Window final {
   public:
    explicit Window(const LipsModel& model) : frames_(model.network_) {}
    /// Takes as long as the network takes. What is no number counts as 0; a network that fails is a mouth at rest.
    Articulation hear(const SpeechFrame& frame);
    /// The last `frames` were silence instead.
    void unhear(size_t frames) { frames_.unhear(frames); }

   private:
    FrameNetwork::Window frames_;
  };

 private:
  explicit LipsModel(FrameNetwork network) : network_(std::move(network)) {}
  FrameNetwork network_;
};

}  // namespace avatar
