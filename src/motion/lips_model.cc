// SPDX-License-Identifier: Apache-2.0
#include "motion/lips_model.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace avatar {

Result<std::shared_ptr<const LipsModel>> LipsModel::load(const std::filesystem::path& file) {
  auto network = FrameNetwork::load(file, {"lips", kFrames, "articulation", kArticulators});
  if (!network) return network.error();
  return std::shared_ptr<const LipsModel>(new LipsModel(*std::move(network)));
}

Articulation LipsModel::Window::hear(const SpeechFrame& frame) {
  frames_.hear(frame);
  const std::span<const float> out = frames_.answer();
  Articulation said;
  if (out.empty()) return said;
  for (size_t a = 0; a < kArticulators; ++a) said.value[a] = std::isfinite(out[a]) ? std::clamp(out[a], 0.0F, 1.0F) : 0;
  return said;
}

}  // namespace avatar
