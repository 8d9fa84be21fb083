// SPDX-License-Identifier: Apache-2.0
// File descriptors are what a crowd of clients takes first. GLib ends the whole process when it gets none for a viewer,
// so some are always kept back.
//
//   allow_many_descriptors();                                  // at the start
//   if (!leaves_descriptors(socket, kDescriptorReserve)) ...      // too many clients: this one has to go
//   if (!has_descriptors(16)) return busy;                     // before what must not fail in the middle
//
// Threads: [any thread] unless tagged otherwise.
#pragma once

namespace avatar {

/// What clients' sockets leave to viewers, sound files and pictures. A viewer takes eight.
inline constexpr int kDescriptorReserve = 32;

/// As many as the system lets us have. [start]
void allow_many_descriptors();

/// Whether about `n` more than `descriptor`, the last one that was opened, can be had: the lowest free number is always
/// given out first.
[[nodiscard]] bool leaves_descriptors(int descriptor, int n);

/// Whether about `n` can be had now.
[[nodiscard]] bool has_descriptors(int n);

}  // namespace avatar
