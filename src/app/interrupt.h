// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and kill as a question: has somebody asked us to stop? Long work asks once in a while and ends in order, so
// that temporary files are removed. A second Ctrl-C ends at once.
// Threads: is_interrupted() [any thread].
#pragma once

#include "base/result.h"

namespace avatar {

/// [start]
void listen_for_interrupts();

[[nodiscard]] bool is_interrupted();

/// cancelled when somebody asked, else success.
[[nodiscard]] Result<void> go_on();

}  // namespace avatar
