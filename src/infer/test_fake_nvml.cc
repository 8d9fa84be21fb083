// SPDX-License-Identifier: Apache-2.0
// NVIDIA's management library as tests want it: one card. MADE_CARD_CAPABILITY (89) and MADE_CARD_FREE_MB (20480) say
// another one.
#include <cstdio>
#include <cstdlib>

namespace {
int setting(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}
}  // namespace

extern "C" {
int getInferLibVersion() { return 100903; }  // as TensorRT's
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetCount_v2(unsigned* n) {
  *n = 1;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = nullptr;
  return index == 0 ? 0 : 2;
}
int nvmlDeviceGetName(void*, char* name, unsigned size) { return std::snprintf(name, size, "Made Card") > 0 ? 0 : 1; }
int nvmlDeviceGetMemoryInfo(void*, unsigned long long* memory) {
  memory[0] = 24ULL << 30;
  memory[1] = static_cast<unsigned long long>(setting("MADE_CARD_FREE_MB", 20480)) << 20;
  memory[2] = memory[0] - memory[1];
  return 0;
}
int nvmlDeviceGetCudaComputeCapability(void*, int* major, int* minor) {
  const int capability = setting("MADE_CARD_CAPABILITY", 89);
  *major = capability / 10;
  *minor = capability % 10;
  return 0;
}
int nvmlSystemGetDriverVersion(char* version, unsigned size) {
  return std::snprintf(version, size, "550.1") > 0 ? 0 : 1;
}
}
