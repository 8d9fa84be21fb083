// SPDX-License-Identifier: Apache-2.0
// One session with the built-in portrait and the mesh engine: a whole tick without a sink's work, and how its time is
// shared. Every tick is checked to have shown a picture.
#include <benchmark/benchmark.h>

#include <chrono>

#include "app/picture_source.h"
#include "engine/engines.h"
#include "session/session.h"
#include "tests/fakes/fake_sink.h"
#include "tests/fakes/tone_speech.h"

namespace avatar {
namespace {

void tick(benchmark::State& state) {
  const auto side = static_cast<int>(state.range(0));
  const SteadyClock clock;
  auto portrait = portrait_from({});
  if (!portrait) return state.SkipWithError(portrait.error().message.c_str());
  auto engine = make_engine({});
  auto avatar = (*engine)->make_avatar(*portrait, {side, side});
  if (!avatar) return state.SkipWithError(avatar.error().message.c_str());
  Recording recording;
  Session session(std::move(*avatar), (*portrait)->rest, {{side, side}, 25, {}}, std::make_unique<FakeSink>(recording),
                  clock);
  const uint64_t id = session.speech().begin();
  const auto sound = tone_speech(1000);
  for (auto _ : state) {
    if (session.speech().waiting() < MediaTime::from_ms(500)) {
      state.PauseTiming();
      (void)session.speech().add(id, sound);
      state.ResumeTiming();
    }
    if (!session.tick()) return state.SkipWithError("a tick failed");
  }
  const auto ticks = static_cast<double>(recording.shown.size());
  if (static_cast<int64_t>(recording.shown.size()) != state.iterations()) state.SkipWithError("a picture is missing");
  const auto each = [&](std::chrono::nanoseconds t) {
    return std::chrono::duration<double, std::milli>(t).count() / ticks;
  };
  state.counters["hear_ms"] = each(session.times().hear);
  state.counters["perform_ms"] = each(session.times().perform);
  state.counters["draw_ms"] = each(session.times().draw);
}
BENCHMARK(tick)->Arg(256)->Arg(512)->Arg(720)->Arg(1024)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avatar
