// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/neural_engine.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "base/log.h"
#include "engine/framing.h"
#include "engine/neural/model_folder.h"
#include "engine/neural/neural_avatar.h"
#include "engine/neural/painter.h"
#include "engine/neural/person.h"
#include "engine/neural/worker.h"

namespace avatar {
namespace neural {

// Share of the card's time that is given away: the rest is for what comes together.
constexpr double kFull = 0.85;

namespace {

// What is made once and used by all; the workers' tasks hold it too, so it must not own the workers.
class Studio {
 public:
  explicit Studio(NeuralOptions options) : options_(std::move(options)) {}

  // Once; on failure everybody is told the same.
  Result<void> load() {
    auto loaded = load_all();
    const std::lock_guard lock(mutex_);
    is_loaded_ = true;
    // Whatever it was, memory too: nobody has a session to end for it.
    if (!loaded) failure_ = Error{ErrorKind::unavailable, loaded.error().message};
    return loaded;
  }

  [[nodiscard]] bool is_loaded() const {
    const std::lock_guard lock(mutex_);
    return is_loaded_;
  }
  [[nodiscard]] bool has_failed() const {
    const std::lock_guard lock(mutex_);
    return failure_.has_value();
  }
  [[nodiscard]] std::optional<Error> failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  // A run failed, and not for want of memory. The networks and their shapes are the same for all sessions, so it is
  // the card: it was lost, and CUDA does not come back within a process. Said once.
  void fail(const Error& error) {
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return;
      failure_ = Error{ErrorKind::unavailable, networks_->device_name() + " fails (" + error.message + ")"};
    }
    log(LogLevel::error, "the neural engine failed, the mesh engine goes on",
        {{"reason",
          networks_->device_name() + ": " + error.message + "; start the worker again when the card is well"}});
  }
  // After load() went well.
  [[nodiscard]] const std::shared_ptr<const Networks>& networks() const { return networks_; }
  [[nodiscard]] const std::shared_ptr<Painter>& painter() const { return painter_; }
  [[nodiscard]] const NeuralOptions& options() const { return options_; }
  [[nodiscard]] std::chrono::milliseconds limit() const {
    return options_.is_live ? options_.limit : std::chrono::milliseconds(0);
  }

  // Known already, or looked at now.
  Result<std::shared_ptr<const Person>> person(const std::shared_ptr<const Portrait>& portrait) {
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(people_, [](const auto& p) { return p.expired(); });
      for (const auto& known : people_) {
        if (auto p = known.lock(); p && p->portrait == portrait) return p;
      }
    }
    auto met = meet_person(*networks_, portrait);
    if (met) {
      const std::lock_guard lock(mutex_);
      people_.push_back(*met);
    }
    return met;
  }

  [[nodiscard]] std::unique_ptr<Speaker> speaker(const Person& person) const {
    return std::make_unique<Speaker>(options_.speaker, hearing_, diffusion_, person.condition, person.start);
  }

 private:
  Result<void> load_all() {
    const ModelFolder folder = look_into(options_.models);
    for (const Finding& f : folder.findings) {
      if (f.kind == Finding::Kind::note) log(LogLevel::info, f.file + " " + f.words);
    }
    const auto report = [](const std::string& line) { log(LogLevel::warning, line); };
    auto networks = Networks::load(folder, options_.networks, report);
    if (!networks) return networks.error();
    networks_ = std::move(*networks);
    Painter::MakeChain chains;
    if (options_.wrap) {
      chains = [this](int batch) -> Result<std::unique_ptr<Networks::PictureChain>> {
        auto chain = networks_->pictures(batch);
        if (!chain) return chain;
        return options_.wrap(std::move(*chain));
      };
    }
    auto painter = Painter::make(networks_, {.lanes = options_.lanes, .limit = limit()}, chains);
    if (!painter) return painter.error();
    painter_ = std::move(*painter);
    auto hearing = networks_->hearing();
    if (!hearing) return hearing.error();
    auto diffusion = networks_->diffusion();
    if (!diffusion) return diffusion.error();
    hearing_ = std::move(*hearing);
    diffusion_ = std::move(*diffusion);
    return {};
  }

