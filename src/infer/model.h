// SPDX-License-Identifier: Apache-2.0
// A neural network: named tensors in, named tensors out. This folder is the only one that knows ONNX Runtime.
//
//   auto model = Model::load("landmarks", bytes);         // constant, shared
//   auto run = (*model)->prepare();                       // one user's tensors
//   fill((*run)->input("image"));
//   (*run)->run();
//   use((*run)->output("landmarks"));
//
// A graphics card does the work when the options ask for one:
//
//   ModelOptions options{.provider = Provider::cuda};
//   auto warp = (*model)->prepare();
//   (*warp)->take("feature_3d", features);                // what another network left on the card
//   auto warped = (*warp)->keep("out");                   // stays there for the next one
//
// Tensors are float32 or int64, row by row; networks that take or give float16 are changed first
// (with_float32_rim() of onnx_file.h). A size that the network leaves free must be given to prepare(). On the CPU
// a run uses `threads` threads, one of them the caller's. Nothing is allocated by us from the first run on; ONNX
// Runtime keeps its memory between runs. Errors: unavailable = the library is too old; unsupported = it has not this
// provider, or the machine has no such card; invalid = it is no network, or one this house cannot use; busy = the
// card's memory is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace avatar {

class Inference;

/// What computes a network. [any thread]
enum class Provider : uint8_t { cpu, cuda, tensorrt };
[[nodiscard]] std::string_view name(Provider provider);

/// Those this build of ONNX Runtime was made with, the fastest first; cpu is always the last.
[[nodiscard]] std::vector<Provider> built_in_providers();
/// "1.21.0"
[[nodiscard]] std::string runtime_version();

struct ModelOptions {
  Provider provider = Provider::cpu;
  int device = 0;                        ///< which card
  int threads = 1;                       ///< on the CPU
  bool half_precision = false;           ///< tensorrt: may compute in float16
  bool is_strict = false;                ///< every node must run on the provider, none on the CPU beside it
  std::filesystem::path engine_cache{};  ///< tensorrt: folder of compiled engines; empty: compile at each start
  std::string excluded_operators{};      ///< tensorrt: types it must leave to cuda, separated by commas
};

struct TensorSpec {
  enum class Element : uint8_t { float32, int64, float16, other };
  std::string name;
  Element element = Element::float32;
  std::vector<int64_t> shape;  ///< -1: free

  [[nodiscard]] bool is_fixed() const;
  [[nodiscard]] size_t size() const;  ///< numbers; of a fixed one
};

/// A tensor where a network left it, perhaps on the card. Its numbers change when that network runs again.
class KeptTensor {
 public:
  virtual ~KeptTensor() = default;
};

/// Constant after loading. Threads: [any thread].
class Model {
 public:
  /// `name` appears in errors. `onnx` is read during the call only.
  static Result<std::shared_ptr<const Model>> load(std::string_view name, std::span<const std::byte> onnx,
                                                   const ModelOptions& options = {});
  virtual ~Model() = default;

  [[nodiscard]] virtual std::span<const TensorSpec> inputs() const = 0;
  [[nodiscard]] virtual std::span<const TensorSpec> outputs() const = 0;

  /// Tensors for one user; keeps the model alive. `shapes`: whole shapes of the tensors that have a free size.
  using Shapes = std::vector<std::pair<std::string, std::vector<int64_t>>>;
  [[nodiscard]] virtual Result<std::unique_ptr<Inference>> prepare(const Shapes& shapes = {}) const = 0;
};

/// One user's tensors. Threads: one at a time, not always the same.
class Inference {
 public:
  virtual ~Inference() = default;

  /// To be written before run(). An unknown name is our own mistake, here and below.
  [[nodiscard]] virtual std::span<float> input(std::string_view name) = 0;
  [[nodiscard]] virtual std::span<int64_t> integers(std::string_view name) = 0;
  /// From now on this input is `tensor`, which has its shape.
  virtual void take(std::string_view name, std::shared_ptr<const KeptTensor> tensor) = 0;
  /// From now on this output stays where it is computed, and output() of it is empty.
  [[nodiscard]] virtual Result<std::shared_ptr<const KeptTensor>> keep(std::string_view name) = 0;

  virtual Result<void> run() = 0;
  /// Valid until the next run().
  [[nodiscard]] virtual std::span<const float> output(std::string_view name) const = 0;
  [[nodiscard]] virtual std::span<const int64_t> output_shape(std::string_view name) const = 0;
};

}  // namespace avatar
