// SPDX-License-Identifier: Apache-2.0
// A picture and a recording -> a video, without a network: the shortest walk through the whole house.
//
//   picture -> Portrait -> Avatar --.
//   sound file -> speech queue ---> Session::tick() -> sink (MP4, frames, y4m, contact sheet)
//
// The portrait is analysed while the sound file is opened, and pictures are encoded while the next ones are drawn;
// neither changes a byte of the result.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/engines.h"
#include "motion/performer.h"
#include "types/media_time.h"

namespace avatar {

struct RenderOptions {
  std::filesystem::path picture;  ///< empty: the built-in portrait
  std::filesystem::path speech;
  std::filesystem::path video;          ///< MP4; this and the next three: empty is not wanted
  std::filesystem::path frames;         ///< a folder of PNG
  std::filesystem::path y4m;            ///< "-": standard output
  std::filesystem::path contact_sheet;  ///< PNG
  std::filesystem::path emotion_log;    ///< JSON lines: the mood heard at each half second; empty: not wanted
  std::filesystem::path emotion_model;  ///< a user's own network (docs/hearing.md); empty: the one in the program
  std::filesystem::path lips_model;     ///< likewise
  FrameSize size;
  int fps = 25;
  MediaTime tail = MediaTime::from_ms(500);  ///< idle after the speech, so that the mouth comes to rest
  Performance performance;
  EngineOptions engine;
  std::string label;  ///< drawn over every picture; empty: none
  bool quiet = false;
};

/// Reports on standard error how it goes, and at the end how long each stage took. cancelled: is_interrupted().
/// `started`: when the process began, by `clock`.
[[nodiscard]] Result<void> render(const RenderOptions& options, const Clock& clock, std::chrono::nanoseconds started);

}  // namespace avatar
