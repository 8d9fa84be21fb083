// SPDX-License-Identifier: Apache-2.0
// The neural engine's networks and what lies between them. Networks are those in AVATAR_MODEL_DIR: the published ones,
// or graphs of their sizes with random weights (tools/make_neural_graphs.py --full-size). AVATAR_PROVIDERS, for example
// "cuda" or "cpu", says where they run; the default is tensorrt, then cuda. Without a folder only our own steps are
// measured. Each checks its answer first.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/picture_source.h"
#include "engine/engines.h"
#include "engine/neural/diffusion.h"
#include "engine/neural/neural_engine.h"
#include "engine/neural/noise.h"
#include "engine/neural/painter.h"
#include "engine/neural/paste.h"
#include "engine/neural/person.h"
#include "engine/neural/retarget.h"
#include "engine/neural/speaker.h"

namespace avatar {
namespace {

using namespace neural;  // NOLINT(google-build-using-namespace): everything here is its

std::shared_ptr<const Portrait> portrait() {
  static const std::shared_ptr<const Portrait> one = *portrait_from({});
  return one;
}

EngineOptions engine_options(const char* dir) {
  EngineOptions options{.name = "neural", .models = dir};
  if (const char* wanted = std::getenv("AVATAR_PROVIDERS")) {
    std::istringstream list(wanted);
    for (std::string name; std::getline(list, name, ',');) options.providers.push_back(name);
  }
  options.threads = static_cast<int>(std::thread::hardware_concurrency());
  return options;
}

struct Loaded {
  std::shared_ptr<const Networks> networks;
  std::string why_not = "AVATAR_MODEL_DIR is not set";
  double seconds = 0;
};
const Loaded& loaded() {
  static const Loaded one = [] {
    Loaded l;
    const char* dir = std::getenv("AVATAR_MODEL_DIR");
    if (dir == nullptr) return l;
    auto wanted = neural_options(engine_options(dir));
    if (!wanted) return Loaded{nullptr, wanted.error().message};
    const auto before = std::chrono::steady_clock::now();
    auto made = Networks::load(look_into(dir), wanted->networks,
                               [](const std::string& line) { std::fprintf(stderr, "note: %s\n", line.c_str()); });
    l.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    if (!made) return Loaded{nullptr, made.error().message};
    l.networks = *made;
    return l;
  }();
  return one;
}

bool is_ready(benchmark::State& state) {
  if (!loaded().networks) {
    state.SkipWithError(loaded().why_not.c_str());
    return false;
  }
  const Networks& n = *loaded().networks;
  state.SetLabel(std::string(name(n.provider())) + ", " + n.device_name());
  return true;
}

// A run of one network, as it was timed when it was loaded; and what loading took.
void network(benchmark::State& state) {
  if (!is_ready(state)) return;
  const auto which = static_cast<Network>(state.range(0));
  const Networks& n = *loaded().networks;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  for (auto _ : state) state.SetIterationTime(std::chrono::duration<double>(n.time_of(which)).count());
  state.SetLabel(std::string(neural::name(which)) + " on " + std::string(name(n.provider())) + ", " + n.device_name());
  state.counters["load_s"] = loaded().seconds;
  state.counters["host_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.counters["card_MB"] = static_cast<double>(n.card_memory() >> 20);
}
BENCHMARK(network)->DenseRange(0, 6)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

void meet(benchmark::State& state) {
  if (!is_ready(state)) return;
  for (auto _ : state) {
    auto person = meet_person(*loaded().networks, portrait());
    if (!person) return state.SkipWithError(person.error().message.c_str());
    benchmark::DoNotOptimize(person);
  }
}
BENCHMARK(meet)->Unit(benchmark::kMillisecond);

// Pictures of so many sessions that are always due, and how many share a run; a session needs 25 a second.
void pictures(benchmark::State& state) {
  if (!is_ready(state)) return;
  const auto sessions = static_cast<size_t>(state.range(0));
  auto person = meet_person(*loaded().networks, portrait());
  auto painter = Painter::make(loaded().networks, {.lanes = static_cast<int>(state.range(1))});
  if (!person || !painter) return state.SkipWithError("no painter");
  for (size_t s = 0; s < sessions; ++s) (*painter)->join();
  int64_t drawn = 0;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (size_t s = 0; s < sessions; ++s) {
      threads.emplace_back([&, s] {
        Points driving = (*person)->at_rest;
        std::vector<float> picture(static_cast<size_t>(3) * kDrawnSide * kDrawnSide);
        for (int n = 0; n < 2; ++n) {
          driving[3] += 0.001F * static_cast<float>(s);
          if (!(*painter)->draw({(*person)->seen.features, (*person)->at_rest, driving}, picture) ||
              std::isnan(picture[7])) {
            std::fprintf(stderr, "drew the wrong picture\n");
            std::abort();
          }
        }
      });
    }
    for (auto& t : threads) t.join();
    drawn += static_cast<int64_t>(2 * sessions);
  }
  const auto figures = (*painter)->figures();
  state.counters["in_a_run"] = static_cast<double>(figures.pictures) / static_cast<double>(figures.runs);
  state.counters["pictures/s"] = benchmark::Counter(static_cast<double>(drawn), benchmark::Counter::kIsRate);
  state.counters["sessions_at_25"] = benchmark::Counter(static_cast<double>(drawn) / 25, benchmark::Counter::kIsRate);
}
BENCHMARK(pictures)->Args({1, 1})->Args({2, 1})->Args({4, 1})->Args({4, 2})->UseRealTime()->Unit(
    benchmark::kMillisecond);

// From the sound that a block of motion needs to the first picture that speaks: two windows, two clips, one picture.
void first_window(benchmark::State& state) {
  if (!is_ready(state)) return;
  auto person = meet_person(*loaded().networks, portrait());
  auto hear = loaded().networks->hearing();
  auto diffusion = loaded().networks->diffusion();
  auto painter = Painter::make(loaded().networks, {});
  if (!person || !hear || !diffusion || !painter) return state.SkipWithError("no speaker");
  Speaker speaker({}, *hear, *diffusion, (*person)->condition, (*person)->start);
  if (!speaker.prepare()) return state.SkipWithError("no silence");
  std::vector<float> sound(static_cast<size_t>(look_ahead_samples({})));
  for (size_t i = 0; i < sound.size(); ++i) sound[i] = 0.3F * std::sin(static_cast<float>(i) * 0.07F);
  uint64_t stretch = 0;
  std::vector<float> picture(static_cast<size_t>(3) * kDrawnSide * kDrawnSide);
  std::chrono::nanoseconds motion{0};
  for (auto _ : state) {
    const auto before = std::chrono::steady_clock::now();
    int told = 0;
    Points driving{};
    speaker.begin(++stretch);
    const auto done = speaker.hear(sound, {}, [&](const MotionVector& vector) {
      if (++told > 1) return;
      const Source& source = (*person)->seen.source;
      transform(source, follow(vector, speaker.first(), source, (*person)->gain), driving);
    });
    motion += std::chrono::steady_clock::now() - before;
    if (!done || told != 5) return state.SkipWithError("no motion came");
    if (!(*painter)->draw({(*person)->seen.features, (*person)->at_rest, driving}, picture)) {
      return state.SkipWithError("no picture came");
    }
  }
  state.counters["motion_ms"] =
      benchmark::Counter(std::chrono::duration<double, std::milli>(motion).count(), benchmark::Counter::kAvgIterations);
}
BENCHMARK(first_window)->UseRealTime()->Unit(benchmark::kMillisecond);

// Memory of this machine that one more session of the same person takes, after its first picture. Loads another copy of
// the networks.
void session_memory(benchmark::State& state) {
  if (!is_ready(state)) return;
  constexpr int kSessions = 8;
  const FrameSize size{512, 512};
  const auto resident_mb = [] {
    int64_t all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return static_cast<double>(resident) * 4096 / (1 << 20);
  };
  auto engine = make_engine(engine_options(std::getenv("AVATAR_MODEL_DIR")));
  if (!engine) return state.SkipWithError(engine.error().message.c_str());
  Frame frame(size.width, size.height);
  for (auto _ : state) {
    std::vector<std::unique_ptr<Avatar>> avatars;
    double before = 0;
    for (int i = 0; i < kSessions; ++i) {
      auto avatar = (*engine)->make_avatar(portrait(), size);
      if (!avatar || !(*avatar)->draw({}, frame)) return state.SkipWithError("no avatar");
      avatars.push_back(std::move(*avatar));
      if (i == 0) before = resident_mb();  // what they share is there
    }
    state.counters["MB"] = (resident_mb() - before) / (kSessions - 1);
  }
}
BENCHMARK(session_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

void paste(benchmark::State& state) {
  const int side = static_cast<int>(state.range(0));
  const Framing framing = frame_face(*portrait(), {side, side});
  const CropPlace crop = crop_round(points_of(portrait()->landmarks), {});
  Frame still(side, side), frame(side, side);
  const Paste paste(*portrait(), framing, crop.to_crop, still);
  std::vector<float> drawn(static_cast<size_t>(3) * kDrawnSide * kDrawnSide, 1.0F);
  Paste::Scratch scratch;
  paste.onto(drawn, scratch, frame);
  if (frame.y()[side / 2 * side + side / 2] != 235 || frame.y()[0] != 0) return state.SkipWithError("pasted elsewhere");
  for (auto _ : state) {
    paste.onto(drawn, scratch, frame);
    benchmark::DoNotOptimize(frame.y());
  }
}
BENCHMARK(paste)->Arg(512)->Arg(1024)->Unit(benchmark::kMicrosecond);

// The sampler's own arithmetic of one clip.
void sampler(benchmark::State& state) {
  constexpr size_t kNumbers = static_cast<size_t>(kClipFrames) * kMotionNumbers;
  const auto steps = sampler_steps(10);
  std::vector<float> x(kNumbers), noise(steps.size() * kNumbers);
  SampleMemory memory(kNumbers);
  const auto nothing = [](const Denoising&) -> Result<void> { return {}; };
  uint64_t clip = 0;
  for (auto _ : state) {
    fill_with_noise(1, ++clip, x);
    if (!sample(steps, nothing, noise, x, memory) || x[5] != 0) return state.SkipWithError("not what was told");
  }
}
BENCHMARK(sampler)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace avatar

BENCHMARK_MAIN();
