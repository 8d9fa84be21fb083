// SPDX-License-Identifier: Apache-2.0
// What every engine promises (engine/engine.h), as one suite that is run on each of them. A new engine starts by being
// added to the list at the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "app/picture_source.h"
#include "engine/engines.h"
#include "tests/fakes/fake_engine.h"

namespace avatar {
namespace {

constexpr FrameSize kSize{256, 256};

// Analysed once: it is the same for all.
std::shared_ptr<const Portrait> the_portrait() {
  static const auto portrait = [] {
    auto made = portrait_from({});
    CHECK(made.has_value());
    return *made;
  }();
  return portrait;
}

struct Candidate {
  const char* name;
  std::unique_ptr<Engine> (*make)();
};
void PrintTo(const Candidate& c, std::ostream* out) { *out << c.name; }

class EngineContract : public testing::TestWithParam<Candidate> {
 protected:
  [[nodiscard]] std::unique_ptr<Avatar> avatar(FrameSize size = kSize) const {
    auto made = engine_->make_avatar(the_portrait(), size);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return std::move(*made);
  }
  static Frame drawn(Avatar& avatar, const Pose& pose, FrameSize size = kSize) {
    Frame frame(size.width, size.height);
    EXPECT_TRUE(avatar.draw({{}, pose}, frame));
    return frame;
  }
  // A lively but ordinary pose.
  static Pose pose(int i) {
    Pose p;
    const auto wave = [i](float rate) { return 0.5F + 0.5F * std::sin(static_cast<float>(i) * rate); };
    p[Muscle::jaw_open] = wave(0.9F);
    p[Muscle::mouth_pucker] = 0.5F * wave(0.5F);
    p[Muscle::eye_blink_left] = p[Muscle::eye_blink_right] = wave(0.3F);
    p[Muscle::mouth_smile_left] = wave(0.2F);
    p.head_yaw_deg = 10 * (wave(0.11F) - 0.5F);
    p.gaze_yaw_deg = 10 * (wave(0.7F) - 0.5F);
    p.breath = wave(0.05F);
    return p;
  }
  std::unique_ptr<Engine> engine_ = GetParam().make();
};

TEST_P(EngineContract, has_a_name) { EXPECT_STRNE(engine_->name(), ""); }

TEST_P(EngineContract, refuses_sizes_out_of_range) {
  for (const FrameSize size : {FrameSize{126, 256}, FrameSize{256, 2050}, FrameSize{255, 256}, FrameSize{0, 0}}) {
    auto made = engine_->make_avatar(the_portrait(), size);
    ASSERT_FALSE(made) << size.width << "x" << size.height;
    EXPECT_EQ(made.error().kind, ErrorKind::invalid);
  }
}

TEST_P(EngineContract, draws_every_size_in_range) {
  for (const FrameSize size : {FrameSize{128, 128}, FrameSize{640, 480}, FrameSize{360, 640}, FrameSize{1280, 720}}) {
    const auto a = avatar(size);
    const Frame frame = drawn(*a, pose(3), size);
    EXPECT_EQ(frame.width(), size.width);
    EXPECT_EQ(frame.height(), size.height);
    EXPECT_NE(*std::max_element(frame.y(), frame.u()), *std::min_element(frame.y(), frame.u())) << "nothing was drawn";
  }
}

TEST_P(EngineContract, stays_in_limited_range) {
  const auto a = avatar();
  for (int i = 0; i < 20; ++i) {
    const Frame frame = drawn(*a, pose(i));
    EXPECT_GE(*std::min_element(frame.y(), frame.u()), 16);
    EXPECT_LE(*std::max_element(frame.y(), frame.u()), 235);
    EXPECT_GE(*std::min_element(frame.bytes().begin(), frame.bytes().end()), 16);
    EXPECT_LE(*std::max_element(frame.bytes().begin(), frame.bytes().end()), 240);
  }
}

TEST_P(EngineContract, draws_the_same_moments_to_the_same_bytes_on_any_thread) {
  const auto draw_all = [this] {
    const auto a = avatar();
    std::vector<std::vector<uint8_t>> frames;
    for (int i = 0; i < 12; ++i) frames.push_back(drawn(*a, pose(i)).bytes());
    return frames;
  };
  const auto once = draw_all();
  std::vector<std::vector<uint8_t>> again;
  std::thread([&] { again = draw_all(); }).join();
  EXPECT_TRUE(once == again);  // bytes are not worth printing
}

TEST_P(EngineContract, does_not_mind_what_was_in_the_frame_before) {
  const auto a = avatar(), b = avatar();
  Frame clean(kSize.width, kSize.height), dirty(kSize.width, kSize.height);
  std::fill_n(dirty.y(), dirty.bytes().size(), uint8_t{77});
  ASSERT_TRUE(a->draw({{}, pose(1)}, clean));
  ASSERT_TRUE(b->draw({{}, pose(1)}, dirty));
  EXPECT_TRUE(clean.bytes() == dirty.bytes());
}

TEST_P(EngineContract, moves_the_mouth_when_the_jaw_opens) {
  const auto a = avatar();
  Pose open;
  open[Muscle::jaw_open] = 1;
  EXPECT_TRUE(drawn(*a, {}).bytes() != drawn(*a, open).bytes());
}

TEST_P(EngineContract, keeps_the_corners_of_the_background_to_the_bit) {
  const auto a = avatar();
  const Frame rest = drawn(*a, {});
  for (int i = 0; i < 20; ++i) {
    const Frame frame = drawn(*a, pose(i));
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 16; ++x) {
        const int right = kSize.width - 1 - x;
        ASSERT_EQ(frame.y()[y * kSize.width + x], rest.y()[y * kSize.width + x]) << i;
        ASSERT_EQ(frame.y()[y * kSize.width + right], rest.y()[y * kSize.width + right]) << i;
      }
    }
  }
}

