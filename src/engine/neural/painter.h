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
// shares a run, but for the order of sums (1e-5 of a colour on the CPU).
//
// When the card's memory is full, each picture of that run is tried once more by itself, with nothing beside it. The
// first that finds no room again is refused as `busy`, and its session ends; until it has left, the others that find
// none are told `unavailable`: not now.
// Threads: [any thread]. Allocates nothing after the first call of each thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
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

  /// Makes what draws so many pictures in a run.
  using MakeChain = std::function<Result<std::unique_ptr<Networks::PictureChain>>(int batch)>;

  /// `chains`: for tests; empty: the networks' own.
  static Result<std::unique_ptr<Painter>> make(std::shared_ptr<const Networks> networks,
                                               const PainterSettings& settings, const MakeChain& chains = {});

  /// Returns when the picture is drawn. The order is read until then.
  Result<void> draw(const Order& order);

  [[nodiscard]] const Settings& settings() const { return networks_->settings(); }

  /// How many sessions may ask: whether it is worth to wait for others.
  void join();
  void leave();

  /// Who found no memory asks whether it is the one that ends. False: another is on its way out.
  [[nodiscard]] bool makes_room();

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
  void run_alone(Networks::PictureChain& chain, std::span<Job* const> jobs, std::unique_lock<std::mutex>& lock);

  std::shared_ptr<const Networks> networks_;
  PainterSettings settings_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Lane> lanes_;
  std::vector<Lane*> free_;
  std::vector<Job*> jobs_;
  int sessions_ = 0;
  int running_ = 0;              // runs
  bool is_alone_ = false;        // somebody runs, or is about to run, with nothing beside it
  bool is_making_room_ = false;  // somebody was refused and has not left yet
  Figures figures_;
};

}  // namespace avatar::neural
