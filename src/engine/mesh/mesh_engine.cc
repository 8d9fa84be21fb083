// SPDX-License-Identifier: Apache-2.0
#include "engine/mesh/mesh_engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/framing.h"
#include "engine/mesh/creases.h"
#include "engine/mesh/eyes.h"
#include "engine/mesh/layers.h"
#include "engine/mesh/mouth.h"
#include "engine/mesh/raster.h"
#include "engine/mesh/rig.h"

namespace avatar {
namespace mesh {
namespace {

constexpr float kTextureScale =
    1.5F;  // texels per frame px: keeps the sharpness of a picture that moves by half pixels
constexpr float kMarginShare = 0.07F;       // of the frame's height: what can come in from outside
constexpr float kFringeShare = 1.3F / 512;  // width of the soft rim of lips and lids, of the frame's height

// The skin's colour: the median of the cheeks.
Rgb cheek_colour(const Canvas& canvas, float scale, float margin, const FaceMesh& mesh) {
  std::vector<Rgb> samples;
  for (const Index i : {Index{50}, Index{280}, Index{205}, Index{425}, Index{187}, Index{411}}) {
    samples.push_back(canvas.sample((mesh.x[i] + margin) * scale, (mesh.y[i] + margin) * scale));
  }
  std::sort(samples.begin(), samples.end(), [](Rgb a, Rgb b) { return a.luma() < b.luma(); });
  return mix(samples[2], samples[3], 0.5F);
}

// Everything about one person at one size; constant, shared by all avatars of that person.
class Person {
 public:
  Person(const std::shared_ptr<const Portrait>& portrait, FrameSize size)
      : Person(portrait, frame_face(*portrait, size), start_plate(portrait, frame_face(*portrait, size))) {}

  [[nodiscard]] const Rig& rig() const { return rig_; }
  [[nodiscard]] const Framing& framing() const { return framing_; }

 private:
  friend class MeshAvatar;

  // The background has nothing to do with the rest: another thread fills it meanwhile.
  static std::future<Plate> start_plate(std::shared_ptr<const Portrait> portrait, const Framing& framing) {
    return std::async(std::launch::async, [portrait = std::move(portrait), framing] {
      const float reach = std::max(3.0F, 0.5F * portrait->fit.scale * framing.scale);
      return Plate(framing.width, framing.height, make_plate(resample(*portrait, framing, 1, 0), reach));
    });
  }

  Person(std::shared_ptr<const Portrait> portrait, const Framing& framing, std::future<Plate> plate)
      : portrait_(std::move(portrait)),
        framing_(framing),
        margin_(std::ceil(kMarginShare * static_cast<float>(framing.height))),
        canvas_(resample(*portrait_, framing_, kTextureScale, margin_)),
        rig_(*portrait_, framing_, margin_),
        eye_right_(make_eye(rig_.mesh().eye_right, 468)),
        eye_left_(make_eye(rig_.mesh().eye_left, 473)),
        skin_(cheek_colour(canvas_, kTextureScale, margin_, rig_.mesh())),
        mouth_(canvas_, kTextureScale, margin_, rig_, portrait_->rest, mix(eye_right_.white(), eye_left_.white(), 0.5F),
               skin_),
        plate_(plate.get()) {
    soften_matte(canvas_, 0.25F * rig_.px_per_cm() * kTextureScale);
    texture_ = make_texture(canvas_, kTextureScale, margin_);
    canvas_ = {};
    creases_.emplace(texture_, rig_.mesh(), skin_, portrait_->rest);

    const FaceMesh& mesh = rig_.mesh();
    triangles_ = visible(mesh);
    for (size_t i = 0; i < mesh.size(); ++i) {
      u_.push_back(std::clamp(texture_.u(mesh.x[i]), 0.0F, static_cast<float>(texture_.width)));
      v_.push_back(std::clamp(texture_.v(mesh.y[i]), 0.0F, static_cast<float>(texture_.height)));
    }
    // Soft rims: a strip from each curve of a hole inwards, its inner vertices after the mesh's. An upper lip or lid
    // lies over the lower one, so that their edge is smooth when they meet.
    for (const Seam* seam : {&mesh.mouth, &mesh.eye_right, &mesh.eye_left}) {
      for (const auto* curve : {&seam->upper, &seam->lower}) {
        for (size_t i = 0; i + 1 < curve->size(); ++i) {
          const Index a = (*curve)[i], b = (*curve)[i + 1];
          const auto inner = static_cast<Index>(u_.size() + i);
          auto& rim = curve == &seam->upper ? overlay_ : fringe_;
          rim.push_back({a, b, inner});
          rim.push_back({b, static_cast<Index>(inner + 1), inner});
        }
        for (const Index i : *curve) {
          u_.push_back(u_[i]);
          v_.push_back(v_[i]);
        }
      }
    }
    // The rim of a lower lid shows wet white when the lids are apart; shut, it shows the skin below.
    const float inset = 0.11F * rig_.px_per_cm() * kTextureScale;
    for (const Seam* seam : {&mesh.eye_right, &mesh.eye_left}) {
      const Muscle muscle = seam == &mesh.eye_right ? Muscle::eye_blink_right : Muscle::eye_blink_left;
      for (size_t i = 1; i + 1 < seam->lower.size(); ++i) {
        const Index l = seam->lower[i], u = seam->upper[i];
        const float dx = mesh.x[l] - mesh.x[u], dy = mesh.y[l] - mesh.y[u];
        const float k = inset / std::max(1.0F, std::sqrt(dx * dx + dy * dy));
        dry_rims_.push_back({l, muscle, dx * k, dy * k});
      }
    }
    cover_.assign(u_.size(), 0);
    std::fill(cover_.begin(), cover_.begin() + static_cast<ptrdiff_t>(mesh.size()), 1.0F);
  }