TEST_P(EngineContract, survives_extremes_and_takes_what_is_no_number_for_0) {
  const auto a = avatar();
  const auto poses_of = [](float value) {
    Pose p;
    p.muscle.fill(value);
    p.gaze_yaw_deg = p.gaze_pitch_deg = p.head_yaw_deg = p.head_pitch_deg = p.head_roll_deg = value;
    p.head_x_cm = p.head_y_cm = p.breath = value;
    return p;
  };
  for (const float value : {1.0F, -1.0F, 1e3F, -1e3F, 1e30F, -1e30F, std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    drawn(*a, poses_of(value));
  }
  for (size_t m = 0; m < kMuscleCount; ++m) {
    Pose p;
    p.muscle[m] = 1;
    drawn(*a, p);
  }
  const Frame rest = drawn(*avatar(), {});
  EXPECT_TRUE(drawn(*avatar(), poses_of(std::numeric_limits<float>::quiet_NaN())).bytes() == rest.bytes());
}

TEST_P(EngineContract, keeps_what_avatars_share_while_somebody_holds_it) {
  std::shared_ptr<const void> shared = engine_->what_avatars_share(the_portrait(), {256, 256});
  if (shared == nullptr) GTEST_SKIP() << "they share nothing";
  EXPECT_EQ(engine_->what_avatars_share(the_portrait(), {256, 256}), shared);
  EXPECT_NE(engine_->what_avatars_share(the_portrait(), {128, 128}), shared);
  const std::weak_ptr<const void> watched = shared;
  shared.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_P(EngineContract, gives_each_avatar_its_own_state) {
  const auto a = avatar(), b = avatar(), alone = avatar();
  for (int i = 0; i < 6; ++i) {
    const Frame expected = drawn(*alone, pose(i));
    drawn(*b, pose(100 - i));
    EXPECT_TRUE(drawn(*a, pose(i)).bytes() == expected.bytes()) << i;
  }
}

// On made networks (tools/make_neural_graphs.py), with everything waited for.
std::unique_ptr<Engine> neural_engine() {
  EngineOptions options{.name = "neural", .models = AVATAR_BINARY_DIR "/neural_graphs", .providers = {"cpu"}};
  options.steps = 4;
  auto made = make_engine(options);
  CHECK(made.has_value());
  return std::move(*made);
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineContract,
                         testing::Values(Candidate{"fake", [] { return std::unique_ptr<Engine>(new FakeEngine); }},
                                         Candidate{"mesh", [] { return std::move(*make_engine({})); }},
                                         Candidate{"neural", neural_engine}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace avatar
