// SPDX-License-Identifier: Apache-2.0
// Draws the faces of all sessions with one copy of the networks. Those that are due together share a run where the
// graphs allow a batch; where they do not, a few runs go side by side.
//
//   auto painter = Painter::make(networks, {});
//   painter->draw({seen.features, source, driving}, picture);      // waits its turn; any tick may ask
//
//   ticks:    A ---.        B --.           C ----------.
//                  |            |  (2 ms)               |
//   lane:          '------------+--> [A B] one run      '--> [C]
//
// Each lane has a thread. What is drawn does not depend on who shares a run, but for the order of sums (1e-5 of a
// colour on the CPU).
//
// When the card's memory is full, each picture of that run is tried once more by itself, with nothing beside it. The
// first that finds no room again is refused as `busy`, and its session ends; until it has left, the others that find
// none are told `unavailable`: not now.
//
// A run that does not end, as when a driver hangs, cannot be stopped: it is given up together with the painter. All
// who wait are told `internal`, and its thread, with what it holds, is left to itself.
// Threads: [any thread]. Allocates nothing after the first call of each thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "engine/neural/networks.h"

namespace avatar::neural {

struct PainterSettings {
  int lanes = 1;                             ///< runs side by side
  int most = 4;                              ///< pictures in one run, if the graphs allow it
  std::chrono::microseconds patience{2000};  ///< for others, when there are others
  std::chrono::milliseconds limit{0};        ///< a run that takes longer is given up; 0: none is
};

class Painter final {
 public:
  using Order = Networks::PictureChain::Order;

  /// Makes what draws so many pictures in a run.
  using MakeChain = std::function<Result<std::unique_ptr<Networks::PictureChain>>(int batch)>;

  /// Tries how many pictures the graphs draw at a time. `chains`: for tests; empty: the networks' own.
  static Result<std::unique_ptr<Painter>> make(std::shared_ptr<const Networks> networks,
                                               const PainterSettings& settings, const MakeChain& chains = {});
  ~Painter();

  /// Returns when `picture`, [R, G, B][512][512], is drawn, or given up.
  Result<void> draw(const Order& order, std::span<float> picture);

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
  class Desk;
  using Lane = std::vector<std::unique_ptr<Networks::PictureChain>>;  // for 1, 2, 4 .. pictures

  Painter(std::shared_ptr<const Networks> networks, std::shared_ptr<Desk> desk);

  std::shared_ptr<const Networks> networks_;
  std::shared_ptr<Desk> desk_;  // with the lanes' threads, which may outlive the painter
  std::vector<std::thread> threads_;
};

}  // namespace avatar::neural