  [[nodiscard]] Eye make_eye(const Seam& seam, int iris) const {
    Point3 points[5];
    for (int i = 0; i < 5; ++i) points[i] = framing_.to_frame(portrait_->landmarks[static_cast<size_t>(iris) + i]);
    return {canvas_, kTextureScale, margin_, rig_.mesh(), seam, points, rig_.px_per_cm()};
  }

  // Triangles with some person in them, by a coarse look at the matte.
  [[nodiscard]] std::vector<Triangle> visible(const FaceMesh& mesh) const {
    constexpr int kCell = 8;
    const int cw = texture_.width / kCell + 1, ch = texture_.height / kCell + 1;
    std::vector<uint8_t> any(static_cast<size_t>(cw) * ch);
    for (int y = 0; y < texture_.height; ++y) {
      for (int x = 0; x < texture_.width; ++x) {
        any[static_cast<size_t>(y / kCell) * cw + x / kCell] |=
            texture_.texels[static_cast<size_t>(y) * texture_.width + x] >> 24 != 0;
      }
    }
    std::vector<Triangle> keep;
    for (const Triangle& t : mesh.triangles) {
      const auto [lx, hx] = std::minmax({mesh.x[t[0]], mesh.x[t[1]], mesh.x[t[2]]});
      const auto [ly, hy] = std::minmax({mesh.y[t[0]], mesh.y[t[1]], mesh.y[t[2]]});
      const auto cell = [](float texel, int n) { return std::clamp(static_cast<int>(texel) / kCell, 0, n - 1); };
      bool person = false;
      for (int y = cell(texture_.v(ly) - 1, ch); y <= cell(texture_.v(hy) + 1, ch); ++y) {
        for (int x = cell(texture_.u(lx) - 1, cw); x <= cell(texture_.u(hx) + 1, cw); ++x)
          person |= any[static_cast<size_t>(y) * cw + x] != 0;
      }
      if (person) keep.push_back(t);
    }
    return keep;
  }

  // Where a vertex takes its texel from when `muscle` is at 1: so much farther, texels.
  struct DryRim {
    Index vertex;
    Muscle muscle;
    float du, dv;
  };

  std::shared_ptr<const Portrait> portrait_;
  Framing framing_;
  float margin_;
  Canvas canvas_;  // emptied once everything is made of it
  Rig rig_;
  Eye eye_right_, eye_left_;
  Rgb skin_;
  Mouth mouth_;
  Texture texture_;
  std::optional<Creases> creases_;  // made of the texture
  Plate plate_;
  std::vector<Triangle> triangles_, fringe_, overlay_;
  std::vector<float> u_, v_, cover_;
  std::vector<DryRim> dry_rims_;
};

class MeshAvatar final : public Avatar {
 public:
  explicit MeshAvatar(std::shared_ptr<const Person> person)
      : person_(std::move(person)),
        shape_(person_->rig().shape()),
        raster_(person_->plate_),
        texture_(person_->texture_),
        screen_x_(person_->u_.size()),
        screen_y_(person_->u_.size()),
        u_(person_->u_),
        v_(person_->v_),
        eye_right_(person_->eye_right_.patch()),
        eye_left_(person_->eye_left_.patch()),
        mouth_(person_->mouth_.patch()) {}

