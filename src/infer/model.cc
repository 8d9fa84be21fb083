// SPDX-License-Identifier: Apache-2.0
#include "infer/model.h"

#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace avatar {
namespace {

// The C interface: it reports by status and throws nothing.
const OrtApi* api() {
  static const OrtApi* const ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  return ort;
}

template <auto Release>
struct Releaser {
  template <typename T>
  void operator()(T* p) const {
    (api()->*Release)(p);
  }
};
template <typename T, auto Release>
using Owned = std::unique_ptr<T, Releaser<Release>>;

using Env = Owned<OrtEnv, &OrtApi::ReleaseEnv>;
using Options = Owned<OrtSessionOptions, &OrtApi::ReleaseSessionOptions>;
using Session = Owned<OrtSession, &OrtApi::ReleaseSession>;
using Memory = Owned<OrtMemoryInfo, &OrtApi::ReleaseMemoryInfo>;
using Allocator = Owned<OrtAllocator, &OrtApi::ReleaseAllocator>;
using Value = Owned<OrtValue, &OrtApi::ReleaseValue>;
using TypeInfo = Owned<OrtTypeInfo, &OrtApi::ReleaseTypeInfo>;
using CudaOptions = Owned<OrtCUDAProviderOptionsV2, &OrtApi::ReleaseCUDAProviderOptions>;
using TensorRtOptions = Owned<OrtTensorRTProviderOptionsV2, &OrtApi::ReleaseTensorRTProviderOptions>;

/// As ONNX Runtime's arenas, the host, CUDA, cuBLAS and cuDNN say that the memory is full.
bool is_memory_full(std::string_view message) {
  for (const std::string_view words : {"Failed to allocate memory", "smaller than requested bytes", "bad_alloc",
                                       "bad allocation", "out of memory", "CUDA failure 2:", "ALLOC_FAILED"}) {
    if (message.find(words) != std::string_view::npos) return true;
  }
  return false;
}

/// Takes the status; its words become the error's.
Result<void> check(OrtStatus* status, const std::string& name) {
  if (status == nullptr) return {};
  std::string words = api()->GetErrorMessage(status);
  api()->ReleaseStatus(status);
  words = words.substr(0, words.find('\n'));  // what follows is a stack
  if (is_memory_full(words)) {
    return Error{ErrorKind::busy, "the memory is full: the network " + name + " got none; run fewer sessions"};
  }
  return Error{ErrorKind::internal, "the network " + name + " failed: " + words};
}

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): returns from the caller
#define RETURN_IF_FAILED(call)                                                \
  do {                                                                        \
    if (auto checked = check((call), name); !checked) return checked.error(); \
  } while (false)

constexpr std::pair<Provider, const char*> kProviders[] = {  // the fastest first
    {Provider::tensorrt, "TensorrtExecutionProvider"},
    {Provider::cuda, "CUDAExecutionProvider"},
    {Provider::cpu, "CPUExecutionProvider"}};

ONNXTensorElementDataType element_type(const TensorSpec& spec) {
  return spec.element == TensorSpec::Element::int64 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64
                                                    : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}
size_t element_size(const TensorSpec& spec) {
  return spec.element == TensorSpec::Element::int64 ? sizeof(int64_t) : sizeof(float);
}

struct Network {
  std::string name;
  ModelOptions options;
  Env env;  // ONNX Runtime counts its users: every network holds the same one
  Session session;
  std::vector<TensorSpec> inputs, outputs;
};

/// Where tensors lie: on the host (pinned, if a card fetches them), or with the provider.
class Place {
 public:
  static Result<std::shared_ptr<const Place>> make(std::shared_ptr<const Network> network, bool is_on_card) {
    const ModelOptions& options = network->options;
    if (options.provider == Provider::cpu) return make(std::move(network), "Cpu", 0);
    if (is_on_card) return make(std::move(network), "Cuda", options.device);
    // Pinned memory reaches the card without a copy in between. It is the card's, in older versions always the first
    // one's; where there is none, any memory will do.
    for (const int owner : {options.device, 0}) {
      if (auto pinned = make(network, "CudaPinned", owner)) return pinned;
    }
    return make(std::move(network), "Cpu", 0);
  }

