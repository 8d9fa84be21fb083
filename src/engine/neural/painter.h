// SPDX-License-Identifier: Apache-2.0
// Draws the faces of all sessions with one copy of the networks. Those that are due together share a run where the
// graphs allow a batch; where they do not, a few runs go side by side.
//
//   auto painter = Painter::make(networks, {});
//   painter->draw({&face, source, driving, picture});      // waits its turn; any tick may ask
//
//   ticks:    A ---.        B --.           C ----------.
//                  |            |  (2 ms)               |
//                  '------------+--> [A B] one run      '--> [C]
//
// Who comes first draws for who comes meanwhile; there is no thread of its own. What is drawn does not depend on who
// shares a run.
// Threads: [any thread]. Allocates nothing after the first call of each thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "engine/neural/networks.h"

namespace avatar::neural {

struct PainterSettings {
  int lanes = 1;                             ///< runs side by side
  int most = 4;                              ///< pictures in one run, if the graphs allow it
  std::chrono::microseconds patience{2000};  ///< for others, when there are others
};

class Painter final {
 public:
  using Order = Networks::PictureChain::Order;

  static Result<std::unique_ptr<Painter>> make(std::shared_ptr<const Networks> networks,
                                               const PainterSettings& settings);

  /// Returns when the picture is drawn. The order is read until then.
  Result<void> draw(const Order& order);

  [[nodiscard]] const Settings& settings() const { return networks_->settings(); }

  /// How many sessions may ask: whether it is worth to wait for others.
  void join();
  void leave();

  /// Runs and pictures so far.
  struct Figures {
    int64_t runs = 0, pictures = 0;
  };
  [[nodiscard]] Figures figures() const;

 private:
  struct Job {
    const Order* order;
    bool is_taken = false, is_done = false;
    Result<void> result;
  };
  using Lane = std::vector<std::unique_ptr<Networks::PictureChain>>;  // for 1, 2, 4 .. pictures

  Painter(std::shared_ptr<const Networks> networks, const PainterSettings& settings);
  [[nodiscard]] size_t waiting() const;
  void run(Lane& lane, std::unique_lock<std::mutex>& lock);

  std::shared_ptr<const Networks> networks_;
  PainterSettings settings_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Lane> lanes_;
  std::vector<Lane*> free_;
  std::vector<Job*> jobs_;
  int sessions_ = 0;
  Figures figures_;
};

}  // namespace avatar::neural
