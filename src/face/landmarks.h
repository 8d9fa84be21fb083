// SPDX-License-Identifier: Apache-2.0
// 478 points of a face: MediaPipe's attention mesh (Grishchenko et al., "Attention Mesh", 2020). It looks at a level
// square round the face until the square settles, then several times from slightly different squares; the mean of these
// is about half as noisy as one look.
// Threads: constant after loading, [any thread].
#pragma once

#include <array>
#include <memory>

#include "base/result.h"
#include "face/pyramid.h"
#include "infer/model.h"
#include "types/portrait.h"

namespace avatar {

using Landmarks = std::array<Point3, kLandmarks>;  ///< px of the picture, see types/portrait.h

class Landmarker {
 public:
  static Result<std::unique_ptr<Landmarker>> load();

  /// `face` as a Detector found it. Looks until the square has settled: good to a pixel or two. not_found: the network
  /// says that there is no face.
  [[nodiscard]] Result<Landmarks> find(const Pyramid& picture, const Crop& face) const;

  /// The mean of several looks from slightly different squares round what find() found.
  [[nodiscard]] Result<Landmarks> refine(const Pyramid& picture, const Landmarks& found) const;

 private:
  explicit Landmarker(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  std::shared_ptr<const Model> model_;
};

/// The level square round these points that the network wants to see: 1.5 times their box.
[[nodiscard]] Crop crop_round(const Landmarks& landmarks);

}  // namespace avatar