  [[nodiscard]] Result<OrtValue*> tensor(const TensorSpec& spec) const {
    const std::string& name = network_->name;
    OrtValue* value = nullptr;
    RETURN_IF_FAILED(api()->CreateTensorAsOrtValue(allocator_.get(), spec.shape.data(), spec.shape.size(),
                                                   element_type(spec), &value));
    return value;
  }

 private:
  static Result<std::shared_ptr<const Place>> make(std::shared_ptr<const Network> network, const char* where,
                                                   int device) {
    const std::string& name = network->name;
    auto place = std::make_shared<Place>();
    OrtMemoryInfo* memory = nullptr;
    RETURN_IF_FAILED(api()->CreateMemoryInfo(where, OrtDeviceAllocator, device, OrtMemTypeDefault, &memory));
    const Memory owned(memory);
    OrtAllocator* allocator = nullptr;
    RETURN_IF_FAILED(api()->CreateAllocator(network->session.get(), memory, &allocator));
    place->allocator_.reset(allocator);
    place->network_ = std::move(network);
    return std::shared_ptr<const Place>(std::move(place));
  }

  std::shared_ptr<const Network> network_;  // outlives its allocator
  Allocator allocator_;
};

class OrtTensor final : public KeptTensor {
 public:
  OrtTensor(std::shared_ptr<const Place> place, OrtValue* value) : place_(std::move(place)), value_(value) {}
  [[nodiscard]] OrtValue* value() const { return value_.get(); }

 private:
  std::shared_ptr<const Place> place_;
  Value value_;
};

class OrtInference final : public Inference {
 public:
  explicit OrtInference(std::shared_ptr<const Network> network) : network_(std::move(network)) {}

  Result<void> bind(const Model::Shapes& shapes) {
    auto host = Place::make(network_, false);
    if (!host) return host.error();
    for (auto [specs, tensors] : {std::pair{&network_->inputs, &inputs_}, std::pair{&network_->outputs, &outputs_}}) {
      for (const TensorSpec& known : *specs) {
        TensorSpec spec = known;
        for (const auto& [name, shape] : shapes) {
          if (name == spec.name) spec.shape = shape;
        }
        const bool is_known =
            spec.element == TensorSpec::Element::float32 || spec.element == TensorSpec::Element::int64;
        if (!spec.is_fixed() || !is_known) {
          return Error{ErrorKind::invalid, "the network " + network_->name + " has a tensor " + spec.name +
                                               " that is not float32 or int64 of a fixed shape; export it so"};
        }
        if (auto added = tensors->add(std::move(spec), *host); !added) return added;
      }
    }
    for (auto* tensors : {&inputs_, &outputs_}) {
      for (const TensorSpec& spec : tensors->specs) tensors->names.push_back(spec.name.c_str());
    }
    return {};
  }

  std::span<float> input(std::string_view name) override {
    const size_t i = inputs_.index(name);
    CHECK(inputs_.specs[i].element == TensorSpec::Element::float32);
    return {static_cast<float*>(inputs_.data[i]), inputs_.specs[i].size()};
  }
  std::span<int64_t> integers(std::string_view name) override {
    const size_t i = inputs_.index(name);
    CHECK(inputs_.specs[i].element == TensorSpec::Element::int64);
    return {static_cast<int64_t*>(inputs_.data[i]), inputs_.specs[i].size()};
  }

  void take(std::string_view name, std::shared_ptr<const KeptTensor> tensor) override {
    const size_t i = inputs_.index(name);
    inputs_.values[i] = static_cast<const OrtTensor&>(*tensor).value();
    inputs_.owned[i] = std::move(tensor);
  }

  Result<std::shared_ptr<const KeptTensor>> keep(std::string_view name) override {
    const size_t i = outputs_.index(name);
    auto place = Place::make(network_, true);
    if (!place) return place.error();
    auto value = (*place)->tensor(outputs_.specs[i]);
    if (!value) return value.error();
    auto tensor = std::make_shared<const OrtTensor>(*place, *value);
    outputs_.values[i] = *value;
    outputs_.owned[i] = tensor;
    outputs_.data[i] = nullptr;
    return std::shared_ptr<const KeptTensor>(std::move(tensor));
  }

