// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/networks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "engine/neural/engine_cache.h"
#include "infer/gpu.h"
#include "infer/onnx_file.h"

namespace avatar::neural {
namespace {

namespace fs = std::filesystem;

// Turing: the oldest that CUDA 13 has code for, which the published builds of ONNX Runtime 1.27 need.
constexpr int kLeastCapability = 75;
constexpr int64_t kLeastFreeMemory = int64_t{4} << 30;  // 2.2 GB of weights, and what the networks work in

const std::vector<int64_t> kFeatureSizes{1, 32, 16, 64, 64};       // of a person
constexpr int64_t kFeatureBytes = int64_t{32} * 16 * 64 * 64 * 4;  // what that cannot take less than
constexpr const char* kJoined[kMostPictures] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"};  // join_network()

// Left to CUDA: those ONNX Runtime leaves by itself, and the 5-D one that TensorRT does not know.
constexpr const char* kNotForTensorRt = "NonMaxSuppression,NonZero,RoiAlign,GridSample";

// Can this provider sample a volume? Right answers only. unsupported: it cannot be used at all.
Result<bool> samples_volumes(const ModelOptions& options) {
  ModelOptions strict = options;
  strict.is_strict = true;
  strict.provider = options.provider == Provider::tensorrt ? Provider::cuda : options.provider;
  auto model = Model::load("the probe of GridSample", sample_probe(), strict);
  if (!model && model.error().kind == ErrorKind::unsupported) return model.error();
  if (!model) return false;
  auto run = (*model)->prepare();
  if (!run) return false;
  for (size_t i = 0; i < 8; ++i) (*run)->input("x")[i] = static_cast<float>(i);
  return (*run)->run().has_value() && std::fabs((*run)->output("y")[0] - 3.5F) < 1e-3F;
}

}  // namespace

Result<std::unique_ptr<Inference>> Networks::prepare(Network n, int batch) const {
  const Loaded& l = loaded_[static_cast<size_t>(n)];
  Model::Shapes shapes = l.shapes;
  if (batch > 1) {
    const NetworkFacts& facts = published_networks()[static_cast<size_t>(n)];
    shapes.clear();
    for (const auto& [names, specs] : {std::pair{&l.inputs, &facts.inputs}, std::pair{&l.outputs, &facts.outputs}}) {
      for (size_t i = 0; i < specs->size(); ++i) {
        auto shape = (*specs)[i].shape;
        shape[0] = batch;
        shapes.emplace_back((*names)[i], std::move(shape));
      }
    }
  }
  auto made = l.model->prepare(shapes);
  if (!made && made.error().kind == ErrorKind::invalid) {
    return Error{ErrorKind::invalid, std::string(name(n)) + " cannot be run: " + made.error().message};
  }
  return made;
}

Result<void> Networks::load_one(Network n, std::span<const std::byte> onnx, const ModelOptions& options,
                                const Report& report) {
  const NetworkFacts& facts = published_networks()[static_cast<size_t>(n)];
  Loaded& l = loaded_[static_cast<size_t>(n)];
  l = {};
  // CUDA leaves what it does not know to the CPU without a word: first it is forbidden to. (TensorRT would compile
  // everything twice.)
  ModelOptions strict = options;
  strict.is_strict = options.provider == Provider::cuda;
  auto model = Model::load(facts.files[0], onnx, strict);
  if (!model && strict.is_strict && model.error().kind == ErrorKind::invalid) {
    const std::string why = model.error().message;
    model = Model::load(facts.files[0], onnx, options);
    if (model) report("a part of " + std::string(facts.files[0]) + " runs on the CPU beside the card: " + why);
  }
  if (!model) return model.error();
  l.model = std::move(*model);
  const auto connect = [&](const std::vector<TensorSpec>& published, std::span<const TensorSpec> found,
                           std::vector<std::string>& names) {
    for (size_t i = 0; i < published.size(); ++i) {
      names.push_back(find_tensor(published, i, found));
      for (const TensorSpec& spec : found) {
        if (spec.name != names.back() || spec.is_fixed()) continue;
        // Free sizes get the values we use, from the right; what is free in our own table is the window.
        std::vector<int64_t> right = published[i].shape;
        for (int64_t& d : right) {
          if (d < 0) d = &published == &facts.inputs ? kWindowSamples : kWindowRows;
        }
        std::vector<int64_t> shape = spec.shape;
        for (size_t d = 0; d < shape.size(); ++d) {
          const size_t from_right = shape.size() - d;
          if (shape[d] < 0) shape[d] = from_right <= right.size() ? right[right.size() - from_right] : 1;
        }
        l.shapes.emplace_back(spec.name, std::move(shape));
      }
    }
  };
  connect(facts.inputs, l.model->inputs(), l.inputs);
  connect(facts.outputs, l.model->outputs(), l.outputs);
  // Outputs that we do not read may be free too; they are not asked for their sizes.
  for (const auto& names : {l.inputs, l.outputs}) {
    if (std::find(names.begin(), names.end(), std::string()) != names.end()) {
      return Error{ErrorKind::invalid, std::string(facts.files[0]) + " has other tensors than the published one"};
    }
  }
  return {};
}

Result<void> Networks::load_on(Provider provider, const ModelFolder& folder, const NetworkOptions& wanted,
                               const Report& report) {
  ModelOptions options{.provider = provider, .device = wanted.device, .threads = wanted.cpu_threads};
  provider_ = provider;
  device_name_ = "the CPU";
  card_memory_ = 0;
  memory_ = {};
  int64_t free_before = 0;
  bool is_volume_known = true;
  if (provider != Provider::cpu) {
    const auto known = built_in_providers();
    if (std::find(known.begin(), known.end(), provider) == known.end()) {
      std::string has;
      for (const Provider p : known) has += (has.empty() ? "" : ", ") + std::string(avatar::name(p));
      return Error{ErrorKind::unsupported, "this ONNX Runtime (" + runtime_version() + ") has only: " + has};
    }
    auto gpus = find_gpus();
    if (!gpus) return Error{ErrorKind::unsupported, gpus.error().message};
    if (wanted.device < 0 || wanted.device >= static_cast<int>(gpus->size())) {
      return Error{ErrorKind::unsupported, "there is no card number " + std::to_string(wanted.device)};
    }
    const Gpu& gpu = (*gpus)[static_cast<size_t>(wanted.device)];
    device_name_ = gpu.name;
    free_before = gpu.free_memory;
    if (gpu.capability != 0 && gpu.capability < kLeastCapability) {
      return Error{ErrorKind::unsupported, "the card " + gpu.name + " is too old (compute capability " +
                                               std::to_string(gpu.capability / 10) + "." +
                                               std::to_string(gpu.capability % 10) + ", 7.5 is needed)"};
    }
    if (gpu.free_memory < kLeastFreeMemory) {
      return Error{ErrorKind::busy, "the card " + gpu.name + " has " + std::to_string(gpu.free_memory >> 20) +
                                        " MB free, 4096 MB are needed"};
    }
    if (provider == Provider::tensorrt) {
      options.excluded_operators = kNotForTensorRt;
      options.engine_cache = engine_cache(wanted.cache, gpu, folder, tensorrt_version());
      std::error_code failed;
      if (!options.engine_cache.empty()) fs::create_directories(options.engine_cache, failed);
      if (failed) {
        report("compiled engines are not kept: " + options.engine_cache.string() + ": " + failed.message());
        options.engine_cache.clear();
      }
    }
    const auto sampled = samples_volumes(options);
    if (!sampled) return sampled.error();
    is_volume_known = *sampled;
    if (!is_volume_known) {
      report(std::string(avatar::name(provider)) + " cannot sample volumes here: warp is rewritten with flat samples");
    }
  }
  for (const NetworkFacts& facts : published_networks()) {
    const fs::path& path = folder.file(facts.network);
    if (path.empty()) continue;
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    ModelOptions own = options;
    const bool is_picture = facts.network == Network::appearance || facts.network == Network::stitch ||
                            facts.network == Network::warp || facts.network == Network::decoder;
    own.half_precision = wanted.half_precision && is_picture;  // the others overflow or drift in float16
    std::span<const std::byte> onnx = file->bytes();
    std::vector<std::byte> with_rim, changed;
    if (auto told = read_onnx(onnx); told && has_half_rim(*told)) {
      auto done = with_float32_rim(onnx);
      if (!done) return done.error().while_doing("reading " + path.filename().string());
      with_rim = std::move(*done);
      onnx = with_rim;
    }
    if (facts.network == Network::warp && provider != Provider::cpu) {
      auto newer = is_volume_known ? with_opset_20(onnx) : Result<std::vector<std::byte>>(Error{});
      if (!newer) newer = with_flat_samples(onnx);
      if (!newer)
        return newer.error().while_doing("rewriting the warp network for " + std::string(avatar::name(provider)));
      changed = std::move(*newer);
      onnx = changed;
    }
    if (auto loaded = load_one(facts.network, onnx, own, report); !loaded) return loaded;
  }
  options_ = options;
  if (auto tried = try_each(); !tried) return tried;
  if (provider != Provider::cpu) {
    const auto free_memory = [device = static_cast<size_t>(wanted.device)]() -> int64_t {
      auto gpus = find_gpus();
      return gpus && device < gpus->size() ? (*gpus)[device].free_memory : 0;
    };
    card_memory_ = std::max<int64_t>(0, free_before - free_memory());
    auto measured = measure_memory(free_memory);
    if (!measured) return measured.error();
    memory_ = *measured;
  }
  return {};
}

// What one more person takes: the features of some are made, and the card is asked before and after.
Result<CardMemory> Networks::measure_memory(const std::function<int64_t()>& free_memory) const {
  constexpr int kPeople = 8;
  const int64_t before = free_memory();
  std::vector<std::shared_ptr<const KeptTensor>> features;
  for (int i = 0; i < kPeople; ++i) {
    auto run = prepare(Network::appearance);
    if (!run) return run.error();
    auto kept = (*run)->keep(output(Network::appearance, 0));
    if (!kept) return kept.error();
    features.push_back(std::move(*kept));
  }
  const int64_t after = free_memory();
  return CardMemory{std::max((before - after) / kPeople, kFeatureBytes), after};
}

// Each once on zeros, to see that it runs and gives numbers, and once more for the time.
Result<void> Networks::try_each() {
  const SteadyClock clock;
  for (const NetworkFacts& facts : published_networks()) {
    const Loaded& l = loaded_[static_cast<size_t>(facts.network)];
    if (!l.model) continue;
    auto run = prepare(facts.network);
    if (!run) return run.error();
    if (auto done = (*run)->run(); !done) return done;
    for (const std::string& name : l.outputs) {
      const auto numbers = (*run)->output(name);
      const int64_t right_rows = kWindowRows * kAudioNumbers;
      if (facts.network == Network::hubert && static_cast<int64_t>(numbers.size()) != right_rows) {
        return Error{ErrorKind::invalid, "hubert.onnx does not give 20 rows of 1024 for a window"};
      }
      if (!std::all_of(numbers.begin(), numbers.end(), [](float v) { return std::isfinite(v); })) {
        return Error{ErrorKind::invalid, std::string(facts.files[0]) + " gives what is no number on " +
                                             std::string(avatar::name(provider_))};
      }
    }
    const auto before = clock.now();
    if (auto done = (*run)->run(); !done) return done;
    times_[static_cast<size_t>(facts.network)] = clock.now() - before;
  }
  const auto is_free = [&](Network n) {
    const auto specs = model(n)->inputs();
    return std::all_of(specs.begin(), specs.end(),
                       [](const TensorSpec& s) { return !s.shape.empty() && s.shape[0] < 0; });
  };
  can_batch_ = is_free(Network::stitch) && is_free(Network::warp) && is_free(Network::decoder);
  return {};
}

Result<std::shared_ptr<const Networks>> Networks::load(const ModelFolder& folder, const NetworkOptions& options,
                                                       const Report& report) {
  if (!folder.is_complete()) return folder.refusal();
  auto networks = std::make_shared<Networks>();
  if (!folder.settings.empty()) {
    auto file = MappedFile::open(folder.settings);
    auto settings = file ? read_settings(file->bytes()) : Result<Settings>(file.error());
    if (!settings) return settings.error();
    networks->settings_ = std::move(*settings);
  }
  std::vector<Provider> order = options.providers;
  if (order.empty()) order = {Provider::tensorrt, Provider::cuda};
  Error last;
  std::string reasons;
  for (const Provider provider : order) {
    auto loaded = networks->load_on(provider, folder, options, report);
    if (loaded) return std::shared_ptr<const Networks>(std::move(networks));
    last = loaded.error();
    report(std::string(avatar::name(provider)) + " is not used: " + last.message);
    reasons += (reasons.empty() ? "" : "; ") + std::string(avatar::name(provider)) + ": " + last.message;
    networks->loaded_ = {};
  }
  return Error{last.kind, "no provider can run the models: " + reasons};
}

Result<SeenFace> Networks::look_at(std::span<const float> planes) const {
  auto motion = prepare(Network::motion);
  auto appearance = prepare(Network::appearance);
  if (!motion) return motion.error();
  if (!appearance) return appearance.error();
  for (const auto& [run, network] :
       {std::pair{motion->get(), Network::motion}, {appearance->get(), Network::appearance}}) {
    const auto in = run->input(input(network, 0));
    CHECK(in.size() == planes.size());
    std::copy(planes.begin(), planes.end(), in.begin());
  }
  auto kept = (*appearance)->keep(output(Network::appearance, 0));
  if (!kept) return kept.error();
  SeenFace seen;
  seen.features = std::move(*kept);
  if (auto done = (*motion)->run(); !done) return done.error();
  if (auto done = (*appearance)->run(); !done) return done.error();
  const auto numbers = [&](size_t i) { return (*motion)->output(output(Network::motion, i)); };
  const auto copy = [&](size_t i, auto& to) { std::copy_n(numbers(i).begin(), to.size(), to.begin()); };
  copy(0, seen.source.pitch);
  copy(1, seen.source.yaw);
  copy(2, seen.source.roll);
  copy(3, seen.source.shift);
  copy(4, seen.source.expression);
  seen.source.scale = numbers(5)[0];
  copy(6, seen.source.points);
  return seen;
}

Result<std::vector<float>> Networks::landmarks(std::span<const float> planes) const {
  auto run = prepare(Network::landmarks);
  if (!run) return run.error();
  const auto in = (*run)->input(input(Network::landmarks, 0));
  CHECK(in.size() == planes.size());
  std::copy(planes.begin(), planes.end(), in.begin());
  if (auto done = (*run)->run(); !done) return done.error();
  const auto out = (*run)->output(output(Network::landmarks, 0));
  return std::vector<float>(out.begin(), out.end());
}

Result<HearWindow> Networks::hearing() const {
  auto run = prepare(Network::hubert);
  if (!run) return run.error();
  const std::shared_ptr<Inference> shared = std::move(*run);
  return HearWindow([shared, in = input(Network::hubert, 0), out = output(Network::hubert, 0)](
                        std::span<const float> window, std::span<float> rows) -> Result<void> {
    std::copy(window.begin(), window.end(), shared->input(in).begin());
    if (auto done = shared->run(); !done) return done;
    const auto found = shared->output(out);
    std::copy(found.begin(), found.end(), rows.begin());
    return {};
  });
}

Result<Networks::ClipNetwork> Networks::diffusion() const {
  auto run = prepare(Network::diffusion);
  if (!run) return run.error();
  const std::shared_ptr<Inference> shared = std::move(*run);
  const Loaded& l = loaded_[static_cast<size_t>(Network::diffusion)];
  ClipNetwork net;
  net.set = [shared, start_name = l.inputs[1], conditions_name = l.inputs[2]](std::span<const float> start,
                                                                              std::span<const float> conditions) {
    std::copy(start.begin(), start.end(), shared->input(start_name).begin());
    std::copy(conditions.begin(), conditions.end(), shared->input(conditions_name).begin());
  };
  net.denoise = [shared, x = l.inputs[0], time = l.inputs[3], noise = l.outputs[0],
                 clean = l.outputs[1]](const Denoising& d) -> Result<void> {
    std::copy(d.x.begin(), d.x.end(), shared->input(x).begin());
    shared->integers(time)[0] = d.time;
    if (auto done = shared->run(); !done) return done;
    std::copy_n(shared->output(noise).begin(), d.noise.size(), d.noise.begin());
    std::copy_n(shared->output(clean).begin(), d.clean.size(), d.clean.begin());
    return {};
  };
  return net;
}

class Networks::Chain final : public PictureChain {
 public:
  Chain(const Networks& n, std::unique_ptr<Inference> stitch, std::unique_ptr<Inference> warp,
        std::unique_ptr<Inference> decoder, std::unique_ptr<Inference> join)
      : n_(n),
        stitch_(std::move(stitch)),
        warp_(std::move(warp)),
        decoder_(std::move(decoder)),
        join_(std::move(join)) {}

