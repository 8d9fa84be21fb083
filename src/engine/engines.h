// SPDX-License-Identifier: Apache-2.0
// The engines there are, by name. The only place that knows them all.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"

namespace avatar {

struct EngineOptions {
  std::string name = "mesh";  ///< "mesh": the picture itself, warped by a face rig, on any CPU
};

/// unsupported: there is no engine of that name. [any thread]
[[nodiscard]] Result<std::unique_ptr<Engine>> make_engine(const EngineOptions& options);

}  // namespace avatar
