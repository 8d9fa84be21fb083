// SPDX-License-Identifier: Apache-2.0
// The engines there are, by name. The only place that knows them all.
//
//   auto choice = choose_engine({.name = "auto", .models = dir, .is_live = true});
//   log(choice->reason);                                    // "mesh, because there is no NVIDIA driver"
//   session->use(choice->engine->make_avatar(...));
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace avatar {

struct EngineOptions {
  /// "mesh": the picture itself, warped by a face rig, on any CPU. "neural": published networks, on a graphics card.
  /// "auto": neural where the folder of models is complete and a card answers, else mesh.
  std::string name = "mesh";
  std::filesystem::path models{};  ///< of the neural engine; empty: none
  std::filesystem::path cache{};   ///< where compiled networks are kept; empty: nowhere
  /// "tensorrt", "cuda", "cpu": what runs the networks, tried in this order. Empty: tensorrt, then cuda.
  std::vector<std::string> providers{};
  int device = 0;    ///< which card
  int threads = 1;   ///< on the CPU
  int overlap = 75;  ///< frames, 40..79: how much clips of motion overlap; less: calmer, later (docs/neural.md)
  int steps = 10;    ///< of the diffusion, 2..100
  uint64_t seed = 1;
  /// A server: avatars never wait for networks. Otherwise (files) every picture is waited for, and is the same again.
  bool is_live = false;
};

struct NeuralOptions;
/// What the options mean for the neural engine (engine/neural/neural_engine.h). invalid: one of them.
[[nodiscard]] Result<NeuralOptions> neural_options(const EngineOptions& options);

struct EngineChoice {
  std::unique_ptr<Engine> engine;
  std::string reason;  ///< "mesh, because ...": who draws, for the log and for /health
};

/// unsupported: there is no engine of that name, or no provider works. invalid: an option, or the folder of models.
/// "auto" never fails for want of networks. [any thread]
[[nodiscard]] Result<EngineChoice> choose_engine(const EngineOptions& options);

/// The same; the reason goes to the log where it was "auto" that chose. [any thread]
[[nodiscard]] Result<std::unique_ptr<Engine>> make_engine(const EngineOptions& options);

}  // namespace avatar
