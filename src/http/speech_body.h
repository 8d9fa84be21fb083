// SPDX-License-Identifier: Apache-2.0
// The body of POST /sessions/{id}/speech: what it says is said while it arrives.
//
//   auto body = SpeechBody::open(live, content_type);
//   body->add(bytes);                     // raw PCM and WAV are heard at once; other kinds wait for their end
//   while (body->is_ahead()) wait();      // it is much faster than speech: stop reading, TCP makes the sender wait
//   while (!*body->finish_some()) ...     // after the last byte; one second of sound each time, is_ahead() between
//   reply(body->reply(false));
//
// A body that is destroyed before its end (the sender is gone) ends its utterance: what has come is said.
// Other kinds than WAV and PCM are written to a file without a name, and decoded from there.
// Threads: one at a time; finish_some() may block on the decoder.
// Errors: invalid, unsupported (the sound), not_found (the session is over), unavailable (no space).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "http/exchange.h"
#include "http/pcm_reader.h"
#include "http/wav_reader.h"
#include "session/live_session.h"
#include "stream/sound_file.h"

namespace avatar {

class SpeechBody final {
 public:
  /// Of a file that must be whole before it is decoded.
  static constexpr int64_t kMostFileBytes = 100 << 20;
  /// Speech that waits in the session when the sender is made to wait: half of what the queue holds.
  static constexpr MediaTime kFarAhead = MediaTime::from_ms(30'000);

  static Result<SpeechBody> open(std::shared_ptr<LiveSession> live, std::string_view content_type);
  SpeechBody(SpeechBody&& other) noexcept;
  SpeechBody& operator=(SpeechBody&&) = delete;
  ~SpeechBody();

  Result<void> add(std::span<const std::byte> bytes);
  [[nodiscard]] bool is_ahead() const { return !live_->is_over() && live_->waiting() > kFarAhead; }
  /// Nobody needs the rest: the utterance was interrupted.
  [[nodiscard]] bool is_over() const { return utterance_ != 0 && !live_->is_open(utterance_); }
  /// Answers whether all is heard.
  Result<bool> finish_some();
  /// `interrupted`: is_over() cut it short.
  [[nodiscard]] Reply reply(bool interrupted) const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Unknown {};  // not enough has come to tell
  struct Stored {     // a file that is not yet whole, then its decoder
    std::unique_ptr<std::FILE, Close> file;
    int64_t bytes = 0;
    std::optional<SoundFile> decoder;
  };

  explicit SpeechBody(std::shared_ptr<LiveSession> live) : live_(std::move(live)) {}
  Result<void> choose();
  Result<void> say();

  std::shared_ptr<LiveSession> live_;
  std::vector<std::byte> start_;  // while it is Unknown
  std::variant<Unknown, PcmReader, WavReader, Stored> kind_;
  std::vector<float> sound_;  // to be said
  uint64_t utterance_ = 0;    // 0: nothing has been said yet
  MediaTime heard_;
};

}  // namespace avatar
