// SPDX-License-Identifier: Apache-2.0
// The published networks, loaded: one copy of the weights for all sessions, on the fastest provider that works here.
//
//   auto networks = Networks::load(folder, options, report);       // seconds to minutes
//   auto seen = (*networks)->look_at(planes);                      // a picture, once per person
//   HearWindow hear = *(*networks)->hearing();                     // one each for the thread that asks
//
// A provider that fails is passed over with a reason in the report, never in silence; the CPU is the last resort only
// where it was asked for.
// Threads: constant after loading, [any thread]; what it makes is for one thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/neural/diffusion.h"
#include "engine/neural/hearing.h"
#include "engine/neural/model_folder.h"
#include "engine/neural/motion_vector.h"
#include "engine/neural/settings.h"
#include "infer/model.h"

namespace avatar::neural {

struct NetworkOptions {
  std::vector<Provider> providers{};  ///< tried in this order; empty: tensorrt, cuda
  int device = 0;
  int cpu_threads = 1;
  bool half_precision = true;     ///< tensorrt: pictures in float16; motion stays in float32
  std::filesystem::path cache{};  ///< where tensorrt keeps what it compiled; empty: nowhere
};

inline constexpr int kMostPictures = 8;  ///< in one run

/// What the networks see in a picture of a face.
struct SeenFace {
  Source source;
  std::shared_ptr<const KeptTensor> features;  ///< where the provider left them
};

/// Bytes of the card: what one more session takes, as measured, and what was free then. 0: not measured (the CPU).
struct CardMemory {
  int64_t session = 0, free = 0;
};

class Networks final {
 public:
  /// One line for people, as it happens: what is tried and why it is not taken.
  using Report = std::function<void(const std::string& line)>;

  /// Loads, runs each network once on zeros and checks what comes out. invalid: the folder; unsupported: no provider
  /// of those wanted works here; busy: the card's memory is full.
  static Result<std::shared_ptr<const Networks>> load(const ModelFolder& folder, const NetworkOptions& options,
                                                      const Report& report);

  /// [R, G, B][256][256], 0..1.
  [[nodiscard]] Result<SeenFace> look_at(std::span<const float> planes) const;
  /// [R, G, B][224][224], 0..1 -> 203 points, 0..1 of the crop. Empty: the network is not there.
  [[nodiscard]] Result<std::vector<float>> landmarks(std::span<const float> planes) const;
  [[nodiscard]] bool has_landmarks() const { return model(Network::landmarks) != nullptr; }

  [[nodiscard]] Result<HearWindow> hearing() const;

  /// The diffusion for one clip at a time: set the clip, then denoise.
  struct ClipNetwork {
    std::function<void(std::span<const float> start, std::span<const float> conditions)> set;
    Denoise denoise;
  };
  [[nodiscard]] Result<ClipNetwork> diffusion() const;

  /// stitch, warp and decoder for `batch` pictures at a time, chained where the provider keeps its tensors.
  class PictureChain {
   public:
    virtual ~PictureChain() = default;
    struct Order {
      std::shared_ptr<const KeptTensor> features;
      Points source{}, driving{};
    };
    virtual Result<void> draw(std::span<const Order> orders) = 0;  ///< as many as the chain was made for
    /// [R, G, B][512][512] of an order; valid until the next draw().
    [[nodiscard]] virtual std::span<const float> picture(size_t index) const = 0;
  };
  [[nodiscard]] Result<std::unique_ptr<PictureChain>> pictures(int batch) const;
  /// Whether the graphs say that they take more than one picture at a time.
  [[nodiscard]] bool can_batch() const { return can_batch_; }

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Provider provider() const { return provider_; }
  [[nodiscard]] const std::string& device_name() const { return device_name_; }

  /// Wall time of one run of each network after the first, and memory of the card that loading took (0: unknown).
  [[nodiscard]] std::chrono::nanoseconds time_of(Network n) const { return times_[static_cast<size_t>(n)]; }
  [[nodiscard]] int64_t card_memory() const { return card_memory_; }
  [[nodiscard]] const CardMemory& memory() const { return memory_; }
  /// Makes the features of some people. `free_memory` asks the card.
  [[nodiscard]] Result<CardMemory> measure_memory(const std::function<int64_t()>& free_memory) const;

 private:
  struct Loaded {
    std::shared_ptr<const Model> model;
    std::vector<std::string> inputs, outputs;  // names in the published order
    Model::Shapes shapes;                      // of what the graph leaves free
  };
  [[nodiscard]] const Model* model(Network n) const { return loaded_[static_cast<size_t>(n)].model.get(); }
  [[nodiscard]] Result<std::unique_ptr<Inference>> prepare(Network n, int batch = 1) const;
  [[nodiscard]] const std::string& input(Network n, size_t i) const {
    return loaded_[static_cast<size_t>(n)].inputs[i];
  }
  [[nodiscard]] const std::string& output(Network n, size_t i) const {
    return loaded_[static_cast<size_t>(n)].outputs[i];
  }
  Result<void> load_on(Provider provider, const ModelFolder& folder, const NetworkOptions& options,
                       const Report& report);
  Result<void> load_one(Network n, std::span<const std::byte> onnx, const ModelOptions& options, const Report& report);
  Result<void> try_each();
  class Chain;

  std::array<Loaded, kNetworks> loaded_;
  ModelOptions options_;
  Settings settings_ = default_settings();
  Provider provider_ = Provider::cpu;
  std::string device_name_;
  bool can_batch_ = false;
  std::array<std::chrono::nanoseconds, kNetworks> times_{};
  int64_t card_memory_ = 0;
  CardMemory memory_;
};

}  // namespace avatar::neural
