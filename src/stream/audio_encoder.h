// SPDX-License-Identifier: Apache-2.0
// Sound -> Opus for viewers (libopus; mono, 48 kHz, 10 ms a unit). The only file that includes libopus.
//
//   auto encoder = AudioEncoder::create();
//   encoder->encode(sound, time, [&](AudioEncoder::Unit unit) { peer.send(unit); });   // any amount of sound
//   encoder->restart();                                                                // after a pause of ours
//
// Each unit also carries a coarse copy of the one before it (in-band FEC, RFC 6716, 2.1.7), so that one lost packet is
// still heard. Silence is sent like anything else (no DTX): a steady stream keeps the receiver's clock and buffer calm.
// A unit's time is that of the first sample which the decoder makes of it: the encoder looks 6.5 ms ahead, so it is
// that much before the sound it was made of, and the viewer hears each sample at its own time.
// Never holds more than one unit's worth of sound. A live tick is one unit, or at 30 pictures a second none or one.
// Threads: one at a time. Allocates nothing per unit.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "types/media_time.h"

struct OpusEncoder;

namespace avatar {

class AudioEncoder final {
 public:
  static constexpr int kFrame = 480;          ///< samples in each unit
  static constexpr int kBitrateBps = 40'000;  ///< clear speech, with its FEC

  struct Unit {
    std::span<const uint8_t> bytes;  ///< one Opus packet; valid during the call
    MediaTime time;                  ///< of its first decoded sample
  };
  using Take = std::function<void(const Unit&)>;

  static Result<AudioEncoder> create();

  /// Mono, 48 kHz, [-1, 1]; beyond may be clipped by the listener. `time` follows on the last sound, or restart() came
  /// before.
  Result<void> encode(std::span<const float> sound, MediaTime time, const Take& take);

  /// Forgets all that went in: the next sound may begin anywhere.
  void restart();

 private:
  struct Close {
    void operator()(OpusEncoder* encoder) const;
  };
  AudioEncoder(std::unique_ptr<OpusEncoder, Close> encoder, int look_ahead);

  std::unique_ptr<OpusEncoder, Close> encoder_;
  MediaTime look_ahead_;
  MediaTime next_;                       // of the next sound; meaningless while filled_ == 0
  std::array<float, kFrame> pending_{};  // its last samples, those before next_
  int filled_ = 0;                       // samples of pending_
};

}  // namespace avatar
