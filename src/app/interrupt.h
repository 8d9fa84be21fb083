// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and kill as a question: has somebody asked us to stop? Long work asks once in a while and ends in order, so
// that temporary files are removed and rooms are left. One signal more than the work is ready to hear ends at once.
// Threads: [any thread] unless tagged.
#pragma once

#include "base/result.h"

namespace avatar {

/// `heard`: how many signals are only counted; the next one ends the process. [start]
void listen_for_interrupts(int heard = 1);

[[nodiscard]] bool is_interrupted();

/// So far.
[[nodiscard]] int interrupts();
/// The last of them; 0: none.
[[nodiscard]] int last_interrupt();

/// cancelled when somebody asked, else success.
[[nodiscard]] Result<void> go_on();

}  // namespace avatar
