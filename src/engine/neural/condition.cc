// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/condition.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace avatar::neural {
namespace {

constexpr float kLeastShare = 3.35e-4F;  // of a label that is not meant: e^0 / (e^8 + 7 e^0)
constexpr size_t kContempt = 7;

// Where each of our emotions stands in the network's list (types/emotion.h, EmotionRow).
constexpr std::array<size_t, kEmotionCount> kPlace{4, 3, 5, 0, 2, 1, 6};

}  // namespace

EmotionRow emotion_row(int label) {
  EmotionRow row;
  const double rest = 1, meant = std::exp(8.0), sum = meant + 7 * rest;
  for (int i = 0; i < 8; ++i) row[static_cast<size_t>(i)] = static_cast<float>((i == label ? meant : rest) / sum);
  return row;
}

EmotionRow emotion_row(const Mood& mood, const EmotionRow& calm) {
  std::array<float, kEmotionCount> felt{};
  for (size_t i = 1; i < felt.size(); ++i) {
    felt[i] = std::isfinite(mood.weight[i]) ? std::clamp(mood.weight[i], 0.0F, 1.0F) : 0;
  }
  const float all = std::accumulate(felt.begin(), felt.end(), 0.0F);
  if (all == 0) return calm;
  const float strength = std::min(1.0F, all);
  EmotionRow row;
  for (size_t i = 0; i < row.size(); ++i) row[i] = (1 - strength) * calm[i];
  for (size_t i = 1; i < felt.size(); ++i) row[kPlace[i]] += strength * felt[i] / all;
  row[kContempt] = 0;
  for (float& share : row) share = std::max(share, kLeastShare);
  const float sum = std::accumulate(row.begin(), row.end(), 0.0F);
  for (float& share : row) share /= sum;
  return row;
}

int mirrored(int index, int n) {
  CHECK(index >= 0 && n > 0);
  const int at = index % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}

void write_condition(std::span<const float> sound, const Mood& mood, const PersonCondition& person, int frame,
                     std::span<float> row) {
  CHECK(sound.size() == kAudioNumbers && row.size() == kConditionNumbers);
  const int n = std::max(frame, 0);
  const auto pick = [n](const auto& list) -> const auto& {
    return list[static_cast<size_t>(mirrored(n, static_cast<int>(list.size())))];
  };
  const EmotionRow emotion = emotion_row(mood, person.calm[static_cast<size_t>(n) % person.calm.size()]);
  auto at = std::copy(sound.begin(), sound.end(), row.begin());
  at = std::copy(emotion.begin(), emotion.end(), at);
  at = std::copy(pick(person.eye_open).begin(), pick(person.eye_open).end(), at);
  at = std::copy(pick(person.eye_ball).begin(), pick(person.eye_ball).end(), at);
  std::copy(person.points.begin(), person.points.end(), at);
}

}  // namespace avatar::neural
