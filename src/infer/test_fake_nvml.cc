// SPDX-License-Identifier: Apache-2.0
// NVIDIA's management library as infer/gpu_test.cc wants it: one card.
#include <cstdio>

extern "C" {
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
  memory[1] = 20ULL << 30;
  memory[2] = 4ULL << 30;
  return 0;
}
int nvmlDeviceGetCudaComputeCapability(void*, int* major, int* minor) {
  *major = 8;
  *minor = 9;
  return 0;
}
int nvmlSystemGetDriverVersion(char* version, unsigned size) {
  return std::snprintf(version, size, "550.1") > 0 ? 0 : 1;
}
}