  // Every tensor is given where it lies, outputs too. Run() moves only what lies elsewhere than its node, so this does
  // what ONNX Runtime's IoBinding does, and needs no other names for it.
  Result<void> run() override {
    return check(
        api()->Run(network_->session.get(), nullptr, inputs_.names.data(), inputs_.values.data(), inputs_.values.size(),
                   outputs_.names.data(), outputs_.names.size(), outputs_.values.data()),
        network_->name);
  }

  std::span<const float> output(std::string_view name) const override {
    const size_t i = outputs_.index(name);
    if (outputs_.data[i] == nullptr) return {};
    return {static_cast<const float*>(outputs_.data[i]), outputs_.specs[i].size()};
  }
  std::span<const int64_t> output_shape(std::string_view name) const override {
    return outputs_.specs[outputs_.index(name)].shape;
  }

 private:
  struct Tensors {
    std::vector<TensorSpec> specs;
    std::vector<void*> data;  // on the host; null: the tensor is elsewhere
    std::vector<std::shared_ptr<const KeptTensor>> owned;
    std::vector<OrtValue*> values;   // as Run() wants them
    std::vector<const char*> names;  // point into specs

    Result<void> add(TensorSpec spec, const std::shared_ptr<const Place>& host) {
      auto value = host->tensor(spec);
      if (!value) return value.error();
      owned.push_back(std::make_shared<const OrtTensor>(host, *value));
      void* numbers = nullptr;
      if (auto got = check(api()->GetTensorMutableData(*value, &numbers), spec.name); !got) return got;
      std::memset(numbers, 0, spec.size() * element_size(spec));
      specs.push_back(std::move(spec));
      data.push_back(numbers);
      values.push_back(*value);
      return {};
    }
    [[nodiscard]] size_t index(std::string_view name) const {
      for (size_t i = 0; i < specs.size(); ++i) {
        if (specs[i].name == name) return i;
      }
      CHECK(false && "the network has no tensor of this name");
      return 0;
    }
  };

  std::shared_ptr<const Network> network_;
  Tensors inputs_, outputs_;
};

class OrtModel final : public Model {
 public:
  explicit OrtModel(std::shared_ptr<const Network> network) : network_(std::move(network)) {}

  std::span<const TensorSpec> inputs() const override { return network_->inputs; }
  std::span<const TensorSpec> outputs() const override { return network_->outputs; }

  Result<std::unique_ptr<Inference>> prepare(const Shapes& shapes) const override {
    auto inference = std::make_unique<OrtInference>(network_);
    if (auto bound = inference->bind(shapes); !bound) return bound.error();
    return std::unique_ptr<Inference>(std::move(inference));
  }

 private:
  std::shared_ptr<const Network> network_;
};

Result<TensorSpec> spec_of(const Network& network, bool is_input, size_t index) {
  const std::string& name = network.name;
  OrtSession* session = network.session.get();
  OrtAllocator* allocator = nullptr;
  RETURN_IF_FAILED(api()->GetAllocatorWithDefaultOptions(&allocator));
  char* tensor_name = nullptr;
  RETURN_IF_FAILED(
      (is_input ? api()->SessionGetInputName : api()->SessionGetOutputName)(session, index, allocator, &tensor_name));
  TensorSpec spec{tensor_name, TensorSpec::Element::other, {}};
  RETURN_IF_FAILED(api()->AllocatorFree(allocator, tensor_name));

  OrtTypeInfo* type = nullptr;
  RETURN_IF_FAILED(
      (is_input ? api()->SessionGetInputTypeInfo : api()->SessionGetOutputTypeInfo)(session, index, &type));
  const TypeInfo owned(type);
  const OrtTensorTypeAndShapeInfo* shape = nullptr;
  RETURN_IF_FAILED(api()->CastTypeInfoToTensorInfo(type, &shape));
  if (shape == nullptr) return spec;
  ONNXTensorElementDataType element{};
  RETURN_IF_FAILED(api()->GetTensorElementType(shape, &element));
  if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) spec.element = TensorSpec::Element::float32;
  if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16) spec.element = TensorSpec::Element::float16;
  if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) spec.element = TensorSpec::Element::int64;
  size_t rank = 0;
  RETURN_IF_FAILED(api()->GetDimensionsCount(shape, &rank));
  spec.shape.resize(rank);
  RETURN_IF_FAILED(api()->GetDimensions(shape, spec.shape.data(), rank));
  return spec;
}

