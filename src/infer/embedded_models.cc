// SPDX-License-Identifier: Apache-2.0
#include "infer/embedded_models.h"

#include "base/check.h"

#define AVATAR_EMBEDDED(symbol) extern "C" const std::byte symbol[], symbol##_end[]
AVATAR_EMBEDDED(avatar_detector_short);
AVATAR_EMBEDDED(avatar_detector_full);
AVATAR_EMBEDDED(avatar_landmarks);
AVATAR_EMBEDDED(avatar_segmentation);
AVATAR_EMBEDDED(avatar_canonical_face);

namespace avatar {

std::span<const std::byte> embedded_model(std::string_view name) {
  const struct {
    std::string_view name;
    const std::byte *begin, *end;
  } models[] = {
      {"face_detection_short_range.onnx", avatar_detector_short, avatar_detector_short_end},
      {"face_detection_full_range.onnx", avatar_detector_full, avatar_detector_full_end},
      {"face_landmark_with_attention.onnx", avatar_landmarks, avatar_landmarks_end},
      {"selfie_segmentation.onnx", avatar_segmentation, avatar_segmentation_end},
      {"canonical_face.bin", avatar_canonical_face, avatar_canonical_face_end},
  };
  for (const auto& m : models) {
    if (m.name == name) return {m.begin, m.end};
  }
  CHECK(false && "no embedded model of this name");
  return {};
}

}  // namespace avatar
