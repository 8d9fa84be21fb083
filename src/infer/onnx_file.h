// SPDX-License-Identifier: Apache-2.0
// An ONNX file without running it: what it takes, gives and is made of, and the small changes that some providers need.
// Weights are stepped over, so that looking at a gigabyte takes no time.
//
//   auto file = read_onnx(bytes);
//   if (has(*file, "GridSample3D")) ...
//   auto newer = with_opset_20(bytes);             // 5-D GridSample on CUDA
//
// The format is protobuf, of which a few fields are known here (onnx.proto, IR version 8).
// Errors: invalid, with what is wrong. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "infer/model.h"

namespace avatar {

struct OnnxFile {
  std::vector<TensorSpec> inputs, outputs;              ///< without weights
  std::vector<std::pair<std::string, int64_t>> opsets;  ///< domain ("" is ONNX's own) and version
  std::vector<std::string> operators;                   ///< each type once; of another domain as "domain:Type"
};

[[nodiscard]] Result<OnnxFile> read_onnx(std::span<const std::byte> file);
[[nodiscard]] bool has_operator(const OnnxFile& file, std::string_view type);

/// The same network in opset 20, whose GridSample may be 5-D on CUDA: its mode "bilinear" is called "linear" there.
/// invalid: an operator of the file has changed its form since.
[[nodiscard]] Result<std::vector<std::byte>> with_opset_20(std::span<const std::byte> file);

/// The same network with each 5-D GridSample (linear, zeros, not aligned) told by 4-D ones, for providers that know
/// only those: the volume's layers lie below each other in one picture, with a row of zeros between, and the two
/// layers round a point are sampled and mixed.
[[nodiscard]] Result<std::vector<std::byte>> with_flat_samples(std::span<const std::byte> file);

/// Whether it takes or gives float16.
[[nodiscard]] bool has_half_rim(const OnnxFile& file);

/// The same network, which takes and gives float32 where it was float16: a Cast at each of these tensors, done where
/// the network runs. invalid: it has branches (If, Loop), which might use them.
[[nodiscard]] Result<std::vector<std::byte>> with_float32_rim(std::span<const std::byte> file);

/// A network of one 5-D GridSample in opset 20, to see whether a provider can do it: "x" [1,1,2,2,2], "grid"
/// [1,1,1,1,3] -> "y" [1,1,1,1,1].
[[nodiscard]] std::vector<std::byte> sample_probe();

/// A network that lays `count` tensors of `sizes` below each other along their first size: "x0", "x1" .. -> "y".
[[nodiscard]] std::vector<std::byte> join_network(int count, const std::vector<int64_t>& sizes);

}  // namespace avatar
