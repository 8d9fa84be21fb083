// SPDX-License-Identifier: Apache-2.0
#include "infer/model.h"

#include <onnxruntime_c_api.h>

#include <utility>

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
using Value = Owned<OrtValue, &OrtApi::ReleaseValue>;
using TypeInfo = Owned<OrtTypeInfo, &OrtApi::ReleaseTypeInfo>;

/// Takes the status; its words become the error's.
Result<void> check(OrtStatus* status, const std::string& name) {
  if (status == nullptr) return {};
  Error error{ErrorKind::internal, "the network " + name + " failed: " + api()->GetErrorMessage(status)};
  api()->ReleaseStatus(status);
  return error;
}

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): returns from the caller
#define RETURN_IF_FAILED(call)                                                \
  do {                                                                        \
    if (auto checked = check((call), name); !checked) return checked.error(); \
  } while (false)

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  [[nodiscard]] size_t size() const {
    size_t n = 1;
    for (const int64_t d : shape) n *= static_cast<size_t>(d);
    return n;
  }
};

struct Network {
  std::string name;
  Env env;  // ONNX Runtime counts its users: every network holds the same one
  Session session;
  std::vector<TensorSpec> inputs, outputs;
};

class OrtInference final : public Inference {
 public:
  explicit OrtInference(std::shared_ptr<const Network> network) : network_(std::move(network)) {}

  Result<void> bind() {
    const std::string& name = network_->name;
    OrtMemoryInfo* memory = nullptr;
    RETURN_IF_FAILED(api()->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory));
    const Memory owned(memory);
    for (auto [specs, tensors] : {std::pair{&network_->inputs, &inputs_}, std::pair{&network_->outputs, &outputs_}}) {
      for (const TensorSpec& spec : *specs) {
        tensors->data.emplace_back(spec.size());
        auto& data = tensors->data.back();
        OrtValue* value = nullptr;
        RETURN_IF_FAILED(api()->CreateTensorWithDataAsOrtValue(memory, data.data(), data.size() * sizeof(float),
                                                               spec.shape.data(), spec.shape.size(),
                                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
        tensors->owned.emplace_back(value);
        tensors->values.push_back(value);
        tensors->names.push_back(spec.name.c_str());
      }
    }
    return {};
  }

  std::span<float> input(std::string_view name) override { return inputs_.data[index(network_->inputs, name)]; }

  Result<void> run() override {
    return check(
        api()->Run(network_->session.get(), nullptr, inputs_.names.data(), inputs_.values.data(), inputs_.values.size(),
                   outputs_.names.data(), outputs_.names.size(), outputs_.values.data()),
        network_->name);
  }

  std::span<const float> output(std::string_view name) const override {
    return outputs_.data[index(network_->outputs, name)];
  }
  std::span<const int64_t> output_shape(std::string_view name) const override {
    return network_->outputs[index(network_->outputs, name)].shape;
  }

 private:
  struct Tensors {
    std::vector<std::vector<float>> data;
    std::vector<Value> owned;
    std::vector<OrtValue*> values;   // as Run() wants them
    std::vector<const char*> names;  // point into the network's specs
  };

  static size_t index(const std::vector<TensorSpec>& specs, std::string_view name) {
    for (size_t i = 0; i < specs.size(); ++i) {
      if (specs[i].name == name) return i;
    }
    CHECK(false && "the network has no tensor of this name");
    return 0;
  }

  std::shared_ptr<const Network> network_;
  Tensors inputs_, outputs_;
};

class OrtModel final : public Model {
 public:
  explicit OrtModel(std::shared_ptr<const Network> network) : network_(std::move(network)) {}

  Result<std::unique_ptr<Inference>> prepare() const override {
    auto inference = std::make_unique<OrtInference>(network_);
    if (auto bound = inference->bind(); !bound) return bound.error();
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
  TensorSpec spec{tensor_name, {}};
  RETURN_IF_FAILED(api()->AllocatorFree(allocator, tensor_name));

  OrtTypeInfo* type = nullptr;
  RETURN_IF_FAILED(
      (is_input ? api()->SessionGetInputTypeInfo : api()->SessionGetOutputTypeInfo)(session, index, &type));
  const TypeInfo owned(type);
  const OrtTensorTypeAndShapeInfo* shape = nullptr;
  RETURN_IF_FAILED(api()->CastTypeInfoToTensorInfo(type, &shape));
  const Error unusable{ErrorKind::invalid, "the network " + name + " has a tensor " + spec.name +
                                               " that is not float32 of a fixed shape; export it so"};
  if (shape == nullptr) return unusable;
  ONNXTensorElementDataType element{};
  RETURN_IF_FAILED(api()->GetTensorElementType(shape, &element));
  size_t rank = 0;
  RETURN_IF_FAILED(api()->GetDimensionsCount(shape, &rank));
  spec.shape.resize(rank);
  RETURN_IF_FAILED(api()->GetDimensions(shape, spec.shape.data(), rank));
  bool fixed = element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  for (const int64_t d : spec.shape) fixed = fixed && d > 0;
  if (!fixed) return unusable;
  return spec;
}

}  // namespace

Result<std::shared_ptr<const Model>> Model::load(std::string_view model_name, std::span<const std::byte> onnx) {
  if (api() == nullptr) {
    return Error{ErrorKind::unavailable, std::string("ONNX Runtime ") + OrtGetApiBase()->GetVersionString() +
                                             " is too old; install a later one and set ONNXRUNTIME_LIB"};
  }
  auto network = std::make_shared<Network>();
  const std::string& name = network->name = model_name;

  OrtEnv* env = nullptr;
  RETURN_IF_FAILED(api()->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "avatar", &env));
  network->env.reset(env);

  OrtSessionOptions* options = nullptr;
  RETURN_IF_FAILED(api()->CreateSessionOptions(&options));
  const Options owned(options);
  RETURN_IF_FAILED(api()->SetIntraOpNumThreads(options, 1));
  RETURN_IF_FAILED(api()->SetInterOpNumThreads(options, 1));
  RETURN_IF_FAILED(api()->SetSessionExecutionMode(options, ORT_SEQUENTIAL));
  RETURN_IF_FAILED(api()->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));

  OrtSession* session = nullptr;
  if (auto made = check(api()->CreateSessionFromArray(env, onnx.data(), onnx.size(), options, &session), name); !made) {
    return Error{ErrorKind::invalid, made.error().message};
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
