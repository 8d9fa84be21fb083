// SPDX-License-Identifier: Apache-2.0
// A network's file as it is looked at and changed before it is run: what was changed can be read again.
#include "fuzz_input.h"
#include "infer/onnx_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  avatar::FuzzInput in(data, size);
  const auto file = avatar::read_onnx(in.bytes());
  for (const auto change : {avatar::with_opset_20, avatar::with_flat_samples, avatar::with_float32_rim}) {
    const auto changed = change(in.bytes());
    FUZZ_EXPECT(!file || !changed || avatar::read_onnx(*changed));
  }
  return 0;
}