  Result<void> draw(const Moment& moment, Frame& frame) override {
    const Person& p = *person_;
    if (frame.width() != p.framing().width || frame.height() != p.framing().height) {
      return Error{ErrorKind::internal, "the frame has another size than the avatar"};
    }
    const Pose& pose = moment.pose;
    p.rig().pose(pose, shape_);
    place_vertices();
    for (const auto& rim : p.dry_rims_) {
      const float shut = std::isnan(pose[rim.muscle]) ? 0 : std::clamp(pose[rim.muscle], 0.0F, 1.0F);
      u_[rim.vertex] = p.u_[rim.vertex] + shut * rim.du;
      v_[rim.vertex] = p.v_[rim.vertex] + shut * rim.dv;
    }
    p.eye_right_.paint(shape_, shape_.eye_right, pose.gaze_yaw_deg, pose.gaze_pitch_deg, eye_right_);
    p.eye_left_.paint(shape_, shape_.eye_left, pose.gaze_yaw_deg, pose.gaze_pitch_deg, eye_left_);
    p.mouth_.paint(shape_, pose, mouth_);
    const std::array<const Patch*, 3> patches{&eye_right_, &eye_left_, &mouth_};
    p.creases_->paint(pose, creases_, texture_);
    raster_.draw({screen_x_, screen_y_, u_, v_, p.triangles_, p.fringe_, p.overlay_, p.cover_}, texture_, patches,
                 frame);
    return {};
  }

 private:
  // The mesh's vertices, then the fringe's inner ones: each a little inside the hole, square to its curve.
  void place_vertices() {
    const FaceMesh& mesh = person_->rig().mesh();
    std::copy(shape_.screen_x.begin(), shape_.screen_x.end(), screen_x_.begin());
    std::copy(shape_.screen_y.begin(), shape_.screen_y.end(), screen_y_.begin());
    const float width = std::max(1.0F, kFringeShare * static_cast<float>(person_->framing().height));
    size_t to = mesh.size();
    for (const Seam* seam : {&mesh.mouth, &mesh.eye_right, &mesh.eye_left}) {
      for (const auto* curve : {&seam->upper, &seam->lower}) {
        const float inwards =
            curve == &seam->upper ? width : -width;  // the curves run left to right: the hole is below or above
        const size_t n = curve->size();
        for (size_t i = 0; i < n; ++i, ++to) {
          const Index a = (*curve)[i == 0 ? 0 : i - 1], b = (*curve)[i + 1 == n ? i : i + 1], c = (*curve)[i];
          const float dx = screen_x_[b] - screen_x_[a], dy = screen_y_[b] - screen_y_[a];
          const float length = std::max(1e-3F, std::sqrt(dx * dx + dy * dy));
          const float k = i == 0 || i + 1 == n ? 0 : inwards / length;
          screen_x_[to] = screen_x_[c] - dy * k;
          screen_y_[to] = screen_y_[c] + dx * k;
        }
      }
    }
  }

  std::shared_ptr<const Person> person_;
  Shape shape_;
  Raster raster_;
  Texture texture_;  // the person's, with this avatar's creases
  Creases::Depths creases_{};
  std::vector<float> screen_x_, screen_y_, u_, v_;
  Patch eye_right_, eye_left_, mouth_;
};

class MeshEngine final : public Engine {
 public:
  [[nodiscard]] const char* name() const override { return "mesh"; }

  Result<std::unique_ptr<Avatar>> make_avatar(std::shared_ptr<const Portrait> portrait, FrameSize size) const override {
    const auto fits = [](int n) { return n >= 128 && n <= 2048 && n % 2 == 0; };
    if (!fits(size.width) || !fits(size.height)) {
      return Error{ErrorKind::invalid, "the size must be even and between 128 and 2048 pixels a side"};
    }
    return std::unique_ptr<Avatar>(std::make_unique<MeshAvatar>(person(std::move(portrait), size)));
  }

  [[nodiscard]] std::shared_ptr<const void> what_avatars_share(const std::shared_ptr<const Portrait>& portrait,
                                                               FrameSize size) const override {
    return person(portrait, size);
  }

 private:
  struct Known {
    std::weak_ptr<const Portrait> portrait;
    FrameSize size;
    std::weak_ptr<const Person> person;
  };

  // What another avatar of the same portrait and size has prepared, or a new one. Two that prepare the same at the same
  // time both do the work; one is kept.
  [[nodiscard]] std::shared_ptr<const Person> person(std::shared_ptr<const Portrait> portrait, FrameSize size) const {
    const auto known = [&]() -> std::shared_ptr<const Person> {
      const std::lock_guard lock(mutex_);
      std::erase_if(known_, [](const Known& k) { return k.person.expired(); });
      for (const Known& k : known_) {
        if (k.size.width == size.width && k.size.height == size.height && k.portrait.lock() == portrait)
          return k.person.lock();
      }
      return nullptr;
    };
    if (auto ready = known()) return ready;
    auto made = std::make_shared<const Person>(portrait, size);
    if (auto ready = known()) return ready;
    const std::lock_guard lock(mutex_);
    known_.push_back({portrait, size, made});
    return made;
  }

  mutable std::mutex mutex_;
  mutable std::vector<Known> known_;
};

}  // namespace
}  // namespace mesh

std::unique_ptr<Engine> make_mesh_engine() { return std::make_unique<mesh::MeshEngine>(); }

}  // namespace avatar
