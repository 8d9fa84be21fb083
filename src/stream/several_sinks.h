// SPDX-License-Identifier: Apache-2.0
// One stream, several ways out: each gets every picture and sound, in the order given.
// Threads and errors: of Sink; the first failure ends it.
#pragma once

#include <memory>
#include <vector>

#include "stream/sink.h"

namespace avatar {

[[nodiscard]] std::unique_ptr<Sink> make_several_sinks(std::vector<std::unique_ptr<Sink>> sinks);

}  // namespace avatar
