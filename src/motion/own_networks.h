// SPDX-License-Identifier: Apache-2.0
// The networks that a user brings in place of those in the program (AVATAR_EMOTION_MODEL, AVATAR_LIPS_MODEL;
// docs/hearing.md). Threads: [any thread], constant; many sessions share them.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace avatar {

class EmotionModel;
class LipsModel;

struct OwnNetworks {
  std::shared_ptr<const EmotionModel> emotion;  ///< null: the one in the program
  std::shared_ptr<const LipsModel> lips;        ///< likewise

  /// An empty path: the one in the program. not_found, invalid: said in words for the user.
  static Result<OwnNetworks> load(const std::filesystem::path& emotion, const std::filesystem::path& lips);
};

}  // namespace avatar
