// SPDX-License-Identifier: Apache-2.0
// For train_lips.py: files of raw sound (32-bit floats, mono, 48 kHz) -> files of LipsInput values, [frame][kSize].
//
//   lips_inputs IN OUT [IN OUT ...]
#include "motion/lips_input.h"

#include <fstream>
#include <iterator>
#include <vector>

#include "speech/features.h"

int main(int count, char** names) {
  for (int i = 1; i + 1 < count; i += 2) {
    std::ifstream in(names[i], std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    const auto* samples = reinterpret_cast<const float*>(bytes.data());
    std::vector<float> sound(samples, samples + bytes.size() / sizeof(float));
    const size_t frames = sound.size() / 480;
    sound.resize(sound.size() + 48000);  // so that the last frames are complete

    avatar::Features features;
    avatar::LipsInput input;
    const auto heard = features.hear(sound);
    std::ofstream out(names[i + 1], std::ios::binary);
    for (size_t k = 0; k < frames; ++k) {
      const auto values = input.hear(heard[k]);
      out.write(reinterpret_cast<const char*>(values.data()), sizeof(values));
    }
    if (!out) return 1;
  }
}