  const NeuralOptions options_;
  mutable std::mutex mutex_;
  bool is_loaded_ = false;
  std::optional<Error> failure_;
  std::shared_ptr<const Networks> networks_;
  std::shared_ptr<Painter> painter_;
  std::vector<std::weak_ptr<const Person>> people_;
  // One set of the speech networks' tensors: only the motion worker runs them.
  HearWindow hearing_;
  Networks::ClipNetwork diffusion_;
};

class Load final : public Task {
 public:
  explicit Load(std::shared_ptr<Studio> studio) : studio_(std::move(studio)) {}
  void go_on() override {
    if (auto loaded = studio_->load(); !loaded) {
      log(LogLevel::error, "the neural engine cannot run, the mesh engine goes on",
          {{"reason", loaded.error().message}});
    }
  }

 private:
  std::shared_ptr<Studio> studio_;
};

// Meets a person and makes what draws it, after the models were loaded.
class Meet final : public Task {
 public:
  Meet(std::shared_ptr<Studio> studio, std::shared_ptr<Tasks> motion, std::shared_ptr<const Portrait> portrait,
       FrameSize size, Frame still, std::shared_ptr<Promise> promise)
      : studio_(std::move(studio)),
        motion_(std::move(motion)),
        portrait_(std::move(portrait)),
        size_(size),
        still_(std::move(still)),
        promise_(std::move(promise)) {}

  void go_on() override { promise_->keep(meet()); }

 private:
  Result<std::unique_ptr<Ready>> meet() {
    if (auto failure = studio_->failure()) return *failure;
    auto person = studio_->person(portrait_);
    if (!person) return person.error();
    auto speaker = studio_->speaker(**person);
    auto ready = std::make_unique<Ready>();
    ready->person = std::move(*person);
    ready->painter = studio_->painter();
    ready->tell_failure = [studio = studio_](const Error& error) { studio->fail(error); };
    ready->has_failed = [studio = studio_] { return studio->has_failed(); };
    ready->voice = std::make_shared<Voice>(motion_, std::move(speaker), studio_->limit());
    ready->paste =
        std::make_unique<Paste>(*portrait_, frame_face(*portrait_, size_), ready->person->crop.to_crop, still_);
    return ready;
  }

  std::shared_ptr<Studio> studio_;
  std::shared_ptr<Tasks> motion_;
  std::shared_ptr<const Portrait> portrait_;
  FrameSize size_;
  Frame still_;
  std::shared_ptr<Promise> promise_;
};

// Lives as long as the engine or one of its avatars.
struct House {
  explicit House(NeuralOptions options) : studio(std::make_shared<Studio>(std::move(options))) {}
  std::shared_ptr<Studio> studio;
  Worker motion{studio->limit()}, looking{studio->limit()};
};

class NeuralEngine final : public Engine {
 public:
  NeuralEngine(std::shared_ptr<House> house, std::shared_ptr<const Engine> stand_in)
      : house_(std::move(house)), stand_in_(std::move(stand_in)) {}

  [[nodiscard]] const char* name() const override { return "neural"; }

  [[nodiscard]] MediaTime look_ahead() const override {
    if (studio().failure()) return stand_in_->look_ahead();
    const NeuralOptions& o = studio().options();
    constexpr int kTo48 = kSampleRate / kHearingRate;
    const auto needed = MediaTime::from_samples(look_ahead_samples(o.speaker.clips) * kTo48) + SoundFeed::delay();
    // Live, a clip has one picture's time to be made.
    return o.is_live ? needed + MediaTime::of_picture(1, kFramesPerSecond) : needed;
  }

  [[nodiscard]] std::string_view waits_for() const override { return studio().is_loaded() ? "" : "loading models"; }

