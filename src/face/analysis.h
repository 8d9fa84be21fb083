// SPDX-License-Identifier: Apache-2.0
// The folder's one verb: a picture file becomes a Portrait, once per person.
//
//   auto faces = FaceAnalysis::load();                  // once, about 0.1 s
//   auto portrait = (*faces)->analyse(file_bytes);      // about 0.1 s, one thread
//
// Errors of analyse: those of decode_picture (face/picture_file.h), and not_found when there is no face.
// Threads: constant after loading, [any thread].
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.h"
#include "types/portrait.h"

namespace avatar {

class Pyramid;

class FaceAnalysis {
 public:
  static Result<std::unique_ptr<FaceAnalysis>> load();
  ~FaceAnalysis();

  [[nodiscard]] Result<std::shared_ptr<const Portrait>> analyse(std::span<const std::byte> file_bytes) const;

 private:
  struct Parts;
  explicit FaceAnalysis(std::unique_ptr<const Parts> parts);
  static Result<void> find_face(const Parts& parts, const Pyramid& pyramid, Portrait& portrait);

  std::unique_ptr<const Parts> parts_;
};

}  // namespace avatar
