// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/playback.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"

namespace avatar {
namespace {

constexpr size_t kBlock = 4096;  // frames of sound passed on at once

int number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

float sample(const char* bytes) {
  const auto low = static_cast<uint8_t>(bytes[0]), high = static_cast<uint8_t>(bytes[1]);
  return static_cast<float>(static_cast<int16_t>(static_cast<uint16_t>(low | high << 8))) / 32768.0F;
}

// Exactly these keys: the agent refuses others.
std::string finished_payload(MediaTime position, bool interrupted) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), position.seconds(), std::chars_format::fixed, 6).ptr;
  return R"({"playback_position": )" + std::string(digits.begin(), end) + R"(, "interrupted": )" +
         (interrupted ? "true}" : "false}");
}

}  // namespace

Playback::Segment* Playback::find(uint64_t stream) {
  const auto found =
      std::find_if(segments_.begin(), segments_.end(), [&](const Segment& s) { return s.stream == stream; });
  return found == segments_.end() ? nullptr : &*found;
}

void Playback::open(uint64_t stream, const std::string& sample_rate, const std::string& channels, Time now) {
  Segment segment;
  segment.stream = stream;
  segment.last_heard = now;
  const int rate = number(sample_rate), count = number(channels);
  if (rate > 0 && count >= 1 && count <= 8) segment.utterance = ears_.begin(rate);
  if (segment.utterance == 0) {
    log(LogLevel::warning, "the agent sends sound we cannot hear", {{"rate", sample_rate}, {"channels", channels}});
    segment.broken = true;
    segment.utterance = ears_.begin(kSampleRate);  // an empty one, so that its end is told in its turn
    ears_.end(segment.utterance);
    segment.ended = true;
  } else {
    segment.channels = static_cast<size_t>(count);
  }
  segments_.push_back(std::move(segment));
}

bool Playback::hear(uint64_t stream, std::string_view bytes, Time now) {
  Segment* segment = find(stream);
  if (segment == nullptr) return false;
  segment->last_heard = now;
  if (segment->cut || segment->ended || segment->closed) return true;
  if (backlog_ + bytes.size() > kBacklog) {
    log(LogLevel::warning, "the agent sends more speech than can wait; some is lost");
    return true;
  }
  segment->waiting.append(bytes);
  backlog_ += bytes.size();
  pass_on(*segment);
  return true;
}

bool Playback::close(uint64_t stream, Time now) {
  Segment* segment = find(stream);
  if (segment == nullptr) return false;
  segment->last_heard = now;
  segment->closed = true;
  pass_on(*segment);
  return true;
}

// Whole frames of what waits, mixed to one channel, until the session has enough.
void Playback::pass_on(Segment& segment) {
  const size_t frame = 2 * segment.channels;
  size_t from = 0;
  while (segment.waiting.size() - from >= frame) {
    const size_t n = std::min(kBlock, (segment.waiting.size() - from) / frame);
    sound_.assign(n, 0.0F);
    const char* bytes = segment.waiting.data() + from;
    for (float& mixed : sound_) {
      for (size_t c = 0; c < segment.channels; ++c, bytes += 2) mixed += sample(bytes);
      mixed /= static_cast<float>(segment.channels);
    }
    if (!ears_.hear(segment.utterance, sound_)) break;
    from += n * frame;
  }
  segment.waiting.erase(0, from);
  backlog_ -= from;
  if (segment.closed && !segment.ended && segment.waiting.size() < frame) {
    backlog_ -= segment.waiting.size();  // half a sample
    segment.waiting.clear();
    segment.ended = true;
    ears_.end(segment.utterance);
  }
}

void Playback::clear(Time now) {
  bool any = false;
  for (Segment& segment : segments_) {
    if (segment.told || segment.cut) continue;
    any = true;
    segment.cut = true;
    segment.ended = true;
    segment.cut_at = now;
    backlog_ -= segment.waiting.size();
    segment.waiting.clear();
  }
  if (any) ears_.interrupt();
}

void Playback::started(uint64_t utterance, Time now) {
  for (const Segment& segment : segments_) {
    if (segment.utterance == utterance && !segment.told && !segment.broken) {
      notices_.push_back({"lk.playback_started", "", now});
    }
  }
}

void Playback::finished(uint64_t utterance, MediaTime position, bool interrupted, Time now) {
  for (Segment& segment : segments_) {
    if (segment.utterance == utterance) tell_finished(segment, position, interrupted, now);
  }
}

void Playback::tell_finished(Segment& segment, MediaTime position, bool interrupted, Time now) {
  if (segment.told) return;
  segment.told = true;
  const Time when = segment.cut ? std::max(now, segment.cut_at + kAnswerFirst) : now;
  notices_.push_back({"lk.playback_finished",
                      segment.broken ? finished_payload({}, true) : finished_payload(position, interrupted), when});
}

void Playback::look(Time now) {
  for (size_t i = 0; i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    const bool superseded = i + 1 < segments_.size();
    if (!segment.closed && now - segment.last_heard >= (superseded ? Time::duration(kSuperseded) : kIdle)) {
      if (!segment.cut) log(LogLevel::warning, "a segment of the agent's speech has no end");
      segment.closed = true;
    }
    if (!segment.cut && !segment.ended) pass_on(segment);
    if (segment.cut && !segment.told && now - segment.cut_at >= kPatience) tell_finished(segment, {}, true, now);
  }
  std::erase_if(segments_, [](const Segment& s) { return s.closed && s.told; });
}

void Playback::forget(Time now) {
  notices_.clear();
  for (Segment& segment : segments_) {
    segment.closed = true;
    segment.told = true;
    if (!segment.ended && !segment.cut) pass_on(segment);
    if (!segment.ended) ears_.end(segment.utterance);
    backlog_ -= segment.waiting.size();
    segment.waiting.clear();
  }
  look(now);
}

const Notice* Playback::next(Time now) const {
  return !notices_.empty() && notices_.front().not_before <= now ? &notices_.front() : nullptr;
}

}  // namespace avatar
