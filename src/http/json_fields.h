// SPDX-License-Identifier: Apache-2.0
// A JSON object of strangers: its names and plain values, and of what is nested only that it was well formed. Time and
// memory are linear in the size of the text, whatever is in it.
//
//   auto object = json_fields(request.body);              // {"name":"x","more":[1,2]} -> {"name":"x"}
//
// The last value of a name counts. Threads: [any thread].
// Errors: invalid (no JSON, not an object, more than kMostFields names or nested deeper than kMostDepth).
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace avatar {

inline constexpr size_t kMostFields = 64;
inline constexpr int kMostDepth = 32;

[[nodiscard]] Result<nlohmann::ordered_json> json_fields(std::string_view text);

}  // namespace avatar