// Names and values as the two Update...ProviderOptions() want them.
struct Settings {
  std::vector<std::pair<std::string, std::string>> list;
  [[nodiscard]] std::vector<const char*> keys() const {
    std::vector<const char*> all;
    for (const auto& [key, value] : list) all.push_back(key.c_str());
    return all;
  }
  [[nodiscard]] std::vector<const char*> values() const {
    std::vector<const char*> all;
    for (const auto& [key, value] : list) all.push_back(value.c_str());
    return all;
  }
};

Result<void> append_cuda(OrtSessionOptions* session, const ModelOptions& o, const std::string& name) {
  OrtCUDAProviderOptionsV2* options = nullptr;
  RETURN_IF_FAILED(api()->CreateCUDAProviderOptions(&options));
  const CudaOptions owned(options);
  const Settings settings{{{"device_id", std::to_string(o.device)},
                           {"arena_extend_strategy", "kSameAsRequested"},  // many networks share one card
                           {"cudnn_conv_algo_search", "HEURISTIC"},        // EXHAUSTIVE costs half a minute of start
                           {"use_tf32", "1"}}};
  RETURN_IF_FAILED(api()->UpdateCUDAProviderOptions(options, settings.keys().data(), settings.values().data(),
                                                    settings.list.size()));
  RETURN_IF_FAILED(api()->SessionOptionsAppendExecutionProvider_CUDA_V2(session, options));
  return {};
}

Result<void> append_tensorrt(OrtSessionOptions* session, const ModelOptions& o, const std::string& name) {
  OrtTensorRTProviderOptionsV2* options = nullptr;
  RETURN_IF_FAILED(api()->CreateTensorRTProviderOptions(&options));
  const TensorRtOptions owned(options);
  Settings settings{{{"device_id", std::to_string(o.device)}, {"trt_fp16_enable", o.half_precision ? "1" : "0"}}};
  if (!o.engine_cache.empty()) {
    settings.list.insert(settings.list.end(), {{"trt_engine_cache_enable", "1"},
                                               {"trt_engine_cache_path", o.engine_cache.string()},
                                               {"trt_timing_cache_enable", "1"},
                                               {"trt_timing_cache_path", o.engine_cache.string()}});
  }
  if (!o.excluded_operators.empty()) settings.list.emplace_back("trt_op_types_to_exclude", o.excluded_operators);
  RETURN_IF_FAILED(api()->UpdateTensorRTProviderOptions(options, settings.keys().data(), settings.values().data(),
                                                        settings.list.size()));
  RETURN_IF_FAILED(api()->SessionOptionsAppendExecutionProvider_TensorRT_V2(session, options));
  return {};
}

Result<void> append_provider(OrtSessionOptions* session, const ModelOptions& o, const std::string& name) {
  if (o.provider == Provider::cpu) return {};
  const auto known = built_in_providers();
  if (std::find(known.begin(), known.end(), o.provider) == known.end()) {
    std::string has;
    for (const Provider p : known) has += (has.empty() ? "" : ", ") + std::string(avatar::name(p));
    return Error{ErrorKind::unsupported, "this ONNX Runtime (" + runtime_version() + ") has no " +
                                             std::string(avatar::name(o.provider)) + " provider, it has: " + has};
  }
  // What TensorRT leaves, CUDA takes.
  auto appended = o.provider == Provider::tensorrt ? append_tensorrt(session, o, name) : Result<void>();
  if (appended) appended = append_cuda(session, o, name);
  if (appended) return {};
  // "... Failed to load library A with error: B: cannot open shared object file": a provider is a library of its own.
  const std::string& words = appended.error().message;
  constexpr std::string_view kWhy = "with error: ";
  const size_t why = words.find(kWhy);
  if (why == std::string::npos) return Error{ErrorKind::unsupported, words};
  return Error{ErrorKind::unsupported,
               "ONNX Runtime " + runtime_version() + " cannot load its " + std::string(avatar::name(o.provider)) +
                   " library: " + words.substr(why + kWhy.size()) + "; docs/neural.md says where to get it"};
}

}  // namespace

