// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/clips.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace avatar::neural {

Clips::Clips(const ClipSettings& settings, MakeClip make)
    : settings_(settings),
      make_(std::move(make)),
      conditions_(static_cast<size_t>(kClipFrames) * kConditionNumbers),
      motion_(static_cast<size_t>(settings.fresh() + kClipFrames) * kMotionNumbers),
      clip_(static_cast<size_t>(kClipFrames) * kMotionNumbers),
      copy_(motion_.size()) {
  CHECK(settings.overlap >= 40 && settings.overlap < kClipFrames && settings.smoothing % 2 == 1);
}

void Clips::begin(const MotionVector& start, const std::function<void(int, std::span<float>)>& silence) {
  start_ = held_ = start;
  made_ = 0;
  comes_home_ = false;
  for (heard_ = 0; heard_ < settings_.overlap; ++heard_) {
    silence(heard_, std::span(conditions_).subspan(static_cast<size_t>(heard_) * kConditionNumbers, kConditionNumbers));
  }
}

Result<void> Clips::hear(std::span<const float> condition, const OnMotion& on_motion) {
  std::copy(condition.begin(), condition.end(),
            conditions_.begin() + static_cast<std::ptrdiff_t>(heard_) * kConditionNumbers);
  if (++heard_ < kClipFrames) return {};
  auto done = make(on_motion);
  std::copy(conditions_.begin() + static_cast<std::ptrdiff_t>(settings_.fresh()) * kConditionNumbers, conditions_.end(),
            conditions_.begin());
  heard_ = settings_.overlap;
  return done;
}

// In motion_, the clip being made begins at frame `fresh`; before it lies what the one before left.
Result<void> Clips::make(const OnMotion& on_motion) {
  const int fresh = settings_.fresh();
  if (auto done = make_({held_, conditions_, made_ + 1}, clip_); !done) return done;
  ++made_;
  if (made_ == 1) {
    std::copy(clip_.begin(), clip_.end(), motion(fresh));
    smooth(fresh, fresh + kClipFrames);
    std::copy_n(motion(fresh), kMotionNumbers, first_.begin());
  } else {
    const int fuse = std::min(settings_.overlap, fresh);
    const int joint = kClipFrames - fresh;  // in the clip: its first new frame
    for (int i = 0; i < fuse; ++i) {
      const float share = static_cast<float>(i) / static_cast<float>(fuse);
      float* old = motion(fresh + joint - fuse + i);
      const float* now = &clip_[static_cast<size_t>(joint - fuse + i) * kMotionNumbers];
      for (int d = 0; d < kMotionNumbers; ++d) old[d] = old[d] * (1 - share) + now[d] * share;
    }
    std::copy(clip_.begin() + static_cast<std::ptrdiff_t>(joint) * kMotionNumbers, clip_.end(), motion(fresh + joint));
    smooth(fresh + joint - fuse, fresh + joint + 1);
    MotionVector told;
    for (int i = 0; i < fresh; ++i) {
      std::copy_n(motion(fresh + joint - fuse + i), kMotionNumbers, told.begin());
      on_motion(told);
    }
  }
  // The next clip begins `fresh` frames later, with the frame before it.
  const float* last = motion(2 * fresh - 1);
  const bool whole = !comes_home_ && (settings_.held_period == 0 || made_ % settings_.held_period != 0);
  const int held = comes_home_ ? 0 : whole ? kMotionNumbers : settings_.held_numbers;
  held_ = start_;
  std::copy_n(last, held, held_.begin());
  comes_home_ = false;
  std::copy(motion(fresh), motion(fresh + kClipFrames), motion(0));
  return {};
}

// The mean of what was there before, over `smoothing` frames, fewer at the ends of what there is.
void Clips::smooth(int from, int to) {
  const int reach = settings_.smoothing / 2;
  const int begin = made_ == 1 ? settings_.fresh() : 0, end = settings_.fresh() + kClipFrames;
  std::copy(motion_.begin(), motion_.end(), copy_.begin());
  for (int frame = from; frame < to; ++frame) {
    const int a = std::max(begin, frame - reach), b = std::min(end, frame + reach + 1);
    for (int d = 0; d < kPoseNumbers; ++d) {
      float sum = 0;
      for (int i = a; i < b; ++i) sum += copy_[static_cast<size_t>(i) * kMotionNumbers + static_cast<size_t>(d)];
      motion(frame)[d] = sum / static_cast<float>(b - a);
    }
  }
}

}  // namespace avatar::neural
