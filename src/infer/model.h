// SPDX-License-Identifier: Apache-2.0
// A neural network: named tensors in, named tensors out. This folder is the only one that knows ONNX Runtime.
//
//   auto model = Model::load("landmarks", bytes);         // constant, shared
//   auto run = (*model)->prepare();                       // one user's tensors
//   fill((*run)->input("image"));
//   (*run)->run();
//   use((*run)->output("landmarks"));
//
// All tensors are float32 and of fixed shape, row by row. A run uses one thread: the caller's. Nothing is allocated by
// us from the first run on; ONNX Runtime keeps its memory between runs.
// Errors: unavailable = the library is too old; invalid = it is no network, or one this house cannot use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace avatar {

class Inference;

/// Constant after loading. Threads: [any thread].
class Model {
 public:
  /// `name` appears in errors. `onnx` is read during the call only.
  static Result<std::shared_ptr<const Model>> load(std::string_view name, std::span<const std::byte> onnx);
  virtual ~Model() = default;

  /// Tensors for one user; keeps the model alive.
  [[nodiscard]] virtual Result<std::unique_ptr<Inference>> prepare() const = 0;
};

/// One user's tensors. Threads: one at a time, not always the same.
class Inference {
 public:
  virtual ~Inference() = default;

  /// To be written before run(). An unknown name is our own mistake, here and below.
  [[nodiscard]] virtual std::span<float> input(std::string_view name) = 0;
  virtual Result<void> run() = 0;
  /// Valid until the next run().
  [[nodiscard]] virtual std::span<const float> output(std::string_view name) const = 0;
  [[nodiscard]] virtual std::span<const int64_t> output_shape(std::string_view name) const = 0;
};

}  // namespace avatar
