// SPDX-License-Identifier: Apache-2.0
#include "app/emotion_log.h"

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace avatar {

Result<EmotionLog> EmotionLog::create(const std::filesystem::path& path) {
  if (path.empty()) return EmotionLog(std::nullopt);
  auto file = NewFile::create(path);
  if (!file) return file.error();
  return EmotionLog(std::move(*file));
}

void EmotionLog::add(const EmotionEstimate& estimate) {
  if (!file_ || !written_) return;
  using enum Emotion;
  constexpr std::array kOrder{angry, disgust, fear, happy, neutral, sad, surprise};
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "{\"t\": %.2f, \"emotion\": {", estimate.time.seconds());
  std::string line = text.data();
  for (const Emotion e : kOrder) {
    std::snprintf(text.data(), text.size(), "\"%s\": %.4f%s", kEmotionNames[static_cast<size_t>(e)].data(),
                  static_cast<double>(estimate.mood[e]), e == kOrder.back() ? "}}\n" : ", ");
    line += text.data();
  }
  written_ = file_->append({reinterpret_cast<const uint8_t*>(line.data()), line.size()});
}

Result<void> EmotionLog::finish() {
  if (!file_) return {};
  if (!written_) return written_;
  return file_->commit();
}

}  // namespace avatar
