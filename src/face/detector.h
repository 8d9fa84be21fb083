// SPDX-License-Identifier: Apache-2.0
// Finds faces: MediaPipe's BlazeFace networks (Bazarevsky et al., "BlazeFace", 2019). The short-range one looks at the
// whole picture; when it sees nothing the full-range one looks, then at a wider view (a face that fills the picture),
// then at smaller and smaller tiles (a small face in a large picture).
// Threads: constant after loading, [any thread].
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "face/pyramid.h"
#include "infer/model.h"

namespace avatar {

struct DetectedFace {
  Crop box;         ///< forehead to chin; its angle makes the eyes level
  float score = 0;  ///< 0..1
};

class Detector {
 public:
  static Result<std::unique_ptr<Detector>> load();

  /// The best first: large and near the middle. Empty when there is none.
  [[nodiscard]] Result<std::vector<DetectedFace>> find(const Pyramid& picture) const;

 private:
  explicit Detector(std::shared_ptr<const Model> short_range) : short_range_(std::move(short_range)) {}

  std::shared_ptr<const Model> short_range_;  // the full-range network is loaded when it is needed, which is rare
};

}  // namespace avatar
