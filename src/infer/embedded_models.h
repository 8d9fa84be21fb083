// SPDX-License-Identifier: Apache-2.0
// The networks that are part of the program: converted by tools/convert_models.py when it was built, so that nothing
// has to be found or read from disk at start.
// Threads: constants, [any thread].
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace avatar {

/// The bytes of "face_detection_short_range.onnx", "face_detection_full_range.onnx",
/// "face_landmark_with_attention.onnx", "selfie_segmentation.onnx" or "canonical_face.bin"; what each takes and gives
/// is told in convert_models.py. Any other name is our own mistake.
[[nodiscard]] std::span<const std::byte> embedded_model(std::string_view name);

}  // namespace avatar
