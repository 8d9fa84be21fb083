// SPDX-License-Identifier: Apache-2.0
#include "infer/gpu.h"

#include <dlfcn.h>

#include <array>
#include <memory>

namespace avatar {
namespace {

// nvml.h in small.
struct Memory {
  unsigned long long total, free, used;  // NOLINT(google-runtime-int): as the library has it
};
using Device = void*;
constexpr int kSuccess = 0;

struct Close {
  void operator()(void* library) const { dlclose(library); }
};

}  // namespace

Result<std::vector<Gpu>> find_gpus(const std::string& name) {
  const auto none = [](const std::string& why) { return Error{ErrorKind::unavailable, why}; };
  const std::unique_ptr<void, Close> library(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) return none("no NVIDIA driver is installed here");
  const auto get = [&](const char* symbol) { return dlsym(library.get(), symbol); };
  const auto start = reinterpret_cast<int (*)()>(get("nvmlInit_v2"));
  const auto stop = reinterpret_cast<int (*)()>(get("nvmlShutdown"));
  const auto count = reinterpret_cast<int (*)(unsigned*)>(get("nvmlDeviceGetCount_v2"));
  const auto by_index = reinterpret_cast<int (*)(unsigned, Device*)>(get("nvmlDeviceGetHandleByIndex_v2"));
  const auto get_name = reinterpret_cast<int (*)(Device, char*, unsigned)>(get("nvmlDeviceGetName"));
  const auto get_memory = reinterpret_cast<int (*)(Device, Memory*)>(get("nvmlDeviceGetMemoryInfo"));
  const auto get_capability = reinterpret_cast<int (*)(Device, int*, int*)>(get("nvmlDeviceGetCudaComputeCapability"));
  const auto get_driver = reinterpret_cast<int (*)(char*, unsigned)>(get("nvmlSystemGetDriverVersion"));
  if (start == nullptr || stop == nullptr || count == nullptr || by_index == nullptr || get_name == nullptr ||
      get_memory == nullptr || get_driver == nullptr) {
    return none("the NVIDIA driver is too old");
  }
  if (const int code = start(); code != kSuccess) {
    return none("the NVIDIA driver does not answer (code " + std::to_string(code) + ")");
  }
  std::vector<Gpu> gpus;
  unsigned n = 0;
  if (count(&n) != kSuccess) n = 0;
  std::array<char, 96> driver{};
  if (get_driver(driver.data(), driver.size()) != kSuccess) driver[0] = 0;
  for (unsigned i = 0; i < n; ++i) {
    Device device = nullptr;
    std::array<char, 96> called{};
    Memory memory{};
    if (by_index(i, &device) != kSuccess || get_memory(device, &memory) != kSuccess) continue;
    if (get_name(device, called.data(), called.size()) != kSuccess) called[0] = 0;
    int major = 0, minor = 0;
    if (get_capability == nullptr || get_capability(device, &major, &minor) != kSuccess) major = minor = 0;
    gpus.push_back({static_cast<int>(i), called.data(), driver.data(), major * 10 + minor,
                    static_cast<int64_t>(memory.total), static_cast<int64_t>(memory.free)});
  }
  stop();
  if (gpus.empty()) return none("there is no NVIDIA card that answers");
  return gpus;
}

std::string tensorrt_version(const std::string& name) {
  const std::unique_ptr<void, Close> library(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) return "none";
  const auto version = reinterpret_cast<int (*)()>(dlsym(library.get(), "getInferLibVersion"));
  if (version == nullptr) return "none";
  const int n = version();  // since 10: 10000 major + 100 minor + patch (NvInferVersion.h)
  return std::to_string(n / 10000) + "." + std::to_string(n / 100 % 100) + "." + std::to_string(n % 100);
}

}  // namespace avatar
