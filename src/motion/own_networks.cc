// SPDX-License-Identifier: Apache-2.0
#include "motion/own_networks.h"

#include <utility>

#include "motion/emotion/emotion_model.h"
#include "motion/lips_model.h"

namespace avatar {

Result<OwnNetworks> OwnNetworks::load(const std::filesystem::path& emotion, const std::filesystem::path& lips) {
  OwnNetworks own;
  if (!emotion.empty()) {
    auto model = EmotionModel::load(emotion);
    if (!model) return model.error();
    own.emotion = *std::move(model);
  }
  if (!lips.empty()) {
    auto model = LipsModel::load(lips);
    if (!model) return model.error();
    own.lips = *std::move(model);
  }
  return own;
}

}  // namespace avatar
