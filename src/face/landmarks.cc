// SPDX-License-Identifier: Apache-2.0
#include "face/landmarks.h"

#include <algorithm>
#include <cmath>

#include "infer/embedded_models.h"

namespace avatar {
namespace {

constexpr int kSize = 192;          // px, the network's input
constexpr float kRoom = 1.5f;       // of the crop round the face's box, as in the network's training
constexpr int kMostPasses = 6;      // usually three do
constexpr float kSettled = 0.004f;  // of the crop's side: below one pixel of the network's

/// One look: fills `landmarks`, or says that this is no face.
Result<bool> look(Inference& run, const Pyramid& picture, const Crop& crop, Landmarks& landmarks) {
  picture.cut(crop, kSize, Beyond::nearest, 1 / 255.0f, 0, run.input("image"));
  if (auto ran = run.run(); !ran) return ran.error();
  const float* p = run.output("landmarks").data();
  for (Point3& to : landmarks) {
    const Point2 at = crop.to_picture(p[0] / kSize, p[1] / kSize);
    to = {at.x, at.y, p[2] * crop.side / kSize};
    p += 3;
  }
  return run.output("flag")[0] > 0;  // a logit
}

}  // namespace

Crop crop_round(const Landmarks& landmarks) {
  const Point3 &right = landmarks[33], &left = landmarks[263];  // outer corners of the eyes
  Crop crop{0, 0, 1, std::atan2(left.y - right.y, left.x - right.x)};
  float low_u = 1e9f, high_u = -1e9f, low_v = 1e9f, high_v = -1e9f;
  for (int i = 0; i < kFaceVertices; ++i) {
    const auto& p = landmarks[static_cast<size_t>(i)];
    const Point2 q = crop.from_picture(p.x, p.y);
    low_u = std::min(low_u, q.x), high_u = std::max(high_u, q.x);
    low_v = std::min(low_v, q.y), high_v = std::max(high_v, q.y);
  }
  const Point2 centre = crop.to_picture((low_u + high_u) / 2, (low_v + high_v) / 2);
  return {centre.x, centre.y, kRoom * std::max(high_u - low_u, high_v - low_v), crop.angle};
}

Result<std::unique_ptr<Landmarker>> Landmarker::load() {
  constexpr const char* kName = "face_landmark_with_attention.onnx";
  auto model = Model::load(kName, embedded_model(kName));
  if (!model) return model.error();
  return std::unique_ptr<Landmarker>(new Landmarker(std::move(*model)));
}

Result<Landmarks> Landmarker::find(const Pyramid& picture, const Crop& face) const {
  auto run = model_->prepare();
  if (!run) return run.error();
  Crop crop = face;
  crop.side *= kRoom;
  Landmarks landmarks;
  for (int pass = 0; pass < kMostPasses; ++pass) {
    auto seen = look(**run, picture, crop, landmarks);
    if (!seen) return seen.error();
    if (!*seen) return Error{ErrorKind::not_found, "what looked like a face is none"};
    const Crop next = crop_round(landmarks);
    const float moved =
        std::max(std::hypot(next.x - crop.x, next.y - crop.y), std::abs(next.side - crop.side)) / crop.side;
    crop = next;
    if (moved < kSettled) break;
  }
  return landmarks;
}

Result<Landmarks> Landmarker::refine(const Pyramid& picture, const Landmarks& found) const {
  auto run = model_->prepare();
  if (!run) return run.error();
  const Crop crop = crop_round(found);
  Landmarks landmarks;
  // Shifts in parts of the side, scale, degrees: symmetric, so that they add no bias. Sizes chosen so that a pixel of
  // the network falls on other pixels of the picture each time.
  constexpr struct {
    float u, v, scale, degrees;
  } kLooks[] = {{0, 0, 1, 0},
                {0.022f, 0.007f, 1, 2},
                {-0.022f, -0.007f, 1, -2},
                {0.007f, -0.022f, 0.96f, 1},
                {-0.007f, 0.022f, 0.96f, -1},
                {0.01f, 0.01f, 1.05f, -3},
                {-0.01f, -0.01f, 1.05f, 3}};
  Landmarks sum{};
  for (const auto& l : kLooks) {
    const Point2 centre = crop.to_picture(0.5f + l.u, 0.5f + l.v);
    const Crop shifted{centre.x, centre.y, crop.side * l.scale, crop.angle + l.degrees * 0.0174533f};
    if (auto seen = look(**run, picture, shifted, landmarks); !seen) return seen.error();
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i].x += landmarks[i].x, sum[i].y += landmarks[i].y, sum[i].z += landmarks[i].z;
    }
  }
  constexpr float kEach = 1.0f / std::size(kLooks);
  for (Point3& p : sum) p = {p.x * kEach, p.y * kEach, p.z * kEach};
  return sum;
}

}  // namespace avatar
