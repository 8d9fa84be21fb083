// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/pace.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace avatar {
namespace {
constexpr float kInaudible = 1.0F / 32768;
// 5 ms: short, and without a click (chosen by ear, as the session's).
constexpr size_t kFade = kSampleRate / 200;
}  // namespace

void Pace::add(std::span<const float> sound, MediaTime time) {
  if (added_ == MediaTime() && sent_ == MediaTime()) added_ = sent_ = time;
  CHECK(time == added_ && sound.size() <= ring_.size());
  for (const float x : sound) {
    ring_[static_cast<size_t>(added_.samples) % ring_.size()] = x;
    ++added_.samples;
  }
  last_tick_ = MediaTime::from_samples(static_cast<int64_t>(sound.size()));
  sent_ = std::max(sent_, added_ - kBound);
}

void Pace::add(const Frame& frame, MediaTime time) {
  if (pictures_added_ - pictures_sent_ == kPictures) ++pictures_sent_;
  Picture& picture = pictures_[pictures_added_++ % kPictures];
  picture.frame = frame;
  picture.time = time;
}

void Pace::mute(MediaTime until) {
  fades_ = fades_ || !is_muted();
  muted_until_ = std::max(muted_until_, until);
}

bool Pace::is_silent() const {
  if (is_muted() && !fades_) return true;
  for (size_t i = 0; i < kStep; ++i) {
    if (std::abs(ring_[(static_cast<size_t>(sent_.samples) + i) % ring_.size()]) > kInaudible) return false;
  }
  return true;
}

// The newest picture whose time has come.
void Pace::advance(const Frame** picture) {
  const auto is_time = [&] {
    return pictures_sent_ == 0 || pictures_[pictures_sent_ % kPictures].time + lag_ <= sent_;
  };
  while (pictures_sent_ < pictures_added_ && is_time()) {
    *picture = &pictures_[pictures_sent_++ % kPictures].frame;
  }
}

bool Pace::step(std::span<int16_t> sound, const Frame** picture) {
  CHECK(sound.size() == kStep);
  *picture = nullptr;
  const MediaTime step = MediaTime::from_samples(kStep);
  while (waiting() > last_tick_ + kSlack && is_silent()) sent_ = sent_ + step;
  if (waiting() < step) {
    std::fill(sound.begin(), sound.end(), int16_t{0});
    return false;
  }
  advance(picture);
  const bool muted = is_muted();
  for (size_t i = 0; i < sound.size(); ++i) {
    const float value = std::clamp(ring_[static_cast<size_t>(sent_.samples) % ring_.size()], -1.0F, 1.0F);
    const float faded = fades_ && i < kFade ? 1 - static_cast<float>(i) / static_cast<float>(kFade) : 0.0F;
    sound[i] = static_cast<int16_t>(std::lround(value * (muted ? faded : 1.0F) * 32767));
    ++sent_.samples;
  }
  fades_ = false;
  return true;
}

}  // namespace avatar
