// SPDX-License-Identifier: Apache-2.0
#include "face/detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "infer/embedded_models.h"

namespace avatar {
namespace {

constexpr float kSure = 0.5f;      // score from which it is a face, MediaPipe's own threshold
constexpr float kSameFace = 0.3f;  // overlap (intersection / union) from which two boxes are one face, likewise

/// The grid of places a network answers for: `cells` x `cells` squares with `each` answers.
struct Grid {
  int cells, each;
};
struct Layout {
  int size;  ///< px, input side; also the unit of the answers
  std::vector<Grid> grids;
};
const Layout kShortRange{128, {{16, 2}, {8, 6}}};
const Layout kFullRange{192, {{48, 1}}};

/// One network over views of the picture.
class Look {
 public:
  static Result<Look> with(const Model& model, const Layout& layout) {
    auto run = model.prepare();
    if (!run) return run.error();
    return Look(std::move(*run), layout);
  }

  /// Adds what it finds in this view.
  Result<void> at(const Pyramid& picture, const Crop& view, std::vector<DetectedFace>& found) {
    picture.cut(view, layout_.size, Beyond::black, 2 / 255.0f, -1, run_->input("image"));
    if (auto ran = run_->run(); !ran) return ran;
    const float* box = run_->output("boxes").data();
    const float* logit = run_->output("scores").data();
    const float unit = 1 / static_cast<float>(layout_.size);
    for (const Grid& grid : layout_.grids) {
      for (int cell = 0; cell < grid.cells * grid.cells; ++cell) {
        const float u = (static_cast<float>(cell % grid.cells) + 0.5f) / static_cast<float>(grid.cells);
        const float v = (static_cast<float>(cell / grid.cells) + 0.5f) / static_cast<float>(grid.cells);
        for (int i = 0; i < grid.each; ++i, box += 16, ++logit) {
          const float score = 1 / (1 + std::exp(-*logit));
          const float side = std::max(box[2], box[3]) * unit * view.side;
          if (!(score >= kSure && side > 0)) continue;
          // box: centre, width, height, then right eye, left eye, nose, mouth, right ear, left ear.
          const Point2 centre = view.to_picture(u + box[0] * unit, v + box[1] * unit);
          const float angle = std::atan2(box[7] - box[5], box[6] - box[4]);
          found.push_back({{centre.x, centre.y, side, angle + view.angle}, score});
        }
      }
    }
    return {};
  }

 private:
  Look(std::unique_ptr<Inference> run, const Layout& layout) : run_(std::move(run)), layout_(layout) {}

  std::unique_ptr<Inference> run_;
  const Layout& layout_;
};

/// Intersection over union, as if the boxes were level.
float overlap(const Crop& a, const Crop& b) {
  const auto shared = [](float ca, float sa, float cb, float sb) {
    return std::max(0.0f, std::min(ca + sa / 2, cb + sb / 2) - std::max(ca - sa / 2, cb - sb / 2));
  };
  const float both = shared(a.x, a.side, b.x, b.side) * shared(a.y, a.side, b.y, b.side);
  return both / (a.side * a.side + b.side * b.side - both);
}

/// Boxes that overlap become one, their mean weighted by the scores (BlazeFace, 2019, 3.4: steadier than taking the
/// best one).
std::vector<DetectedFace> blended(std::vector<DetectedFace> all) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  std::vector<DetectedFace> faces;
  while (!all.empty()) {
    const DetectedFace best = all.front();
    Crop mean{};
    float sine = 0, cosine = 0, weight = 0;
    std::erase_if(all, [&](const DetectedFace& f) {
      if (overlap(f.box, best.box) <= kSameFace) return false;
      weight += f.score;
      mean.x += f.score * f.box.x, mean.y += f.score * f.box.y, mean.side += f.score * f.box.side;
      sine += f.score * std::sin(f.box.angle), cosine += f.score * std::cos(f.box.angle);
      return true;
    });
    faces.push_back({{mean.x / weight, mean.y / weight, mean.side / weight, std::atan2(sine, cosine)}, best.score});
  }
  return faces;
}

/// Squares of this side that cover the picture, half overlapping.
std::vector<Crop> tiles(const Image& picture, float side) {
  const auto centres = [&](int length) {
    const float room = std::max(0.0f, static_cast<float>(length) - side);
    const int steps = static_cast<int>(std::ceil(room / (side / 2)));
    std::vector<float> at;
    for (int i = 0; i <= steps; ++i) {
      at.push_back(steps == 0 ? static_cast<float>(length) / 2
                              : side / 2 + room * static_cast<float>(i) / static_cast<float>(steps));
    }
    return at;
  };
  std::vector<Crop> all;
  for (const float y : centres(picture.height)) {
    for (const float x : centres(picture.width)) all.push_back({x, y, side, 0});
  }
  return all;
}

}  // namespace

Result<std::unique_ptr<Detector>> Detector::load() {
  constexpr const char* kName = "face_detection_short_range.onnx";
  auto model = Model::load(kName, embedded_model(kName));
  if (!model) return model.error();
  return std::unique_ptr<Detector>(new Detector(std::move(*model)));
}

Result<std::vector<DetectedFace>> Detector::find(const Pyramid& picture, int look) const {
  CHECK(look >= 0 && look < kLooks);
  std::shared_ptr<const Model> network = short_range_;
  if (look > 0) {
    constexpr const char* kName = "face_detection_full_range.onnx";
    auto model = Model::load(kName, embedded_model(kName));
    if (!model) return model.error();
    network = std::move(*model);
  }
  auto eye = Look::with(*network, look == 0 ? kShortRange : kFullRange);
  if (!eye) return eye.error();

  const Crop whole = picture.whole();
  std::vector<Crop> views{whole};
  if (look == 2) views = {picture.whole(1.6f)};
  if (look > 2) {
    const float side = whole.side / (look == 3 ? 2 : 4);
    // A tile smaller than the network's input would only be blown up.
    views = side >= static_cast<float>(kFullRange.size) ? tiles(picture.picture(), side) : std::vector<Crop>{};
  }
  std::vector<DetectedFace> found;
  for (const Crop& view : views) {
    if (auto looked = eye->at(picture, view, found); !looked) return looked.error();
  }
  auto faces = blended(std::move(found));
  // Large counts most; at the picture's rim a face counts for half its size.
  const auto weight = [&](const DetectedFace& f) {
    const float away = std::hypot(f.box.x - whole.x, f.box.y - whole.y) / std::hypot(whole.x, whole.y);
    return f.box.side * (1 - 0.5f * std::min(1.0f, away));
  };
  std::stable_sort(faces.begin(), faces.end(), [&](const auto& a, const auto& b) { return weight(a) > weight(b); });
  return faces;
}

}  // namespace avatar
