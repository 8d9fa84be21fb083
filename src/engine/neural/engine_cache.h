// SPDX-License-Identifier: Apache-2.0
// Where TensorRT's compiled engines are kept: a folder of their own for each card, generation, version of ONNX Runtime
// and of TensorRT, and bytes of the networks. Any other must be compiled again, so nothing old is ever loaded.
// Threads: pure functions.
#pragma once

#include <filesystem>
#include <string>

#include "engine/neural/model_folder.h"
#include "infer/gpu.h"

namespace avatar::neural {

/// CACHE/tensorrt/NVIDIA-L4-sm89-ort1.27.0-trt10.9.0-0123456789abcdef; reads every byte of the networks (a second or
/// two for the published ones). Empty, if `cache` is.
[[nodiscard]] std::filesystem::path engine_cache(const std::filesystem::path& cache, const Gpu& gpu,
                                                 const ModelFolder& folder, const std::string& tensorrt);

}  // namespace avatar::neural
