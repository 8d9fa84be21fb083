// SPDX-License-Identifier: Apache-2.0
// For gather.py: files of raw sound (32-bit floats, mono, 48 kHz) -> files of what the next network shall see of it,
// from the product's own features: [frame][40 mel bands, voicing, loudness in dB]. The bands stand against the
// speaker's own level, as in motion/lips_input.cc, which joins them in twos.
//
//   lips_inputs IN OUT [IN OUT ...]
#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "speech/features.h"

namespace {

constexpr float kDbPerLog = 4.3429448F;  // 10 / ln(10); this and what follows as in motion/lips_input.cc
constexpr float kFallDb = 0.015F, kSpeechRangeDb = 30, kQuietestDb = -50;
constexpr float kLeast = -2, kMost = 1.5F, kBandDb = -18, kUnitDb = 20;

}  // namespace

int main(int count, char** names) {
  for (int i = 1; i + 1 < count; i += 2) {
    std::ifstream in(names[i], std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    const auto* samples = reinterpret_cast<const float*>(bytes.data());
    std::vector<float> sound(samples, samples + bytes.size() / sizeof(float));
    const size_t frames = sound.size() / 480;
    sound.resize(sound.size() + 48000);  // so that the last frames are complete

    avatar::Features features;
    float loud_db = -60;
    std::vector<float> row;
    std::ofstream out(names[i + 1], std::ios::binary);
    for (const avatar::SpeechFrame& frame : features.hear(sound).first(frames)) {
      const float db = frame.loudness_db;
      if (db > loud_db) {
        loud_db += 0.5F * (db - loud_db);
      } else if (db > loud_db - kSpeechRangeDb) {
        loud_db = std::max(loud_db - kFallDb, kQuietestDb);
      }
      row.clear();
      for (const float band : frame.log_mel) {
        row.push_back(std::clamp((kDbPerLog * band - loud_db - kBandDb) / kUnitDb, kLeast, kMost));
      }
      row.push_back(frame.voicing);
      row.push_back(db);
      out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
    }
    if (!out) return 1;
  }
}
