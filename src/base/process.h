// SPDX-License-Identifier: Apache-2.0
// What this process uses of the machine, as the kernel counts it. Threads: [any thread].
#pragma once

namespace avatar {

/// Memory that is in use now.
[[nodiscard]] double resident_bytes();

/// File descriptors; 0: it cannot be told.
[[nodiscard]] double open_files();

}  // namespace avatar
