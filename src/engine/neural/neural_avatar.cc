// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/neural_avatar.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"

namespace avatar::neural {
namespace {

constexpr int64_t kFrame48 = kSampleRate / kFramesPerSecond;  // 1,920 samples at 48 kHz
constexpr MediaTime kFade = MediaTime::from_ms(480);          // from the stand-in to the networks and back

// A stretch of speech ends when nothing was loud for so long; until then the networks say what a pause looks like.
constexpr int kPauseFrames = 21;
// How long a change takes: into speech, out of it, and when speech was interrupted.
constexpr MediaTime kIntoSpeech = MediaTime::from_ms(320), kOutOfSpeech = MediaTime::from_ms(480);
constexpr MediaTime kLipsAtCut = MediaTime::from_ms(120);

float smooth_step(float x) {
  const float t = std::clamp(x, 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

}  // namespace

void Promise::keep(Result<std::unique_ptr<Ready>> ready) {
  const std::lock_guard lock(mutex_);
  ready_.emplace(std::move(ready));
}

std::optional<Result<std::unique_ptr<Ready>>> Promise::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ready_, std::nullopt);
}

NeuralAvatar::NeuralAvatar(std::shared_ptr<const void> house, std::unique_ptr<Avatar> stand_in,
                           std::shared_ptr<Promise> promise, FrameSize size, bool waits)
    : house_(std::move(house)),
      stand_in_(std::move(stand_in)),
      promise_(std::move(promise)),
      waits_(waits),
      drawn_(size.width, size.height),
      picture_(static_cast<size_t>(3) * kDrawnSide * kDrawnSide) {}

NeuralAvatar::~NeuralAvatar() {
  if (ready_) ready_->painter->leave();
}

Result<void> NeuralAvatar::draw(const Moment& moment, Frame& frame) {
  if (frame.width() != drawn_.width() || frame.height() != drawn_.height()) {
    return Error{ErrorKind::internal, "the frame has another size than the avatar"};
  }
  if (auto looked = look_for_promise(); !looked) return looked;
  has_failed_ = has_failed_ || (ready_ && ready_->has_failed());
  if (ready_ && !has_failed_) {
    auto done = draw_neural(moment, drawn_);
    has_drawn_ = has_drawn_ || done;
    if (!done) {
      if (done.error().kind == ErrorKind::busy) return done;  // no memory: the session makes room for the others
      // "unavailable": another makes room; the last picture is shown until then.
      if (done.error().kind != ErrorKind::unavailable) {
        ready_->tell_failure(done.error());
        has_failed_ = true;
      }
    }
  }
  const bool wants_networks = has_drawn_ && !has_failed_;
  if (!seen_) seen_ = wants_networks ? 1.0F : 0.0F;
  const float step = static_cast<float>((moment.time - seen_at_).samples) / static_cast<float>(kFade.samples);
  *seen_ = std::clamp(*seen_ + (wants_networks ? step : -step), 0.0F, 1.0F);
  seen_at_ = moment.time;
  if (*seen_ == 1) {
    std::copy(drawn_.bytes().begin(), drawn_.bytes().end(), frame.y());
    return {};
  }
  if (auto done = stand_in_->draw(moment, frame); !done || *seen_ == 0) return done;
  const auto share = static_cast<int>(std::lround(smooth_step(*seen_) * 256));
  uint8_t* to = frame.y();
  for (const uint8_t byte : drawn_.bytes()) {
    *to = static_cast<uint8_t>((*to * (256 - share) + byte * share + 128) >> 8);
    ++to;
  }
  return {};
}

Result<void> NeuralAvatar::look_for_promise() {
  if (!promise_) return {};
  auto kept = promise_->take();
  if (!kept) return {};
  promise_ = nullptr;
  if (*kept) {
    ready_ = std::move(**kept);
    ready_->painter->join();
    shown_ = from_ = ready_->person->expressions->rest();
    return {};
  }
  const Error& error = kept->error();
  if (error.kind == ErrorKind::busy) return error;
  log(LogLevel::warning, "this portrait is drawn by the mesh engine", {{"reason", error.message}});
  return {};
}

Result<void> NeuralAvatar::draw_neural(const Moment& moment, Frame& frame) {
  const Pose pose = sane(moment.pose);
  listen(moment);
  if (waits_) ready_->voice->wait();
  if (auto failure = ready_->voice->failure()) {
    if (failure->kind != ErrorKind::busy || ready_->painter->makes_room()) return *failure;
    ready_->voice->try_again();  // another session ends for it; the pose's lips until the next loud frame
  }
  const Person& person = *ready_->person;

  float lips = 1;
  shown_ = look_at(moment, pose, lips);
  shown_lips_ = lips;
  Look look = shown_;
  person.expressions->add(pose, lips, look);
  transform(person.seen.source, look, driving_);
  if (auto done = ready_->painter->draw({person.seen.features, person.at_rest, driving_}, picture_); !done) return done;
  ready_->paste->onto(picture_, scratch_, frame);
  return {};
}

// Opens and closes stretches of speech, and gives the voice what it has not heard.
void NeuralAvatar::listen(const Moment& moment) {
  Voice& voice = *ready_->voice;
  const int64_t now = moment.time.samples / kFrame48;
  if (moment.cuts != cuts_) {
    cuts_ = moment.cuts;
    feed_.forget_from(moment.time);
    if (is_speaking_) {
      is_speaking_ = false;
      voice.end();
      change_to(Source::idle, moment.time, kLipsAtCut, kOutOfSpeech);
    }
  }
  feed_.take(moment);
  for (SoundFeed::HeardFrame frame; feed_.next_frame(frame);) {
    if (frame.is_loud) {
      last_loud_ = frame.number;
      if (!is_speaking_) {
        is_speaking_ = true;
        // A frame earlier: the first sound of a word is often below the threshold.
        origin_ = std::max(frame.number - 1, now);
        said_ = origin_ * kFrameSamples;
        voice.begin();
      }
    } else if (is_speaking_ && frame.number - last_loud_ > kPauseFrames) {
      is_speaking_ = false;
      voice.end();
    }
  }
  if (is_speaking_ && voice.is_behind()) is_speaking_ = false;  // begins again with the next loud frame
  if (is_speaking_ && said_ < feed_.end()) {
    int64_t from = said_;
    const auto sound = feed_.sound_from(from);
    // What is kept always reaches back to what was said, unless moments were skipped for seconds.
    if (from == said_) {
      voice.say(sound, moment.mood);
      said_ = feed_.end();
    } else {
      is_speaking_ = false;
      voice.end();
    }
  }
}

// The look of the speech at this moment, if its motion is there.
bool NeuralAvatar::speech_look(const Moment& moment, Look& look) {
  if (!is_speaking_) return false;
  const auto frame = static_cast<int>(moment.time.samples / kFrame48 - origin_);
  Voice::Motion motion;
  if (!ready_->voice->motion(frame, motion)) return false;
  // Between two frames of motion, at 30 pictures a second for example.
  const auto part = static_cast<float>(moment.time.samples % kFrame48) / kFrame48;
  if (Voice::Motion next; part > 0 && ready_->voice->motion(frame + 1, next)) {
    for (size_t i = 0; i < motion.now.size(); ++i) motion.now[i] += part * (next.now[i] - motion.now[i]);
  }
  const Person& person = *ready_->person;
  const Settings& settings = ready_->painter->settings();
  const MotionVector first = limited(motion.first, settings.low, settings.high);
  look = follow(limited(motion.now, settings.low, settings.high), first, person.seen.source, person.gain);

  const Look& rest = person.expressions->rest();
  const auto scale = [](float s) { return std::isfinite(s) ? std::clamp(s, 0.0F, 2.0F) : 1.0F; };
  const float head = scale(moment.motion_scale);
  const float face = 0.4F + 0.6F * scale(moment.expression_scale);  // as the performer: at 0 lips still speak a little
  look.pitch_deg += settings.pitch_bias_deg;
  look.pitch_deg = rest.pitch_deg + head * (look.pitch_deg - rest.pitch_deg);
  look.yaw_deg = rest.yaw_deg + head * (look.yaw_deg - rest.yaw_deg);
  look.roll_deg = rest.roll_deg + head * (look.roll_deg - rest.roll_deg);
  for (size_t i = 0; i < 3; ++i) look.shift[i] = rest.shift[i] + head * (look.shift[i] - rest.shift[i]);
  for (size_t i = 0; i < kPointNumbers; ++i) {
    look.expression[i] = rest.expression[i] + face * (look.expression[i] - rest.expression[i]);
  }
  return true;
}

void NeuralAvatar::change_to(Source source, MediaTime now, MediaTime lips_take, MediaTime head_takes) {
  if (source == source_) return;
  source_ = source;
  from_ = shown_;
  from_lips_ = shown_lips_;
  changed_at_ = now;
  lips_take_ = lips_take;
  head_takes_ = head_takes;
}

// The look that is wanted, on the way from the one that was seen when it last changed.
Look NeuralAvatar::look_at(const Moment& moment, const Pose& pose, float& lips) {
  Look wanted = ready_->person->expressions->idle(pose);
  const bool is_speech = speech_look(moment, wanted);
  if (is_speech) {
    change_to(Source::speech, moment.time, kIntoSpeech, kIntoSpeech);
  } else {
    // Motion that is late or over: the pose's lips take over.
    change_to(Source::idle, moment.time, kOutOfSpeech, kOutOfSpeech);
  }
  const auto share = [&](MediaTime takes) {
    if (takes.samples == 0) return 1.0F;
    return smooth_step(static_cast<float>((moment.time - changed_at_).samples) / static_cast<float>(takes.samples));
  };
  const float head = share(head_takes_), mouth = share(lips_take_);
  Look look = mix(from_, wanted, head);
  for (const int point : kLipPoints) {
    for (size_t i = 3 * static_cast<size_t>(point); i < 3 * static_cast<size_t>(point) + 3; ++i) {
      const float a = from_.expression[i], b = wanted.expression[i];
      look.expression[i] = mouth == 1 ? b : a + mouth * (b - a);
    }
  }
  const float wanted_lips = is_speech ? 0 : 1;
  lips = mouth == 1 ? wanted_lips : from_lips_ + mouth * (wanted_lips - from_lips_);
  return look;
}

}  // namespace avatar::neural
