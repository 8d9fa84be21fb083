// SPDX-License-Identifier: Apache-2.0
// The neural engine: published networks move the head and lips of the picture by the sound of the speech. Read, in this
// order: motion_vector.h, hearing.h, diffusion.h, clips.h, speaker.h (sound -> motion); crop.h, networks.h, person.h
// (the picture); retarget.h, expressions.h, painter.h, paste.h (motion -> picture). docs/neural.md tells the whole way
// and what of it was seen on which machine.
//
//   tick:    mesh picture --.
//            sound -> SoundFeed -> Voice ..(worker: hubert, diffusion).. -> vector --> look --> points --> Painter -->
//            Paste pose (blinks, gaze, idle head) ---------------------------------------------^      (stitch, warp,
//            decoder)
//
// An avatar is there at once: until the networks are loaded and have looked at the person, and whenever they fail, the
// stand-in engine draws; the change from one to the other takes half a second. In silence the head is the performer's
// and the lips are the picture's own, to the bit; the speech networks rest.
// Threads: an Engine's methods from any; an avatar is a strand. Two workers belong to the engine: one looks at
// pictures, one makes motion.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "engine/engine.h"
#include "engine/neural/networks.h"
#include "engine/neural/speaker.h"

namespace avatar {

struct NeuralOptions {
  std::filesystem::path models;
  neural::NetworkOptions networks;
  neural::SpeakerSettings speaker;
  int lanes = 1;  ///< pictures drawn side by side
  /// Live: networks that do not answer for so long have failed (a driver that hangs).
  std::chrono::milliseconds limit{10'000};
  /// Live: nothing waits for a network; avatars begin as the stand-in's, motion that is late is not shown. Otherwise
  /// all is waited for, and the same moments give the same bytes.
  bool is_live = false;
  /// For tests: stands between the pictures' networks and who uses them. Empty: nothing does.
  std::function<std::unique_ptr<neural::Networks::PictureChain>(std::unique_ptr<neural::Networks::PictureChain>)>
      wrap{};
};

/// Not live: loads the models now. Live: looks at the folder now and loads in the background (Engine::waits_for).
/// invalid: the folder; unsupported: no provider works here.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_neural_engine(const NeuralOptions& options,
                                                                 std::shared_ptr<const Engine> stand_in);

/// How many that speak at once these networks have time, and the card memory, for, as measured when they were loaded;
/// at least 1. [any thread]
[[nodiscard]] int capacity_of(const neural::Networks& networks, const neural::SpeakerSettings& speaker);

/// 85 % of what is free is given away; at least 1. 0: it was not measured.
[[nodiscard]] int capacity_by_memory(const neural::CardMemory& memory);

}  // namespace avatar
