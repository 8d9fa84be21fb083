// SPDX-License-Identifier: Apache-2.0
// Which pixels are the person: MediaPipe's selfie segmentation, on squares round head and shoulders and on the whole
// picture, refined against the picture's edges by a guided filter (He, Sun, Tang, "Guided Image Filtering", 2013;
// computed at the mask's resolution and applied at the picture's: He, Sun, "Fast Guided Filter", 2015).
// One piece, the one with the face in it; 255 well inside, 0 well outside.
// Threads: constant after loading, [any thread].
#pragma once

#include <memory>

#include "base/result.h"
#include "face/landmarks.h"
#include "face/pyramid.h"
#include "infer/model.h"
#include "types/image.h"

namespace avatar {

class PersonFinder {
 public:
  static Result<std::unique_ptr<PersonFinder>> load();

  /// A mask of the picture's size.
  [[nodiscard]] Result<Mask> find(const Pyramid& picture, const Landmarks& landmarks) const;

 private:
  explicit PersonFinder(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  std::shared_ptr<const Model> model_;
};

}  // namespace avatar
