// SPDX-License-Identifier: Apache-2.0
// Draws words over every picture, at the lower left, and passes all on: for those who must tell viewers that what they
// see is synthetic (EU AI Act, Art. 50).
//
//   auto label = Label::make("AI-generated", width, height);      // once for each size
//   auto sink = make_label_sink(std::move(*label), std::move(other));
//
// White on a dark, half transparent strip, 3 % of the picture's height but at least 11 px. FreeType with an installed
// font (DejaVu, Liberation or Noto Sans); the only file that includes it.
// Errors: invalid (no words, not UTF-8, or wider than the picture), unavailable (no font is installed).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "stream/sink.h"
#include "types/image.h"

namespace avatar {

class Label final {
 public:
  static Result<Label> make(const std::string& words, int width, int height);
  /// Does not allocate. `frame` has the size the label was made for.
  void draw(Frame& frame) const;

 private:
  int left_ = 0, top_ = 0, width_ = 0, height_ = 0;  // px, even
  std::vector<uint8_t> words_;                       // 0: strip, 255: letter
};

[[nodiscard]] std::unique_ptr<Sink> make_label_sink(Label label, std::unique_ptr<Sink> sink);

}  // namespace avatar