std::string_view name(Provider provider) {
  constexpr std::string_view kNames[] = {"cpu", "cuda", "tensorrt"};
  return kNames[static_cast<size_t>(provider)];
}

std::string runtime_version() { return OrtGetApiBase()->GetVersionString(); }

std::vector<Provider> built_in_providers() {
  std::vector<Provider> known;
  char** names = nullptr;
  int count = 0;
  if (api() != nullptr && check(api()->GetAvailableProviders(&names, &count), "")) {
    for (const auto& [provider, called] : kProviders) {
      if (std::any_of(names, names + count, [called = called](const char* n) { return std::strcmp(n, called) == 0; })) {
        known.push_back(provider);
      }
    }
    const auto released = check(api()->ReleaseAvailableProviders(names, count), "");
    CHECK(released.has_value());
  }
  return known;
}

bool TensorSpec::is_fixed() const {
  return std::all_of(shape.begin(), shape.end(), [](int64_t d) { return d > 0; });
}

size_t TensorSpec::size() const {
  size_t n = 1;
  for (const int64_t d : shape) n *= static_cast<size_t>(d);
  return n;
}

Result<std::shared_ptr<const Model>> Model::load(std::string_view model_name, std::span<const std::byte> onnx,
                                                 const ModelOptions& wanted) {
  if (api() == nullptr) {
    return Error{ErrorKind::unavailable,
                 "ONNX Runtime " + runtime_version() + " is too old; install a later one and set ONNXRUNTIME_LIB"};
  }
  auto network = std::make_shared<Network>();
  const std::string& name = network->name = model_name;
  network->options = wanted;

  OrtEnv* env = nullptr;
  RETURN_IF_FAILED(api()->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "avatar", &env));
  network->env.reset(env);

  OrtSessionOptions* options = nullptr;
  RETURN_IF_FAILED(api()->CreateSessionOptions(&options));
  const Options owned(options);
  RETURN_IF_FAILED(api()->SetIntraOpNumThreads(options, wanted.threads));
  RETURN_IF_FAILED(api()->SetInterOpNumThreads(options, 1));
  RETURN_IF_FAILED(api()->SetSessionExecutionMode(options, ORT_SEQUENTIAL));
  RETURN_IF_FAILED(api()->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  if (wanted.is_strict && wanted.provider != Provider::cpu) {
    RETURN_IF_FAILED(api()->AddSessionConfigEntry(options, kOrtSessionOptionsDisableCPUEPFallback, "1"));
  }
  if (auto appended = append_provider(options, wanted, name); !appended) return appended.error();

  OrtSession* session = nullptr;
  if (auto made = check(api()->CreateSessionFromArray(env, onnx.data(), onnx.size(), options, &session), name); !made) {
    return made.error().kind == ErrorKind::busy ? made.error() : Error{ErrorKind::invalid, made.error().message};
  }
  network->session.reset(session);

  size_t inputs = 0, outputs = 0;
  RETURN_IF_FAILED(api()->SessionGetInputCount(session, &inputs));
  RETURN_IF_FAILED(api()->SessionGetOutputCount(session, &outputs));
  for (size_t i = 0; i < inputs + outputs; ++i) {
    const bool is_input = i < inputs;
    auto spec = spec_of(*network, is_input, is_input ? i : i - inputs);
    if (!spec) return spec.error();
    (is_input ? network->inputs : network->outputs).push_back(std::move(*spec));
  }
  return std::shared_ptr<const Model>(std::make_shared<OrtModel>(std::move(network)));
}

}  // namespace avatar
