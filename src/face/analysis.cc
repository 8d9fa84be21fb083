// SPDX-License-Identifier: Apache-2.0
#include "face/analysis.h"

#include <future>
#include <utility>

#include "face/canonical_face.h"
#include "face/detector.h"
#include "face/face_fit.h"
#include "face/landmarks.h"
#include "face/person_mask.h"
#include "face/picture_file.h"
#include "face/pyramid.h"
#include "face/rest_face.h"
#include "face/sha256.h"

namespace avatar {

struct FaceAnalysis::Parts {
  std::unique_ptr<Detector> detector;
  std::unique_ptr<Landmarker> landmarker;
  std::unique_ptr<PersonFinder> person;
  std::shared_ptr<const CanonicalFace> canonical;
};

FaceAnalysis::FaceAnalysis(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
FaceAnalysis::~FaceAnalysis() = default;

Result<std::unique_ptr<FaceAnalysis>> FaceAnalysis::load() {
  // The attention mesh takes as long to prepare as the other two together.
  auto landmarker = std::async(std::launch::async, Landmarker::load);
  auto detector = Detector::load();
  auto person = PersonFinder::load();
  auto mesh = landmarker.get();
  if (!detector) return detector.error().while_doing("loading the face detector");
  if (!person) return person.error().while_doing("loading the segmentation");
  if (!mesh) return mesh.error().while_doing("loading the face mesh");
  auto parts = std::make_unique<Parts>();
  parts->detector = std::move(*detector);
  parts->landmarker = std::move(*mesh);
  parts->person = std::move(*person);
  parts->canonical = load_canonical_face();
  return std::unique_ptr<FaceAnalysis>(new FaceAnalysis(std::move(parts)));
}

Result<void> FaceAnalysis::find_face(const Parts& parts, const Pyramid& pyramid, Portrait& portrait) {
  for (int look = 0; look < Detector::kLooks; ++look) {
    auto faces = parts.detector->find(pyramid, look);
    if (!faces) return faces.error();
    // What the detector took for a face, the mesh may know better.
    for (size_t i = 0; i < faces->size(); ++i) {
      auto landmarks = parts.landmarker->find(pyramid, (*faces)[i].box);
      if (landmarks) {
        portrait.landmarks = *landmarks;
        portrait.face_score = (*faces)[i].score;
        portrait.faces_found = static_cast<int>(faces->size() - i);
        return {};
      }
      if (landmarks.error().kind != ErrorKind::not_found) return landmarks.error();
    }
  }
  return Error{ErrorKind::not_found,
               "there is no face in the picture; send one that shows a face from the front, large and well lit"};
}

Result<std::shared_ptr<const Portrait>> FaceAnalysis::analyse(std::span<const std::byte> file_bytes) const {
  auto picture = decode_picture(file_bytes);
  if (!picture) return picture.error();
  auto portrait = std::make_shared<Portrait>();
  portrait->picture = std::move(*picture);
  portrait->content_hash = sha256_hex(file_bytes);
  portrait->canonical = parts_->canonical;

  const Pyramid pyramid(portrait->picture);
  if (auto found = find_face(*parts_, pyramid, *portrait); !found) return found.error();
  // The mask needs only to know where the face is, so it is made while the points are made exact.
  auto person = std::async(std::launch::async, [this, &pyramid, found = portrait->landmarks] {
    return parts_->person->find(pyramid, found);
  });
  auto landmarks = parts_->landmarker->refine(pyramid, portrait->landmarks);
  auto mask = person.get();
  if (!landmarks) return landmarks.error();
  if (!mask) return mask.error();
  portrait->landmarks = *landmarks;
  portrait->person = std::move(*mask);
  portrait->fit = fit_face(*portrait->canonical, portrait->landmarks);
  portrait->rest = measure_rest(portrait->picture, *portrait->canonical, portrait->fit, portrait->landmarks);
  return std::shared_ptr<const Portrait>(std::move(portrait));
}

}  // namespace avatar
