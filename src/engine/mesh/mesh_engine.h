// SPDX-License-Identifier: Apache-2.0
// The mesh engine: the picture itself, warped by a face rig. Runs on any CPU. Read rig.h, then raster.h.
//
//   engine/framing   where the frame lies in the picture
//   layers    skin texture and background plate
//   face_mesh, muscles, rig   pose -> vertices
//   eyes, mouth   what shows through the holes
//   raster    everything -> I420
#pragma once

#include <memory>

#include "engine/engine.h"

namespace avatar {

[[nodiscard]] std::unique_ptr<Engine> make_mesh_engine();

}  // namespace avatar
