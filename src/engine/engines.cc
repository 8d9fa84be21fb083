// SPDX-License-Identifier: Apache-2.0
#include "engine/engines.h"

#include "engine/mesh/mesh_engine.h"

namespace avatar {

Result<std::unique_ptr<Engine>> make_engine(const EngineOptions& options) {
  if (options.name == "mesh") return make_mesh_engine();
  return Error{ErrorKind::unsupported, "there is no engine \"" + options.name + "\"; this build has: mesh"};
}

}  // namespace avatar
