// SPDX-License-Identifier: Apache-2.0
// A sink that works on a thread of its own, so that the next picture is drawn while the last one is encoded. What comes
// out is the same to the byte: order is kept and nothing is dropped; when eight pictures wait, show() waits too, so it
// is for offline work only.
//
// A failure of the inner sink is reported by the next call.
// Threads: show, play and finish come from one thread at a time; the inner sink lives on the queue's thread.
// Nothing is allocated once every slot has held a picture and its sound.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "stream/sink.h"

namespace avatar {

class QueuedSink final : public Sink {
 public:
  QueuedSink(std::unique_ptr<Sink> inner, const Clock& clock);
  ~QueuedSink() override;
  QueuedSink(const QueuedSink&) = delete;
  QueuedSink& operator=(const QueuedSink&) = delete;

  Result<void> show(const Frame& frame, MediaTime time) override;
  Result<void> play(std::span<const float> sound, MediaTime time) override;
  Result<void> finish() override;

  /// Wall time the inner sink took. After finish().
  [[nodiscard]] std::chrono::nanoseconds busy() const { return busy_; }

 private:
  struct Item {
    MediaTime time;
    Frame frame;  // empty: this is sound
    std::vector<float> sound;
    bool is_picture = false;
  };
  static constexpr size_t kItems = 16;  // a picture and its sound are two

  Result<void> put(MediaTime time, const Frame* frame, std::span<const float> sound);
  void work();

  std::unique_ptr<Sink> inner_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Item, kItems> ring_;
  size_t taken_ = 0;  // items given to the inner sink, ever
  size_t put_ = 0;    // items put in, ever
  bool closing_ = false;
  std::optional<Error> failure_;
  std::chrono::nanoseconds busy_{0};
  std::thread thread_;
};

}  // namespace avatar
