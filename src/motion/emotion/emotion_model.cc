// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion/emotion_model.h"

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

// The order of the outputs: as the names sort.
constexpr std::array kOutputs{Emotion::angry,   Emotion::disgust, Emotion::fear,    Emotion::happy,
                              Emotion::neutral, Emotion::sad,     Emotion::surprise};
constexpr const char* kInput = "frames";
constexpr const char* kOutput = "emotion";

Mood neutral() {
  Mood mood;
  mood.weight[static_cast<size_t>(Emotion::neutral)] = 1;
  return mood;
}

bool has_one(std::span<const TensorSpec> tensors, const std::string& name, size_t size) {
  return tensors.size() == 1 && tensors[0].name == name && tensors[0].element == TensorSpec::Element::float32 &&
         tensors[0].is_fixed() && tensors[0].size() == size;
}

}  // namespace

Result<std::shared_ptr<const EmotionModel>> EmotionModel::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{ErrorKind::not_found, "the emotion network " + file.string() + " cannot be read"};
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  auto network = Model::load("the emotion network " + file.string(), std::as_bytes(std::span(bytes)));
  if (!network) return network.error();
  if (!has_one((*network)->inputs(), kInput, kFrames * kValues) ||
      !has_one((*network)->outputs(), kOutput, kEmotionCount)) {
    return Error{ErrorKind::invalid,
                 "the emotion network " + file.string() +
                     " must take `frames`, float32 [1][300][43], and give `emotion`, float32 [1][7]"};
  }
  auto run = (*network)->prepare();
  if (!run) return run.error();
  std::ranges::fill((*run)->input(kInput), 0.0F);
  if (auto ran = (*run)->run(); !ran) return ran.error();
  return std::shared_ptr<const EmotionModel>(new EmotionModel(*std::move(network)));
}

EmotionModel::Window::Window(std::shared_ptr<const EmotionModel> model) : model_(std::move(model)) {
  auto run = model_->network_->prepare();
  CHECK(run);  // load() has tried it
  run_ = *std::move(run);
  for (size_t i = 0; i < kFrames; ++i) hear(SpeechFrame::silence());
}

void EmotionModel::Window::hear(const SpeechFrame& frame) {
  auto& values = frames_[at_];
  std::ranges::copy(frame.log_mel, values.begin());
  values[kMelBands] = frame.loudness_db;
  values[kMelBands + 1] = frame.voicing;
  values[kMelBands + 2] = frame.pitch_hz;
  at_ = (at_ + 1) % kFrames;
}

Mood EmotionModel::Window::answer() {
  const std::span<float> in = run_->input(kInput);
  for (size_t i = 0; i < kFrames; ++i) {
    std::ranges::copy(frames_[(at_ + i) % kFrames], in.begin() + static_cast<std::ptrdiff_t>(i * kValues));
  }
  if (!run_->run()) return neutral();
  const std::span<const float> out = run_->output(kOutput);
  Mood mood;
  float sum = 0;
  for (size_t i = 0; i < kOutputs.size(); ++i) {
    const float p = std::isfinite(out[i]) ? std::clamp(out[i], 0.0F, 1.0F) : 0;
    mood.weight[static_cast<size_t>(kOutputs[i])] = p;
    sum += p;
  }
  if (sum <= 0) return neutral();
  for (float& p : mood.weight) p /= sum;
  return mood;
}

}  // namespace avatar
