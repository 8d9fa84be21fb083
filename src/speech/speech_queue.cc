// SPDX-License-Identifier: Apache-2.0
#include "speech/speech_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace avatar {

uint64_t SpeechQueue::begin() {
  const std::lock_guard lock(mutex_);
  utterances_.emplace_back().id = ++last_id_;
  return last_id_;
}

SpeechQueue::Utterance* SpeechQueue::find(uint64_t id) {
  const auto it = std::find_if(utterances_.begin(), utterances_.end(), [id](const Utterance& u) { return u.id == id; });
  return it == utterances_.end() || it->ended ? nullptr : &*it;
}

Result<void> SpeechQueue::add(uint64_t utterance, std::span<const float> sound) {
  std::vector<float> block;
  block.reserve(std::max(kBlock, sound.size()));
  for (const float s : sound) block.push_back(std::isfinite(s) ? std::clamp(s, -1.0F, 1.0F) : 0);
  const std::lock_guard lock(mutex_);
  Utterance* u = find(utterance);
  if (u == nullptr || sound.empty()) return {};
  if (waiting_ + static_cast<int64_t>(sound.size()) > bound_.samples) {
    return Error{ErrorKind::busy, "more speech is waiting than can be held; send it as it is spoken"};
  }
  waiting_ += static_cast<int64_t>(sound.size());
  u->waiting += static_cast<int64_t>(sound.size());
  u->missed = 0;
  if (u->blocks.empty() || u->blocks.back().size() + block.size() > kBlock) {
    u->blocks.push_back(std::move(block));
  } else {
    u->blocks.back().insert(u->blocks.back().end(), block.begin(), block.end());
  }
  return {};
}

void SpeechQueue::end(uint64_t utterance) {
  const std::lock_guard lock(mutex_);
  if (Utterance* u = find(utterance)) u->ended = true;
}

SpeechQueue::Cleared SpeechQueue::clear() {
  std::deque<Utterance> dropped;  // declared before the lock: freed after it
  const std::lock_guard lock(mutex_);
  dropped.swap(utterances_);
  return {last_id_, MediaTime::from_samples(std::exchange(waiting_, 0))};
}

SpeechQueue::Taken SpeechQueue::take(std::span<float> out) {
  const std::lock_guard lock(mutex_);
  if (utterances_.empty()) return {};
  Utterance& u = utterances_.front();
  u.flows = u.flows || u.ended || (u.waiting > 0 && u.waiting >= reserve_.samples);
  if (!u.flows && utterances_.size() > 1) {
    u.missed += static_cast<int64_t>(out.size());
    u.flows = u.ended = u.missed > kPatience.samples;
  }
  if (!u.flows) return {};
  Taken taken{u.id, 0, false, false};
  while (taken.samples < out.size() && !u.blocks.empty()) {
    const std::vector<float>& block = u.blocks.front();
    const size_t n = std::min(out.size() - taken.samples, block.size() - u.taken);
    std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(u.taken), n,
                out.begin() + static_cast<std::ptrdiff_t>(taken.samples));
    taken.samples += n;
    u.taken += n;
    if (u.taken == block.size()) {
      u.blocks.pop_front();
      u.taken = 0;
    }
  }
  waiting_ -= static_cast<int64_t>(taken.samples);
  u.waiting -= static_cast<int64_t>(taken.samples);
  taken.ran_dry = !u.ended && taken.samples < out.size();
  u.flows = !taken.ran_dry;
  taken.is_last = u.ended && u.blocks.empty();
  if (taken.is_last) utterances_.pop_front();
  return taken;
}

bool SpeechQueue::has(MediaTime sound) const {
  const std::lock_guard lock(mutex_);
  if (utterances_.empty()) return false;
  const Utterance& u = utterances_.front();
  return u.waiting > 0 && (u.ended || u.waiting >= sound.samples);
}

MediaTime SpeechQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return MediaTime::from_samples(waiting_);
}

}  // namespace avatar
