// SPDX-License-Identifier: Apache-2.0
#include "motion/lips_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"

namespace avatar {
namespace {

constexpr const char* kInput = "frames";
constexpr const char* kOutput = "articulation";

bool has_one(std::span<const TensorSpec> tensors, const std::string& name, size_t size) {
  return tensors.size() == 1 && tensors[0].name == name && tensors[0].element == TensorSpec::Element::float32 &&
         tensors[0].is_fixed() && tensors[0].size() == size;
}

}  // namespace

Result<std::shared_ptr<const LipsModel>> LipsModel::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{ErrorKind::not_found, "the lips network " + file.string() + " cannot be read"};
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  auto network = Model::load("the lips network " + file.string(), std::as_bytes(std::span(bytes)));
  if (!network) return network.error();
  if (!has_one((*network)->inputs(), kInput, kFrames * kValues) ||
      !has_one((*network)->outputs(), kOutput, kArticulators)) {
    return Error{ErrorKind::invalid,
                 "the lips network " + file.string() +
                     " must take `frames`, float32 [1][100][43], and give `articulation`, float32 [1][10]"};
  }
  auto run = (*network)->prepare();
  if (!run) return run.error();
  std::ranges::fill((*run)->input(kInput), 0.0F);
  if (auto ran = (*run)->run(); !ran) return ran.error();
  return std::shared_ptr<const LipsModel>(new LipsModel(*std::move(network)));
}

LipsModel::Window::Window(std::shared_ptr<const LipsModel> model) : model_(std::move(model)) {
  auto run = model_->network_->prepare();
  CHECK(run);  // load() has tried it
  run_ = *std::move(run);
  for (size_t i = 0; i < kFrames; ++i) put(i, SpeechFrame::silence());
}

void LipsModel::Window::put(size_t at, const SpeechFrame& frame) {
  auto& values = frames_[at];
  std::ranges::copy(frame.log_mel, values.begin());
  values[kMelBands] = frame.loudness_db;
  values[kMelBands + 1] = frame.voicing;
  values[kMelBands + 2] = frame.pitch_hz;
}

Articulation LipsModel::Window::hear(const SpeechFrame& frame) {
  put(at_, frame);
  at_ = (at_ + 1) % kFrames;
  const std::span<float> in = run_->input(kInput);
  for (size_t i = 0; i < kFrames; ++i) {
    std::ranges::copy(frames_[(at_ + i) % kFrames], in.begin() + static_cast<std::ptrdiff_t>(i * kValues));
  }
  Articulation said;
  if (!run_->run()) return said;
  const std::span<const float> out = run_->output(kOutput);
  for (size_t a = 0; a < kArticulators; ++a) said.value[a] = std::isfinite(out[a]) ? std::clamp(out[a], 0.0F, 1.0F) : 0;
  return said;
}

void LipsModel::Window::unhear(size_t frames) {
  for (size_t age = 1; age <= std::min(frames, kFrames); ++age) {
    put((at_ + kFrames - age) % kFrames, SpeechFrame::silence());
  }
}

}  // namespace avatar
