// SPDX-License-Identifier: Apache-2.0
// What the published settings file says beyond fixed numbers: a reference character whose motion and eyes the speech is
// conditioned on, feelings, limits and the shape of a blink.
//
//   Settings settings = default_settings();                    // without the file: the picture itself is conditioned
//   on settings = read_settings(file_bytes);                      // invalid: it is no such file for (const
//   std::string& lost : settings.lost) ...          // arrays of another shape were left out
//
// Threads: values.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/neural/condition.h"
#include "engine/neural/motion_vector.h"

namespace avatar::neural {

/// Who set the motion: everything is conditioned on this person, and carried over to the one in the picture.
struct Character {
  Source source;
  Points points{};
  std::vector<std::array<float, 2>> eye_open;
  std::vector<std::array<float, 6>> eye_ball;
};

struct Settings {
  std::optional<Character> character;
  std::vector<EmotionRow> calm;   ///< by frame, in a circle; at least one
  std::optional<Points> blink;    ///< what shut eyes add to the expression
  MotionVector low, high;         ///< limits of a vector
  float pitch_bias_deg = 2;       ///< is added: the model looks up a little
  std::vector<std::string> lost;  ///< what the file lacks or has in another shape, one sentence each
};

[[nodiscard]] Settings default_settings();
[[nodiscard]] Result<Settings> read_settings(std::span<const std::byte> pickle);

}  // namespace avatar::neural
