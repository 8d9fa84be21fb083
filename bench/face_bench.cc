// SPDX-License-Identifier: Apache-2.0
// From a picture file to a Portrait, whole and in parts, on one thread, with our own portrait (1024 x 1024). Each
// benchmark checks its answer before it is timed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "face/analysis.h"
#include "face/detector.h"
#include "face/landmarks.h"
#include "face/person_mask.h"
#include "face/picture_file.h"
#include "face/pyramid.h"

namespace avatar {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "face_bench: wrong answer: " << what << '\n';
  std::exit(1);
}

const std::vector<char>& file() {
  static const std::vector<char> bytes = [] {
    std::ifstream in(AVATAR_SOURCE_DIR "/assets/portrait/portrait-1024.png", std::ios::binary);
    return std::vector<char>(std::istreambuf_iterator<char>(in), {});
  }();
  require(!bytes.empty(), "assets/portrait/portrait-1024.png is missing");
  return bytes;
}

const Image& picture() {
  static const Image decoded = decode_picture(std::as_bytes(std::span(file()))).value();
  require(decoded.width == 1024 && decoded.height == 1024, "the portrait is not 1024 x 1024");
  return decoded;
}

void load(benchmark::State& state) {
  for (auto _ : state) require(FaceAnalysis::load().has_value(), "the networks do not load");
}
BENCHMARK(load)->Unit(benchmark::kMillisecond)->UseRealTime();

void decode(benchmark::State& state) {
  picture();
  for (auto _ : state) benchmark::DoNotOptimize(decode_picture(std::as_bytes(std::span(file()))));
}
BENCHMARK(decode)->Unit(benchmark::kMillisecond);

void detect(benchmark::State& state) {
  const auto detector = std::move(*Detector::load());
  const Pyramid pyramid(picture());
  require(detector->find(pyramid)->size() == 1, "not one face");
  for (auto _ : state) benchmark::DoNotOptimize(detector->find(pyramid));
}
BENCHMARK(detect)->Unit(benchmark::kMillisecond);

void halve(benchmark::State& state) {
  picture();
  for (auto _ : state) benchmark::DoNotOptimize(Pyramid(picture()));
}
BENCHMARK(halve)->Unit(benchmark::kMillisecond);

void landmarks(benchmark::State& state) {
  const Pyramid pyramid(picture());
  const Crop face = Detector::load().value()->find(pyramid)->front().box;
  const auto landmarker = std::move(*Landmarker::load());
  const auto found = landmarker->find(pyramid, face);
  require(found && std::hypot((*found)[1].x - 512, (*found)[1].y - 530) < 30, "the nose is not where it is");
  for (auto _ : state) benchmark::DoNotOptimize(landmarker->refine(pyramid, *landmarker->find(pyramid, face)));
}
BENCHMARK(landmarks)->Unit(benchmark::kMillisecond);

void person(benchmark::State& state) {
  const Pyramid pyramid(picture());
  const Crop face = Detector::load().value()->find(pyramid)->front().box;
  const auto points = Landmarker::load().value()->find(pyramid, face);
  const auto finder = std::move(*PersonFinder::load());
  const auto mask = finder->find(pyramid, *points);
  require(mask && mask->at(512, 500) == 255 && mask->at(40, 40) == 0, "the mask is wrong");
  for (auto _ : state) benchmark::DoNotOptimize(finder->find(pyramid, *points));
}
BENCHMARK(person)->Unit(benchmark::kMillisecond);

void analyse(benchmark::State& state) {
  const auto faces = std::move(*FaceAnalysis::load());
  require(faces->analyse(std::as_bytes(std::span(file()))).has_value(), "no portrait");
  for (auto _ : state) benchmark::DoNotOptimize(faces->analyse(std::as_bytes(std::span(file()))));
}
BENCHMARK(analyse)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace avatar