  // What one network leaves for the next stays where it is.
  Result<void> connect() {
    auto warped = warp_->keep(n_.output(Network::warp, 0));
    if (!warped) return warped.error();
    decoder_->take(n_.input(Network::decoder, 0), std::move(*warped));
    if (!join_) return {};
    auto joined = join_->keep("y");
    if (!joined) return joined.error();
    warp_->take(n_.input(Network::warp, 0), std::move(*joined));
    return {};
  }

  Result<void> draw(std::span<const Order> orders) override {
    const auto put = [](std::span<const float> from, std::span<float> to, size_t index) {
      std::copy(from.begin(), from.end(), to.begin() + static_cast<std::ptrdiff_t>(index * from.size()));
    };
    count_ = orders.size();
    for (size_t i = 0; i < count_; ++i) {
      put(orders[i].source, stitch_->input(n_.input(Network::stitch, 0)), i);
      put(orders[i].driving, stitch_->input(n_.input(Network::stitch, 1)), i);
      put(orders[i].source, warp_->input(n_.input(Network::warp, 1)), i);
      if (join_) {
        join_->take(kJoined[i], orders[i].features);
      } else {
        warp_->take(n_.input(Network::warp, 0), orders[i].features);
      }
    }
    if (auto done = stitch_->run(); !done) return done;
    const auto stitched = stitch_->output(n_.output(Network::stitch, 0));
    std::copy(stitched.begin(), stitched.end(), warp_->input(n_.input(Network::warp, 2)).begin());
    if (join_) {
      if (auto done = join_->run(); !done) return done;
    }
    if (auto done = warp_->run(); !done) return done;
    return decoder_->run();
  }

