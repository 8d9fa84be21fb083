// SPDX-License-Identifier: Apache-2.0
#include "app/bench.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/capacity.h"
#include "app/encoding_sink.h"
#include "app/interrupt.h"
#include "app/picture_source.h"
#include "base/metrics.h"
#include "base/process.h"
#include "engine/engines.h"
#include "face/analysis.h"
#include "session/sessions.h"
#include "stream/whep_sink.h"

namespace avatar {
namespace {

using std::chrono::milliseconds;
using Ms = std::chrono::duration<double, std::milli>;

constexpr int kFps = 25;
constexpr auto kTrial = milliseconds(4000);
constexpr auto kWarmUp = milliseconds(500);
constexpr double kMostLate = 0.001;
constexpr int kWords = 24;  // of the latency measurement
const FrameSize kSize;

double ms(std::chrono::nanoseconds time) { return Ms(time).count(); }

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.substr(0, 10) == "model name") return line.substr(line.find(':') + 2);
  }
  return "an unnamed processor";
}

// The number behind a name, in the metrics' own text.
double value_of(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::strtod(&text[at + name.size() + 2], nullptr);
}

// Some sessions that all talk, as the server would keep them.
class Crowd {
 public:
  Crowd(const Engine& engine, std::shared_ptr<const Portrait> portrait, const Clock& clock)
      : engine_(engine),
        portrait_(std::move(portrait)),
        clock_(clock),
        sessions_(clock, counts_, 10'000, machine().threads()) {}
  ~Crowd() {
    sessions_.close_all(Ending::asked);
    sessions_.wait_until_empty(std::chrono::seconds(5));
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  Result<std::shared_ptr<LiveSession>> add() {
    auto avatar = engine_.make_avatar(portrait_, kSize);
    if (!avatar) return avatar.error();
    auto sink = make_encoding_sink(kSize, kFps, nullptr);
    if (!sink) return sink.error();
    auto seat = sessions_.reserve();
    if (!seat) return seat.error();
    LiveSession::Parts parts;
    parts.id = std::to_string(++number_);
    parts.size = kSize;
    parts.fps = kFps;
    parts.has_viewer = [] { return true; };
    parts.patience = std::chrono::hours(1);
    parts.ticks_a_picture = live_ticks_a_picture(kFps);
    SessionSettings settings = live_settings(kSize, kFps, {}, engine_.look_ahead(), WhepSink::kPictureLag);
    settings.performance.seed = static_cast<uint64_t>(number_);
    parts.session = std::make_unique<Session>(std::move(*avatar), portrait_->rest, settings, std::move(*sink), clock_);
    return sessions_.add(std::move(*seat), std::move(parts));
  }

  Result<void> fill(int number, const std::vector<float>& speech) {
    for (int i = 0; i < number; ++i) {
      auto live = add();
      if (!live) return live.error();
      const auto utterance = (*live)->begin();
      if (!utterance) return utterance.error();
      if (auto heard = (*live)->hear(*utterance, speech); !heard) return heard;
      (*live)->end(*utterance);
      std::this_thread::sleep_for(milliseconds(1000 / kFps) / std::max(1, number));
    }
    return {};
  }

  struct Ticks {
    double all = 0, late = 0;
  };
  [[nodiscard]] Ticks ticks() const {
    const std::string text = metrics_.text();
    return {value_of(text, "avatar_ticks_total"), value_of(text, "avatar_ticks_late_total")};
  }

 private:
  const Engine& engine_;
  const std::shared_ptr<const Portrait> portrait_;
  const Clock& clock_;
  Metrics metrics_;
  SessionMetrics counts_{metrics_};
  int number_ = 0;
  Sessions sessions_;
};

Result<void> wait(milliseconds time) {
  for (; time.count() > 0; time -= milliseconds(50)) {
    if (auto on = go_on(); !on) return Error{ErrorKind::cancelled, "stopped"};
    std::this_thread::sleep_for(milliseconds(50));
  }
  return {};
}

struct Trial {
  int sessions = 0;
  double late = 1;  // share of the ticks
  double megabytes = 0;
};

Result<Trial> try_out(const Engine& engine, const std::shared_ptr<const Portrait>& portrait, const Clock& clock,
                      int number) {
  Crowd crowd(engine, portrait, clock);
  const auto speech = babble(6);
  if (auto filled = crowd.fill(number, speech); !filled) return filled.error();
  if (auto waited = wait(kWarmUp); !waited) return waited.error();
  const auto before = crowd.ticks();
  if (auto waited = wait(kTrial); !waited) return waited.error();
  const auto after = crowd.ticks();
  // A machine that is far too slow makes fewer ticks than there should be, too.
  const double wanted = number * std::chrono::duration<double>(kTrial).count() * kFps;
  const double missing = std::max(0.0, wanted * 0.99 - (after.all - before.all));
  return Trial{number, (after.late - before.late + missing) / wanted, resident_bytes() / 1e6};
}

struct Latencies {
  std::vector<double> speech, interrupt;  // ms
};

// What one session needs to begin and to stop, while others talk: short words, each interrupted.
Result<Latencies> measure_latencies(const Engine& engine, const std::shared_ptr<const Portrait>& portrait,
                                    const Clock& clock, int others) {
  Crowd crowd(engine, portrait, clock);
  if (auto filled = crowd.fill(others, babble(30)); !filled) return filled.error();
  auto live = crowd.add();
  if (!live) return live.error();

  std::mutex mutex;
  std::condition_variable changed;
  std::chrono::nanoseconds started{0}, finished{0};
  (*live)->watch({.speech =
                      [&](const SpeechEvent& event) {
                        const std::lock_guard lock(mutex);
                        (event.kind == SpeechEvent::Kind::started ? started : finished) = clock.now();
                        changed.notify_all();
                      },
                  .over = [] {}});
  const auto seen = [&](std::chrono::nanoseconds& what) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(2), [&] { return what.count() != 0; });
    return std::exchange(what, {});
  };
  Latencies latencies;
  const auto word = babble(2);
  for (int i = 0; i < kWords; ++i) {
    if (auto waited = wait(milliseconds(150 + 37 * i % 100)); !waited) return waited.error();
    const auto utterance = (*live)->begin();
    if (!utterance) return utterance.error();
    const auto spoken = clock.now();
    if (auto heard = (*live)->hear(*utterance, word); !heard) return heard.error();
    (*live)->end(*utterance);
    const auto start = seen(started);
    if (start.count() != 0) latencies.speech.push_back(ms(start - spoken));
    std::this_thread::sleep_for(milliseconds(200 + 13 * i % 40));
    const auto stop = clock.now();
    (*live)->interrupt();
    const auto end = seen(finished);
    if (end.count() != 0) latencies.interrupt.push_back(ms(end - stop));
  }
  if (latencies.speech.size() < kWords / 2) return Error{ErrorKind::timeout, "the sessions do not answer in time"};
  return latencies;
}

