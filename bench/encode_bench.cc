// SPDX-License-Identifier: Apache-2.0
// One picture to H.264 and one tick of sound to AAC: what a sink costs. The picture is noise that moves a little,
// harder than a face; its answer is checked by decoding nothing, only that every picture gave bytes.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "stream/aac_encoder.h"
#include "stream/frame_colour.h"
#include "stream/video_encoder.h"

namespace avatar {
namespace {

Frame pattern(int size, int step) {
  Frame frame(size, size);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      frame.y()[y * size + x] = static_cast<uint8_t>(128 + 60 * std::sin((x + step) * 0.07F) * std::cos(y * 0.05F));
    }
  }
  for (int i = 0; i < size * size / 2; ++i) frame.u()[i] = 128;
  return frame;
}

void encode_picture(benchmark::State& state) {
  const auto size = static_cast<int>(state.range(0));
  auto encoder = VideoEncoder::create(size, size, 25);
  const std::vector<Frame> frames{pattern(size, 0), pattern(size, 1), pattern(size, 2)};
  int64_t n = 0;
  for (auto _ : state) {
    auto picture = encoder->encode(frames[static_cast<size_t>(n % 3)], MediaTime::of_picture(n, 25));
    if (!picture || picture->bytes.empty()) state.SkipWithError("no bytes");
    ++n;
  }
}
BENCHMARK(encode_picture)->Arg(512)->Arg(1024)->Unit(benchmark::kMillisecond);

void encode_40_ms_of_sound(benchmark::State& state) {
  auto encoder = AacEncoder::create();
  std::vector<float> sound(1920);
  for (size_t i = 0; i < sound.size(); ++i) sound[i] = 0.3F * std::sin(static_cast<float>(i) * 0.03F);
  int64_t bytes = 0;
  for (auto _ : state) {
    auto done = encoder->encode(sound, [&](auto frame) {
      bytes += static_cast<int64_t>(frame.size());
      return Result<void>();
    });
    if (!done) state.SkipWithError("no bytes");
  }
  if (bytes == 0 && state.iterations() > 3) state.SkipWithError("no bytes");
}
BENCHMARK(encode_40_ms_of_sound)->Unit(benchmark::kMillisecond);

void frame_to_rgb(benchmark::State& state) {
  const Frame frame = pattern(512, 0);
  for (auto _ : state) benchmark::DoNotOptimize(rgb_of(frame));
}
BENCHMARK(frame_to_rgb)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avatar