  [[nodiscard]] std::span<const float> picture(size_t index) const override {
    const auto all = decoder_->output(n_.output(Network::decoder, 0));
    const size_t size = all.size() / count_;
    return all.subspan(index * size, size);
  }

 private:
  const Networks& n_;
  std::unique_ptr<Inference> stitch_, warp_, decoder_;
  std::unique_ptr<Inference> join_;  // of features, if there are several
  size_t count_ = 1;
};

Result<std::unique_ptr<Networks::PictureChain>> Networks::pictures(int batch) const {
  CHECK(batch == 1 || (can_batch_ && batch <= kMostPictures));
  auto stitch = prepare(Network::stitch, batch), warp = prepare(Network::warp, batch),
       decoder = prepare(Network::decoder, batch);
  for (const auto* made : {&stitch, &warp, &decoder}) {
    if (!*made) return made->error();
  }
  std::unique_ptr<Inference> join;
  if (batch > 1) {
    ModelOptions options{.provider = options_.provider == Provider::cpu ? Provider::cpu : Provider::cuda,
                         .device = options_.device,
                         .is_strict = true};
    auto model = Model::load("that joins features", join_network(batch, kFeatureSizes), options);
    if (!model) return model.error();
    auto prepared = (*model)->prepare();
    if (!prepared) return prepared.error();
    join = std::move(*prepared);
  }
  auto chain =
      std::make_unique<Chain>(*this, std::move(*stitch), std::move(*warp), std::move(*decoder), std::move(join));
  if (auto connected = chain->connect(); !connected) return connected.error();
  return std::unique_ptr<PictureChain>(std::move(chain));
}

}  // namespace avatar::neural