  [[nodiscard]] std::string description() const override {
    if (!studio().is_loaded()) return "neural, loading models";
    if (auto failure = studio().failure()) return "mesh, because " + failure->message;
    const Networks& n = *studio().networks();
    return "neural on " + std::string(avatar::name(n.provider())) + " (" + n.device_name() + ")";
  }

  [[nodiscard]] int capacity() const override {
    if (!studio().is_loaded() || studio().failure()) return 0;
    return capacity_of(*studio().networks(), studio().options().speaker);
  }

  [[nodiscard]] std::shared_ptr<const void> what_avatars_share(const std::shared_ptr<const Portrait>& portrait,
                                                               FrameSize size) const override {
    return stand_in_->what_avatars_share(portrait, size);
  }

  Result<std::unique_ptr<Avatar>> make_avatar(std::shared_ptr<const Portrait> portrait, FrameSize size) const override {
    auto stand_in = stand_in_->make_avatar(portrait, size);
    if (!stand_in) return stand_in.error();
    // What lies still under the drawn face is the stand-in's own picture: nothing jumps when they change places.
    Frame still(size.width, size.height);
    if (auto drawn = (*stand_in)->draw({}, still); !drawn) return drawn.error();
    auto fresh = stand_in_->make_avatar(portrait, size);
    if (!fresh) return fresh.error();

    auto promise = std::make_shared<Promise>();
    auto meet = std::make_shared<Meet>(house_->studio, house_->motion.tasks(), std::move(portrait), size,
                                       std::move(still), promise);
    const bool is_live = studio().options().is_live;
    if (is_live) {
      house_->looking.tasks()->post(std::move(meet));
    } else {
      meet->go_on();
    }
    return std::unique_ptr<Avatar>(
        std::make_unique<NeuralAvatar>(house_, std::move(*fresh), std::move(promise), size, !is_live));
  }

 private:
  [[nodiscard]] const Studio& studio() const { return *house_->studio; }

  std::shared_ptr<House> house_;
  std::shared_ptr<const Engine> stand_in_;
};

}  // namespace
}  // namespace neural

// A second of one who speaks: 25 pictures, 5 windows, and the steps of 25 / V clips.
int capacity_of(const neural::Networks& networks, const neural::SpeakerSettings& speaker) {
  using neural::Network;
  const auto seconds = [&](Network n) { return std::chrono::duration<double>(networks.time_of(n)).count(); };
  const double pictures =
      neural::kFramesPerSecond * (seconds(Network::stitch) + seconds(Network::warp) + seconds(Network::decoder));
  const double clips = static_cast<double>(neural::kFramesPerSecond) / speaker.clips.fresh() * speaker.steps *
                       seconds(Network::diffusion);
  const double windows = static_cast<double>(neural::kFramesPerSecond) / neural::kToldFrames * seconds(Network::hubert);
  const int by_time = static_cast<int>(neural::kFull / (pictures + clips + windows));
  const int by_memory = capacity_by_memory(networks.memory());
  return std::max(1, by_memory > 0 ? std::min(by_time, by_memory) : by_time);
}

int capacity_by_memory(const neural::CardMemory& memory) {
  if (memory.session <= 0) return 0;
  const double sessions = neural::kFull * static_cast<double>(memory.free) / static_cast<double>(memory.session);
  return static_cast<int>(std::clamp(sessions, 1.0, 10'000.0));
}

Result<std::unique_ptr<Engine>> make_neural_engine(const NeuralOptions& options,
                                                   std::shared_ptr<const Engine> stand_in) {
  auto house = std::make_shared<neural::House>(options);
  if (options.is_live) {
    // Reading headers takes no time, so a folder that will not do is refused at once.
    const neural::ModelFolder folder = neural::look_into(options.models);
    if (!folder.is_complete()) return folder.refusal();
    house->looking.tasks()->post(std::make_shared<neural::Load>(house->studio));
  } else if (auto loaded = house->studio->load(); !loaded) {
    return loaded.error();
  }
  return std::unique_ptr<Engine>(std::make_unique<neural::NeuralEngine>(std::move(house), std::move(stand_in)));
}

}  // namespace avatar
