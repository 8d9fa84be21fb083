// SPDX-License-Identifier: Apache-2.0
// For gather.py and perceptron.py: files of raw sound (32-bit floats, mono, 48 kHz) -> files of what the networks hear, from the product's
// own code: [frame][LipsInput::Values, loudness in dB].
//
//   lips_inputs IN OUT [IN OUT ...]
#include <fstream>
#include <iterator>
#include <vector>

#include "motion/lips_input.h"
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
    std::ofstream out(names[i + 1], std::ios::binary);
    for (const avatar::SpeechFrame& frame : features.hear(sound).first(frames)) {
      const auto values = input.hear(frame);
      out.write(reinterpret_cast<const char*>(values.data()), sizeof(values));
      out.write(reinterpret_cast<const char*>(&frame.loudness_db), sizeof(float));
    }
    if (!out) return 1;
  }
}
