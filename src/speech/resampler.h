// SPDX-License-Identifier: Apache-2.0
// Sound of any rate -> sound of another rate, as a stream: what callers send (8-192 kHz) becomes the 48 kHz that is
// played.
//
//   auto resampler = Resampler::create(16000, 48000);
//   while (...) resampler->add(block, out);        // appends to out
//   resampler->finish(out);                        // the rest of the last filter length
//
// In time: output sample j is the sound at input sample j * from / to; the filter's own delay (delay(), 1.7 ms for
// 48 kHz, 5 ms for 16 kHz) is taken out at the start, so the sound comes that much later but is never shifted.
// After finish() exactly ceil(samples_in * to / from) samples have come out. The result does not depend on the sizes
// of the blocks. NaN and infinities count as 0; otherwise the level is left as it is.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "types/media_time.h"

struct SpeexResamplerState_;

namespace avatar {

class Resampler final {
 public:
  static constexpr int kMinRate = 8000, kMaxRate = 192000;  ///< samples/s

  /// unsupported: a rate out of range. [any thread]
  static Result<Resampler> create(int from_rate, int to_rate);

  /// Mono. Appends what is ready; allocates only when `out` must grow.
  void add(std::span<const float> sound, std::vector<float>& out);

  /// The stream has ended: appends the rest. The resampler is then as new.
  void finish(std::vector<float>& out);

  /// How much sound beyond a moment must be added before that moment comes out.
  [[nodiscard]] MediaTime delay() const;

 private:
  struct Free {
    void operator()(SpeexResamplerState_* state) const;
  };
  Resampler(int from_rate, int to_rate, SpeexResamplerState_* state);
  void convert(std::span<const float> sound, std::vector<float>& out);

  int from_rate_, to_rate_;
  std::unique_ptr<SpeexResamplerState_, Free> state_;  // null: the rates are equal, nothing to do
  int64_t samples_in_ = 0;
  int64_t samples_out_ = 0;
};

}  // namespace avatar
