// SPDX-License-Identifier: Apache-2.0
// A portrait as the networks know it: cut out, looked at, and ready to be moved. Once per person, shared by all
// avatars.
//
// Errors: invalid (the face is too small, or turned too far for these networks); those of the networks.
// Threads: constant after making.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/neural/crop.h"
#include "engine/neural/expressions.h"
#include "engine/neural/networks.h"
#include "types/portrait.h"

namespace avatar::neural {

struct Person {
  std::shared_ptr<const Portrait> portrait;
  CropPlace crop;
  SeenFace seen;
  Points at_rest{};           ///< where the picture has its points
  PersonCondition condition;  ///< of the motion: of the settings' character, or else of the picture
  MotionVector start{};
  float gain = 1;  ///< of the motion: the character's scale over the picture's
  std::unique_ptr<const Expressions> expressions;
};

[[nodiscard]] Result<std::shared_ptr<const Person>> meet_person(const Networks& networks,
                                                                std::shared_ptr<const Portrait> portrait);

}  // namespace avatar::neural
