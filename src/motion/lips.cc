// SPDX-License-Identifier: Apache-2.0
#include "motion/lips.h"

#include <algorithm>

namespace avatar {

Articulation Lips::hear(const SpeechFrame& frame) {
  // Loudness against the loudest of the last seconds opens the jaw; a low middle of the spectrum rounds.
  loudest_db_ = std::max(frame.loudness_db, loudest_db_ - 0.02F);
  at_ = (at_ + 1) % recent_.size();
  recent_[at_] = frame.loudness_db;
  const float then = recent_[(at_ + 1) % recent_.size()];
  Articulation a;
  a[Articulator::jaw] = 0.4F * std::clamp((then - loudest_db_ + 25) / 25, 0.0F, 1.0F);
  return a;
}

void Lips::cut() { recent_.fill(-100); }

}  // namespace avatar
