// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/frame_network.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace avatar {
namespace {

constexpr const char* kInput = "frames";

bool has_one(std::span<const TensorSpec> tensors, const std::string& name, size_t size) {
  return tensors.size() == 1 && tensors[0].name == name && tensors[0].element == TensorSpec::Element::float32 &&
         tensors[0].is_fixed() && tensors[0].size() == size;
}

}  // namespace

Result<FrameNetwork> FrameNetwork::load(const std::filesystem::path& file, Kind kind) {
  const std::string name = "the " + kind.subject + " network " + file.string();
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{ErrorKind::not_found, name + " cannot be read"};
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  auto model = Model::load(name, std::as_bytes(std::span(bytes)));
  if (!model) return model.error();
  if (!has_one((*model)->inputs(), kInput, kind.frames * kValues) ||
      !has_one((*model)->outputs(), kind.output, kind.values)) {
    return Error{ErrorKind::invalid, name + " must take `frames`, float32 [1][" + std::to_string(kind.frames) + "][" +
                                         std::to_string(kValues) + "], and give `" + kind.output + "`, float32 [1][" +
                                         std::to_string(kind.values) + "]"};
  }
  auto run = (*model)->prepare();
  if (!run) return run.error();
  std::ranges::fill((*run)->input(kInput), 0.0F);
  if (auto ran = (*run)->run(); !ran) return ran.error();
  return FrameNetwork(*std::move(model), std::move(kind));
}

FrameNetwork::Window::Window(const FrameNetwork& network)
    : model_(network.model_),
      output_(network.kind_.output),
      frames_(network.kind_.frames, values_of(SpeechFrame::silence())) {
  auto run = model_->prepare();
  CHECK(run);  // load() has tried it
  run_ = *std::move(run);
}

FrameNetwork::Window::Values FrameNetwork::Window::values_of(const SpeechFrame& frame) {
  Values values;
  std::ranges::copy(frame.log_mel, values.begin());
  values[kMelBands] = frame.loudness_db;
  values[kMelBands + 1] = frame.voicing;
  values[kMelBands + 2] = frame.pitch_hz;
  return values;
}

void FrameNetwork::Window::hear(const SpeechFrame& frame) {
  frames_[at_] = values_of(frame);
  at_ = (at_ + 1) % frames_.size();
}

void FrameNetwork::Window::unhear(size_t frames) {
  for (size_t age = 1; age <= std::min(frames, frames_.size()); ++age) {
    frames_[(at_ + frames_.size() - age) % frames_.size()] = values_of(SpeechFrame::silence());
  }
}

std::span<const float> FrameNetwork::Window::answer() {
  auto in = run_->input(kInput).begin();
  for (size_t i = 0; i < frames_.size(); ++i) in = std::ranges::copy(frames_[(at_ + i) % frames_.size()], in).out;
  if (!run_->run()) return {};
  return run_->output(output_);
}

}  // namespace avatar
