// SPDX-License-Identifier: Apache-2.0
#include "session/session.h"

#include <algorithm>
#include <span>
#include <utility>

namespace avatar {
namespace {

// Wall time from one question to the next.
class StopWatch {
 public:
  explicit StopWatch(const Clock& clock) : clock_(clock), last_(clock.now()) {}
  void add_to(std::chrono::nanoseconds& total) {
    const auto now = clock_.now();
    total += now - last_;
    last_ = now;
  }

 private:
  const Clock& clock_;
  std::chrono::nanoseconds last_;
};

// A sound that begins or ends in the middle of a wave clicks; over 5 ms it does not.
constexpr size_t kFade = 240;

// Gain from `begin` to `end` over the first kFade samples.
void fade(std::span<float> sound, float begin, float end) {
  const size_t n = std::min(sound.size(), kFade);
  for (size_t i = 0; i < n; ++i) {
    sound[i] *= begin + (end - begin) * (static_cast<float>(i) + 0.5F) / static_cast<float>(n);
  }
}

// Sound that waits in such a length was not sent as it was spoken: what follows will be here in time.
constexpr MediaTime kAtHand = MediaTime::from_ms(250);
// Of silence before an utterance, what is not left out: the mouth moves some 60 ms before the first sound, from rest.
constexpr MediaTime kLead = MediaTime::from_ms(60);
constexpr int64_t kFrameSamples = kSampleRate * kSpeechFrameMs / 1000;

// Frames whose window reaches over a given sample and that come after it: their centres lie within
// Features::look_ahead() of it, on either side.
constexpr int kFramesAcrossAnEdge = static_cast<int>(2 * Features::look_ahead().ms() / kSpeechFrameMs) + 1;

}  // namespace

Session::Session(std::unique_ptr<Avatar> avatar, const RestFace& rest, const SessionSettings& settings,
                 std::unique_ptr<Sink> sink, const Clock& clock)
    : step_(MediaTime::of_picture(1, settings.fps)),
      lag_(settings.picture_lag),
      ahead_(std::max(look_ahead() - lag_, settings.look_ahead - step_)),
      may_hurry_(settings.look_ahead == MediaTime()),
      avatar_(std::move(avatar)),
      sink_(std::move(sink)),
      clock_(clock),
      speech_(settings.reserve),
      performer_(settings.performance, rest),
      frame_(settings.size.width, settings.size.height),
      heard_(static_cast<size_t>((step_ + ahead_).samples)) {
  CHECK(kSampleRate % settings.fps == 0);
  CHECK(may_hurry_ || lag_ == MediaTime());  // what hears for itself hears from the picture's time on
  whose_.reserve(256);                       // one for each utterance and pause of heard_
}

void Session::interrupt() {
  const uint64_t last = speech_.clear().last_utterance;
  uint64_t before = interrupted_.load();
  while (before < last && !interrupted_.compare_exchange_weak(before, last)) {
  }
}

Result<void> Session::tick(Picture picture) {
  StopWatch watch(clock_);
  listen();
  watch.add_to(times_.hear);
  // Sound first: it leaves evenly, however long a picture takes.
  auto done = sink_->play({heard_.data(), static_cast<size_t>(step_.samples)}, now_);
  watch.add_to(times_.send);
  if (done && picture == Picture::draw) {
    Moment moment = performer_.at(picture_time());
    moment.sound = heard_;
    moment.cuts = cuts_;
    tell_emotion();
    watch.add_to(times_.perform);
    done = avatar_->draw(moment, frame_);
    watch.add_to(times_.draw);
    if (done) done = sink_->show(frame_, moment.time);
    watch.add_to(times_.send);
  }
  if (!done) return done;
  leave(static_cast<size_t>(step_.samples));
  return {};
}

// Fills heard_ with what the queue has, then silence, and lets the performer hear the new part.
void Session::listen() {
  obey_interruption();
  const int left_out = hurry();
  const size_t from = filled_;
  while (filled_ < heard_.size()) {
    const auto out = std::span(heard_).subspan(filled_);
    const auto taken = speech_.take(out);
    obey_interruption();  // it came before anything that was begun after it
    if (taken.utterance == 0) break;
    if (taken.utterance <= obeyed_) continue;
    if (is_dry_ && taken.samples > 0) {
      fade(out.first(taken.samples), 0, 1);
      is_dry_ = false;
    }
    append(taken.utterance, taken.samples, taken.is_last);
    if (taken.ran_dry) {
      fade(std::span(heard_).first(filled_).last(kFade), 1, 0);
      is_dry_ = true;
    }
  }
  std::fill(heard_.begin() + static_cast<std::ptrdiff_t>(filled_), heard_.end(), 0.0F);
  append(0, heard_.size() - filled_, false);
  perform(features_.hear(std::span(heard_).subspan(from)));
  performer_.skip(left_out);  // it has heard by now what comes instead
}

// Leaves out silence that was heard and not yet played, when speech is at hand; answers how many frames of it.
int Session::hurry() {
  if (!may_hurry_ || whose_.empty() || whose_.front().utterance != 0) return 0;
  const auto frames = (static_cast<int64_t>(whose_.front().samples) - (kLead - lag_).samples) / kFrameSamples;
  if (frames <= 0 || !performer_.is_quiet() || !speech_.has(kAtHand)) return 0;
  const auto samples = static_cast<size_t>(frames * kFrameSamples);
  whose_.front().samples -= samples;
  drop(samples);
  return static_cast<int>(frames);
}

// The first `samples` of heard_ are gone.
void Session::drop(size_t samples) {
  std::copy(heard_.begin() + static_cast<std::ptrdiff_t>(samples), heard_.end(), heard_.begin());
  filled_ -= samples;
}

void Session::append(uint64_t utterance, size_t samples, bool is_last) {
  if (samples == 0 && utterance == 0) return;
  filled_ += samples;
  if (!whose_.empty() && whose_.back().utterance == utterance) {
    whose_.back().samples += samples;
    whose_.back().is_last = is_last;
  } else {
    whose_.push_back({utterance, samples, is_last});
  }
}

// What was heard of interrupted utterances and not yet played becomes silence, after a fade.
void Session::obey_interruption() {
  const uint64_t last = interrupted_.load();
  if (last <= obeyed_) return;
  obeyed_ = last;
  is_dry_ = false;
  size_t at = 0;
  for (Stretch& s : whose_) {
    const auto sound = std::span(heard_).subspan(at, s.samples);
    if (s.utterance != 0 && s.utterance <= last) {
      const size_t tail = at == 0 && s.utterance == speaking_ ? std::min(s.samples, kFade) : 0;
      fade(sound.first(tail), 1, 0);
      std::fill(sound.begin() + static_cast<std::ptrdiff_t>(tail), sound.end(), 0.0F);
      s.utterance = 0;
    }
    at += s.samples;
  }
  performer_.cut(picture_time());
  ++cuts_;
  deaf_frames_ = kFramesAcrossAnEdge;
  while (finished_ < last) finish_utterance(finished_ + 1, true);
}

void Session::perform(std::span<const SpeechFrame> frames) {
  static constexpr SpeechFrame kNothing = SpeechFrame::silence();
  for (; deaf_frames_ > 0 && !frames.empty(); --deaf_frames_) {
    performer_.hear({&kNothing, 1});
    frames = frames.subspan(1);
  }
  performer_.hear(frames);
}

void Session::tell_emotion() {
  const EmotionEstimate& heard = performer_.heard();
  if (heard.time == emotion_told_) return;
  emotion_told_ = heard.time;
  if (emotion_listener_) emotion_listener_(heard);
}

// The first `samples` of heard_ have been sent.
void Session::leave(size_t samples) {
  size_t left = samples, over = 0;
  for (Stretch& s : whose_) {
    if (left == 0 && s.samples > 0) break;
    if (s.utterance != 0 && s.utterance != speaking_) {
      speaking_ = s.utterance;
      played_ = {};
      if (listener_) listener_({SpeechEvent::Kind::started, s.utterance, {}, false});
    }
    const size_t n = std::min(left, s.samples);
    if (s.utterance != 0) played_ = played_ + MediaTime::from_samples(static_cast<int64_t>(n));
    s.samples -= n;
    left -= n;
    if (s.samples > 0) break;
    if (s.utterance != 0 && s.is_last) finish_utterance(s.utterance, false);
    ++over;
  }
  whose_.erase(whose_.begin(), whose_.begin() + static_cast<std::ptrdiff_t>(over));
  drop(samples);
  now_ = now_ + step_;
}

std::optional<MediaTime> Session::until_speech() const {
  int64_t silence = (now_ - picture_time()).samples;
  for (const Stretch& s : whose_) {
    if (s.utterance != 0)
      return s.utterance == speaking_ ? std::nullopt : std::optional(MediaTime::from_samples(silence));
    silence += static_cast<int64_t>(s.samples);
  }
  return std::nullopt;
}

void Session::finish_utterance(uint64_t utterance, bool interrupted) {
  finished_ = utterance;
  const MediaTime position = utterance == speaking_ ? played_ : MediaTime();
  if (listener_) listener_({SpeechEvent::Kind::finished, utterance, position, interrupted});
}

Result<void> Session::finish() {
  StopWatch watch(clock_);
  auto done = sink_->finish();
  watch.add_to(times_.send);
  return done;
}

}  // namespace avatar
