// SPDX-License-Identifier: Apache-2.0
// The mesh engine on the built-in portrait at 512x512: posing the rig, drawing a picture, preparing an avatar.
// Each checks its answer first: the background is the plate, the mouth has opened, the same moment gives the same
// bytes.
#include <benchmark/benchmark.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include "app/picture_source.h"
#include "engine/mesh/mesh_engine.h"
#include "engine/mesh/rig.h"

namespace avatar {
namespace {

std::shared_ptr<const Portrait> portrait() {
  static const std::shared_ptr<const Portrait> one = *portrait_from({});
  return one;
}

// Somebody talking: every part moves.
Pose talking(int i) {
  Pose p;
  const float t = static_cast<float>(i) * 0.04F;
  p[Muscle::jaw_open] = 0.25F + 0.2F * std::sin(t * 20);
  p[Muscle::mouth_pucker] = 0.3F + 0.3F * std::sin(t * 9);
  p[Muscle::mouth_lower_down_left] = p[Muscle::mouth_lower_down_right] = 0.2F;
  p[Muscle::mouth_smile_left] = p[Muscle::mouth_smile_right] = 0.3F;
  p[Muscle::brow_inner_up] = 0.3F;
  p.head_yaw_deg = 5 * std::sin(t);
  p.head_pitch_deg = 3 * std::cos(t * 1.3F);
  p.breath = 0.5F + 0.5F * std::sin(t * 2);
  p.gaze_yaw_deg = 4 * std::sin(t * 3);
  return p;
}

void draw(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  auto avatar = *make_mesh_engine()->make_avatar(portrait(), {size, size});
  Frame a(size, size), b(size, size), rest(size, size);
  bool ok = avatar->draw({{}, talking(3)}, a).has_value() && avatar->draw({{}, talking(9)}, b).has_value() &&
            avatar->draw({{}, talking(3)}, b).has_value() && avatar->draw({{}, {}}, rest).has_value();
  ok = ok && a.bytes() == b.bytes() && a.bytes() != rest.bytes() && a.y()[0] == rest.y()[0];
  if (!ok) return state.SkipWithError("drew the wrong picture");
  int i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(avatar->draw({{}, talking(i++)}, a));
  }
}
BENCHMARK(draw)->Arg(512)->Arg(256)->Arg(1024)->Unit(benchmark::kMicrosecond);

void pose_rig(benchmark::State& state) {
  const Framing framing = frame_face(*portrait(), {512, 512});
  const mesh::Rig rig(*portrait(), framing, 36);
  mesh::Shape shape = rig.shape();
  rig.pose({}, shape);
  if (std::fabs(shape.screen_x[4] - rig.mesh().x[4]) > 1e-3F)
    return state.SkipWithError("the rest pose moved the face");
  int i = 0;
  for (auto _ : state) {
    rig.pose(talking(i++), shape);
    benchmark::DoNotOptimize(shape.screen_x.data());
  }
}
BENCHMARK(pose_rig)->Unit(benchmark::kMicrosecond);

void make_avatar(benchmark::State& state) {
  const auto engine = make_mesh_engine();
  for (auto _ : state) {
    auto avatar = engine->make_avatar(portrait(), {512, 512});
    if (!avatar) return state.SkipWithError("no avatar");
    benchmark::DoNotOptimize(avatar);
  }
}
BENCHMARK(make_avatar)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avatar

BENCHMARK_MAIN();
