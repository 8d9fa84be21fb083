// SPDX-License-Identifier: Apache-2.0
#include "engine/engines.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "engine/mesh/mesh_engine.h"
#include "engine/neural/model_folder.h"
#include "engine/neural/neural_engine.h"
#include "infer/gpu.h"
#include "infer/model.h"

namespace avatar {
namespace {

// Why the networks cannot run here, as far as can be seen without loading them; empty: they can.
std::string obstacle(const EngineOptions& o) {
  if (o.models.empty()) return "no folder of models is set";
  const neural::ModelFolder folder = neural::look_into(o.models);
  if (!folder.is_complete()) return folder.refusal().message;
  if (std::find(o.providers.begin(), o.providers.end(), "cpu") != o.providers.end()) return {};
  if (built_in_providers() == std::vector<Provider>{Provider::cpu}) {
    return "this ONNX Runtime (" + runtime_version() + ") was built for the CPU alone";
  }
  const auto gpus = find_gpus();
  return gpus ? std::string() : gpus.error().message;
}

}  // namespace

Result<NeuralOptions> neural_options(const EngineOptions& o) {
  NeuralOptions n;
  n.models = o.models;
  n.networks.device = o.device;
  n.networks.cpu_threads = o.threads;
  n.networks.cache = o.cache;
  for (const std::string& name : o.providers) {
    constexpr Provider kAll[] = {Provider::cpu, Provider::cuda, Provider::tensorrt};
    const auto* found =
        std::find_if(std::begin(kAll), std::end(kAll), [&](Provider p) { return avatar::name(p) == name; });
    if (found == std::end(kAll)) {
      return Error{ErrorKind::invalid, "there is no provider \"" + name + "\"; there are: tensorrt, cuda, cpu"};
    }
    n.networks.providers.push_back(*found);
  }
  if (o.overlap < 40 || o.overlap > 79) return Error{ErrorKind::invalid, "clips overlap by 40 to 79 frames"};
  if (o.steps < 2 || o.steps > 100) return Error{ErrorKind::invalid, "the diffusion takes 2 to 100 steps"};
  n.speaker.seed = o.seed;
  n.speaker.steps = o.steps;
  n.speaker.clips.overlap = o.overlap;
  n.is_live = o.is_live;
  n.lanes = o.is_live ? 2 : 1;  // the card draws one while the other's picture is fetched
  return n;
}

Result<EngineChoice> choose_engine(const EngineOptions& options) {
  if (options.name == "mesh") return EngineChoice{make_mesh_engine(), "mesh"};
  if (options.name != "neural" && options.name != "auto") {
    return Error{ErrorKind::unsupported,
                 "there is no engine \"" + options.name + "\"; this build has: mesh, neural, auto"};
  }
  auto neural = neural_options(options);
  if (!neural) return neural.error();
  const bool is_free = options.name == "auto";
  if (!is_free && options.models.empty()) {
    return Error{ErrorKind::invalid, "the neural engine needs a folder of models: set AVATAR_MODEL_DIR"};
  }
  std::string why = is_free ? obstacle(options) : std::string();
  if (why.empty()) {
    auto made = make_neural_engine(*neural, make_mesh_engine());
    if (made) {
      std::string reason = (*made)->description();
      return EngineChoice{std::move(*made), std::move(reason)};
    }
    if (!is_free) return made.error();
    why = made.error().message;
  }
  return EngineChoice{make_mesh_engine(), "mesh, because " + why};
}

Result<std::unique_ptr<Engine>> make_engine(const EngineOptions& options) {
  auto choice = choose_engine(options);
  if (!choice) return choice.error();
  if (options.name == "auto") log(LogLevel::info, "engine: " + choice->reason);
  return std::move(choice->engine);
}

}  // namespace avatar
