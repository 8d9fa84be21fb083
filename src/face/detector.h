// SPDX-License-Identifier: Apache-2.0
// Finds faces: MediaPipe's BlazeFace networks (Bazarevsky et al., "BlazeFace", 2019). It can look at a picture in
// several ways, each for faces that the ones before miss; a caller tries the next when a look found nothing, or nothing
// that is a face:
//
//   0  the short-range network at the whole picture: portraits, nearly always enough (about 1 ms)
//   1  the full-range network at the whole picture: faces down to a twentieth of it
//   2  at a view wider than the picture: a face that fills it
//   3  at half-size tiles, 4 at quarter-size tiles: a small face in a large picture (up to 0.2 s)
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

  static constexpr int kLooks = 5;

  /// The best first: large and near the middle. Empty when there is none.
  [[nodiscard]] Result<std::vector<DetectedFace>> find(const Pyramid& picture, int look = 0) const;

 private:
  explicit Detector(std::shared_ptr<const Model> short_range) : short_range_(std::move(short_range)) {}

  std::shared_ptr<const Model> short_range_;  // the full-range network is loaded when it is needed, which is rare
};

}  // namespace avatar
