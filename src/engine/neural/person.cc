// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/person.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace avatar::neural {
namespace {

constexpr int kLandmarkSide = 224, kSeenSide = 256;  // px that the networks look at
constexpr CropWish kLandmarkCrop{kLandmarkSide, 1.5, -0.1}, kFaceCrop{512, 2.3, -0.125};

// Smaller than this there is nothing to enlarge; turned farther, half of the face is invented.
constexpr double kLeastFacePx = 80;
constexpr float kMostYaw = 35, kMostPitch = 25;

std::vector<float> planes_of_crop(const Image& picture) {
  std::vector<float> planes(picture.rgb.size());
  planes_of(picture, planes);
  return planes;
}

// The points by which the crop is measured: the landmark network's where there is one. It looks twice, the second time
// from where it saw the points itself, so that it does not matter who found the face.
Result<FacePoints> crop_points(const Networks& networks, const Portrait& portrait) {
  FacePoints face = points_of(portrait.landmarks);
  for (int look = 0; look < 2 && networks.has_landmarks(); ++look) {
    const CropPlace place = crop_round(face, kLandmarkCrop);
    const Image cut = warp(portrait.picture, place.to_picture, kLandmarkSide, kLandmarkSide);
    auto found = networks.landmarks(planes_of_crop(cut));
    if (!found) return found.error();
    std::array<Point, 203> points;
    for (size_t i = 0; i < points.size(); ++i) {
      points[i] = place.to_picture({(*found)[2 * i] * kLandmarkSide, (*found)[2 * i + 1] * kLandmarkSide});
    }
    face = points_of(points);
  }
  return face;
}

// Of the landmarks in the crop. The irises have no depth of their own: they get that of the rim round them.
EyeMeasures eyes_of(const Portrait& portrait, const CropPlace& crop) {
  std::array<Point3, kLandmarks> points;
  const auto scale = static_cast<float>(kFaceCrop.side / crop.size);
  for (size_t i = 0; i < points.size(); ++i) {
    const Point3& p = portrait.landmarks[i];
    const Point q = crop.to_crop({p.x - 0.5, p.y - 0.5});
    points[i] = {static_cast<float>(q.x), static_cast<float>(q.y), p.z * scale};
  }
  constexpr size_t kRims[2][8] = {{33, 133, 159, 145, 160, 144, 158, 153}, {263, 362, 386, 374, 387, 373, 385, 380}};
  for (size_t e = 0; e < 2; ++e) {
    float z = 0;
    for (const size_t i : kRims[e]) z += points[i].z / 8;
    points[e == 0 ? 468 : 473].z = z;
  }
  return measure_eyes(points, kFaceCrop.side);
}

}  // namespace

Result<std::shared_ptr<const Person>> meet_person(const Networks& networks, std::shared_ptr<const Portrait> portrait) {
  auto person = std::make_shared<Person>();
  person->portrait = std::move(portrait);
  const Portrait& p = *person->portrait;
  auto face = crop_points(networks, p);
  if (!face) return face.error().while_doing("looking for the face");
  person->crop = crop_round(*face, kFaceCrop);
  const double face_px = person->crop.size / kFaceCrop.scale;
  if (!(face_px >= kLeastFacePx && face_px <= 1e5)) {
    return Error{ErrorKind::invalid, "the face is only " + std::to_string(static_cast<int>(face_px)) +
                                         " px large; send a picture in which it has 80 at least"};
  }
  const Image cut = warp(p.picture, person->crop.to_picture, kFaceCrop.side, kFaceCrop.side);
  auto seen = networks.look_at(planes_of_crop(halved(cut)));
  if (!seen) return seen.error().while_doing("looking at the face");
  person->seen = std::move(*seen);
  const Source& source = person->seen.source;
  const Look rest = rest_look(source);
  if (!(std::fabs(rest.yaw_deg) <= kMostYaw && std::fabs(rest.pitch_deg) <= kMostPitch && source.scale > 0)) {
    return Error{ErrorKind::invalid, "the face is turned too far for the neural engine; send one from the front"};
  }
  transform(source, rest, person->at_rest);

  const Settings& settings = networks.settings();
  person->condition.calm = settings.calm;
  if (settings.character) {
    const Character& c = *settings.character;
    person->condition.eye_open = c.eye_open;
    person->condition.eye_ball = c.eye_ball;
    person->condition.points = c.points;
    person->start = c.source.as_vector();
    person->gain = c.source.scale / source.scale;
  } else {
    const EyeMeasures eyes = eyes_of(p, person->crop);
    person->condition.eye_open = {eyes.open};
    person->condition.eye_ball = {eyes.ball};
    person->condition.points = source.points;
    person->start = source.as_vector();
  }
  person->expressions = std::make_unique<Expressions>(p, source, kFaceCrop.side / person->crop.size, settings.blink);
  return std::shared_ptr<const Person>(std::move(person));
}

}  // namespace avatar::neural
