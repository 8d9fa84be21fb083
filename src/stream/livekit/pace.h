// SPDX-License-Identifier: Apache-2.0
// Sound and pictures that come a tick at a time and leave evenly: each step takes the next 10 ms of sound, and the
// picture that is seen from then on: picture_lag after the sound of its time, for viewers who hold sound for longer.
// Whoever makes the pictures so much later (SessionSettings::picture_lag) does not wait for that here. The first
// picture leaves at once.
//
//   Pace pace(picture_lag);
//   pace.add(sound, time); pace.add(frame, time);     // from ticks
//   const bool sent = pace.step(sound_out, picture);  // every 10 ms
//
//   ticks:   |#### #### #### ####|                     |#### ...
//   steps:        |####|####|####|####|----|####|      '-': the tick is late, 10 ms of silence go out instead
//
// An interruption does not wait for the next tick: mute() silences what is already here.
//
// Silence that was put in delays all that follows. When the delay has grown by more than kSlack, steps skip silent
// stretches of the sound, never speech, until it is gone. Picture and sound keep in step throughout.
// When more than kBound waits nobody takes steps; the oldest is dropped.
// Threads: one at a time. Nothing is allocated once kPictures pictures have come.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "types/image.h"
#include "types/media_time.h"

namespace avatar {

class Pace final {
 public:
  static constexpr size_t kStep = kSampleRate / 100;             ///< samples
  static constexpr MediaTime kSlack = MediaTime::from_ms(30);    ///< what may wait beyond the newest tick
  static constexpr MediaTime kBound = MediaTime::from_ms(1000);  ///< what may wait at all
  static constexpr size_t kPictures = 6;                         ///< what waits of them: 100 ms at 60 a second

  explicit Pace(MediaTime picture_lag = {}) : lag_(picture_lag) {}

  /// Without gaps, mono, [-1, 1].
  void add(std::span<const float> sound, MediaTime time);
  void add(const Frame& frame, MediaTime time);

  /// Fills `sound`, kStep samples of it. `picture`: the one that is seen from now on, null when it stays; valid until
  /// the next call of this object. Answers false when what went out is not ours but silence.
  bool step(std::span<int16_t> sound, const Frame** picture);

  /// From the next step on nothing is heard, after a short fade, of what comes before `until`.
  void mute(MediaTime until);
  [[nodiscard]] MediaTime muted_until() const { return muted_until_; }

  /// Everything before this time has left.
  [[nodiscard]] MediaTime sent() const { return sent_; }
  [[nodiscard]] MediaTime waiting() const { return added_ - sent_; }

 private:
  struct Picture {
    Frame frame;
    MediaTime time;
  };
  [[nodiscard]] bool is_muted() const { return sent_ < muted_until_; }
  [[nodiscard]] bool is_silent() const;
  void advance(const Frame** picture);

  const MediaTime lag_;
  std::vector<float> ring_ = std::vector<float>(static_cast<size_t>(kBound.samples));
  MediaTime added_, sent_, last_tick_, muted_until_;
  bool fades_ = false;  // the next step is the first that is muted
  std::array<Picture, kPictures> pictures_;
  size_t pictures_added_ = 0, pictures_sent_ = 0;
};

}  // namespace avatar
