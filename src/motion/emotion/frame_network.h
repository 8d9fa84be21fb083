// SPDX-License-Identifier: Apache-2.0
// A network of a user's own that hears the last speech frames: `frames`, float32 [1][frames][43], goes in, one named
// row of float32 comes out. What the row means is for others (emotion_model.h, motion/lips_model.h).
// Threads: FrameNetwork [any thread], constant; a Window belongs to one session and keeps the network alive.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "infer/model.h"
#include "types/speech_frame.h"

namespace avatar {

class FrameNetwork final {
 public:
  static constexpr size_t kValues = kMelBands + 3;  ///< of a frame: log mel, loudness in dB, voicing, pitch in Hz

  struct Kind {
    std::string subject;  ///< of "the lips network FILE"
    size_t frames = 0;    ///< that it hears, the newest last
    std::string output;   ///< its name
    size_t values = 0;    ///< of the output
  };

  /// Reads an ONNX file and tries it once. not_found, invalid: said in words for the user.
  static Result<FrameNetwork> load(const std::filesystem::path& file, Kind kind);

  /// One session's last frames, at first silence.
  class Window final {
   public:
    explicit Window(const FrameNetwork& network);
    void hear(const SpeechFrame& frame);
    /// The last `frames` were silence instead.
    void unhear(size_t frames);
    /// What the network makes of them; takes as long as the network takes. Empty: it failed. Valid until the next call.
    [[nodiscard]] std::span<const float> answer();

   private:
    using Values = std::array<float, kValues>;
    static Values values_of(const SpeechFrame& frame);

    std::shared_ptr<const Model> model_;  // outlives run_
    std::unique_ptr<Inference> run_;
    std::string output_;
    std::vector<Values> frames_;  // ring
    size_t at_ = 0;               // of the oldest
  };

 private:
  FrameNetwork(std::shared_ptr<const Model> model, Kind kind) : model_(std::move(model)), kind_(std::move(kind)) {}

  std::shared_ptr<const Model> model_;
  Kind kind_;
};

}  // namespace avatar