// The most sessions that keep the rate.
Result<Trial> find_most(const Engine& engine, const std::shared_ptr<const Portrait>& portrait, const Clock& clock,
                        int guess) {
  Trial best{0, 1, 0};
  int low = 0, high = 0, number = guess;  // low holds, high does not (0: not known)
  for (int i = 0; i < 6 && number > 0; ++i) {
    auto trial = try_out(engine, portrait, clock, number);
    if (!trial) return trial;
    const bool holds = trial->late < kMostLate;
    std::printf("  %3d sessions   %6.2f %% late   %s\n", number, trial->late * 100, holds ? "holds" : "too many");
    std::fflush(stdout);
    if (holds && number > low) {
      best = *trial;
      low = number;
    } else if (!holds) {
      high = number;
    }
    number = high == 0 ? low + std::max(1, low / 5) : (low + high) / 2;
    if (number == low || number == high) break;
  }
  return best;
}

}  // namespace

Result<void> bench(const Config& config, const Clock& clock) {
  const Machine here = machine();
  std::printf("%s: %.3g cores, %.0f GB\n\n", processor().c_str(), here.cores,
              static_cast<double>(here.memory_bytes) / 1e9);

  auto start = clock.now();
  auto faces = FaceAnalysis::load();
  if (!faces) return faces.error();
  const auto loaded = clock.now() - start;
  start = clock.now();
  auto portrait = (*faces)->analyse(built_in_portrait());
  if (!portrait) return portrait.error();
  const auto analysed = clock.now() - start;
  auto engine = make_engine(engine_options(config));
  if (!engine) return engine.error();
  start = clock.now();
  if (auto avatar = (*engine)->make_avatar(*portrait, kSize); !avatar) return avatar.error();
  const auto made = clock.now() - start;
  std::printf("face networks loaded        %6.0f ms\n", ms(loaded));
  std::printf("picture -> portrait         %6.0f ms\n", ms(analysed));
  std::printf("portrait -> avatar          %6.0f ms\n", ms(made));

  const auto load = measure_load(**engine, *portrait, clock, 100);
  if (!load) return load.error();
  std::printf("one tick, one core          %6.2f ms, of that %.2f ms to encode; the longest %.1f ms\n\n",
              ms(load->tick), ms(load->encode), ms(load->worst));

  const double base = resident_bytes() / 1e6;
  std::printf("sessions of 512x512 at %d pictures a second, all talking, encoded, sent to nobody:\n", kFps);
  std::fflush(stdout);
  const auto most = find_most(**engine, *portrait, clock, capacity_of(*load, here));
  if (!most) return most.error();

  const int others = std::max(0, most->sessions * 3 / 4 - 1);
  const auto latencies = measure_latencies(**engine, *portrait, clock, others);
  if (!latencies) return latencies.error();
  std::printf("\nwith %d sessions that talk, in the worker (the way to the viewer comes on top):\n", others);
  std::printf("  speech -> its first picture and sound   median %3.0f ms   p95 %3.0f ms\n",
              percentile(latencies->speech, 0.5), percentile(latencies->speech, 0.95));
  std::printf("  interrupt -> silence                    median %3.0f ms   p95 %3.0f ms\n\n",
              percentile(latencies->interrupt, 0.5), percentile(latencies->interrupt, 0.95));

  if (most->sessions == 0) {
    std::printf(
        "Verdict: this machine is too slow, or too busy, for one session. Stop what else runs here, give it more\n"
        "cores, or ask for smaller pictures.\n");
    return {};
  }
  const double each = std::max(0.0, most->megabytes - base) / most->sessions;
  std::printf(
      "Verdict: %d sessions at full rate here (%.0f MB, and %.1f MB for each). A worker of this size is best set to\n"
      "AVATAR_MAX_SESSIONS=%d, which leaves room for viewers and for moments when all move at once.\n",
      most->sessions, base, each, std::max(1, most->sessions * 3 / 4));
  return {};
}

}  // namespace avatar
