// SPDX-License-Identifier: Apache-2.0
// A sink that remembers: the luma in the middle of each picture, all sound, and what it was told.
#pragma once

#include <cstdint>
#include <vector>

#include "stream/sink.h"

namespace avatar {

/// What a FakeSink was given; outlives it.
struct Recording {
  std::vector<MediaTime> shown;
  std::vector<uint8_t> luma;  ///< of the middle, one a picture
  std::vector<float> sound;
  bool finished = false;
  int fail_at = -1;  ///< number of the picture that is refused
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(Recording& recording) : r_(recording) {}

  Result<void> show(const Frame& frame, MediaTime time) override {
    if (static_cast<int>(r_.shown.size()) == r_.fail_at) return Error{ErrorKind::unavailable, "no space"};
    r_.shown.push_back(time);
    r_.luma.push_back(frame.y()[frame.height() / 2 * frame.width() + frame.width() / 2]);
    return {};
  }
  Result<void> play(std::span<const float> sound, MediaTime time) override {
    CHECK(time.samples == static_cast<int64_t>(r_.sound.size()));
    r_.sound.insert(r_.sound.end(), sound.begin(), sound.end());
    return {};
  }
  Result<void> finish() override {
    r_.finished = true;
    return {};
  }

 private:
  Recording& r_;
};

}  // namespace avatar
