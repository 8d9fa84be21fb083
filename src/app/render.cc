// SPDX-License-Identifier: Apache-2.0
#include "app/render.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "app/emotion_log.h"
#include "app/interrupt.h"
#include "app/picture_source.h"
#include "app/progress.h"
#include "face/picture_file.h"
#include "session/session.h"
#include "stream/contact_sheet.h"
#include "stream/file_sink.h"
#include "stream/label_sink.h"
#include "stream/png_sink.h"
#include "stream/queued_sink.h"
#include "stream/several_sinks.h"
#include "stream/sound_file.h"
#include "stream/y4m_sink.h"

namespace avatar {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr MediaTime kReadAhead = MediaTime::from_ms(4000);  // sound in the queue; more than a tick hears
constexpr MediaTime kReadBlock = MediaTime::from_ms(250);
static_assert(kReadAhead > Session::look_ahead() + MediaTime::from_ms(40));

// The person, ready to be drawn.
struct Person {
  std::shared_ptr<const Portrait> portrait;
  std::unique_ptr<Avatar> avatar;
  MediaTime look_ahead;  // of the engine
  std::chrono::nanoseconds took{0};
};

Result<Person> meet(const RenderOptions& options, const Clock& clock) {
  const auto start = clock.now();
  auto engine = make_engine(options.engine);
  if (!engine) return engine.error();
  auto portrait = portrait_from(options.picture);
  if (!portrait) return portrait.error();
  auto avatar = (*engine)->make_avatar(*portrait, options.size);
  if (!avatar) return avatar.error();
  return Person{*portrait, std::move(*avatar), (*engine)->look_ahead(), clock.now() - start};
}

Result<std::unique_ptr<Sink>> make_sinks(const RenderOptions& o) {
  std::vector<std::unique_ptr<Sink>> sinks;
  std::optional<Error> failed;
  const auto add = [&](Result<std::unique_ptr<Sink>> sink) {
    if (sink) {
      sinks.push_back(std::move(*sink));
    } else if (!failed) {
      failed = sink.error();
    }
  };
  if (!o.video.empty()) add(make_file_sink(o.video, o.size.width, o.size.height, o.fps));
  if (!o.frames.empty()) add(make_png_sink(o.frames, write_png));
  if (!o.y4m.empty()) add(make_y4m_sink(o.y4m, o.size.width, o.size.height, o.fps));
  if (!o.contact_sheet.empty()) add(make_contact_sheet(o.contact_sheet, write_png));
  if (failed) return *failed;
  auto all = make_several_sinks(std::move(sinks));
  if (o.label.empty()) return all;
  auto label = Label::make(o.label, o.size.width, o.size.height);
  if (!label) return label.error();
  return make_label_sink(std::move(*label), std::move(all));
}

// Reads a sound file into the queue, a little ahead of what is needed.
class Reader {
 public:
  Reader(SoundFile file, SpeechQueue& queue)
      : file_(std::move(file)), queue_(queue), id_(queue.begin()), block_(kReadBlock.samples) {}

  Result<void> read_ahead() {
    while (!ended_ && queue_.waiting() < kReadAhead) {
      auto n = file_.read(block_);
      if (!n) return n.error();
      read_ = read_ + MediaTime::from_samples(static_cast<int64_t>(*n));
      ended_ = *n == 0;
      if (ended_) queue_.end(id_);
      if (auto added = queue_.add(id_, std::span(block_).first(*n)); !added) return added;
    }
    return {};
  }
  // Its end, when it is known for certain.
  [[nodiscard]] std::optional<MediaTime> end() const { return ended_ ? std::optional(read_) : std::nullopt; }

 private:
  SoundFile file_;
  SpeechQueue& queue_;
  uint64_t id_;
  std::vector<float> block_;
  MediaTime read_;
  bool ended_ = false;
};

void report(const Session& session, const Person& person, std::chrono::nanoseconds encode,
            std::chrono::nanoseconds first_picture, std::chrono::nanoseconds total, int64_t pictures) {
  const auto seconds = std::chrono::duration<double>(total).count();
  const auto each = [&](std::chrono::nanoseconds t) { return Milliseconds(t).count() / static_cast<double>(pictures); };
  const StageTimes& t = session.times();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::fprintf(stderr,
               "%.1f s of video in %.2f s, %.1f times real time; portrait %.0f ms, first picture after %.0f ms; "
               "ms per picture: hear %.2f, perform %.2f, draw %.2f, encode %.2f; %ld MB\n",
               session.now().seconds(), seconds, session.now().seconds() / seconds, Milliseconds(person.took).count(),
               Milliseconds(first_picture).count(), each(t.hear), each(t.perform), each(t.draw), each(encode),
               usage.ru_maxrss / 1024);
}

}  // namespace

Result<void> render(const RenderOptions& options, const Clock& clock, std::chrono::nanoseconds started) {
  auto meeting = std::async(std::launch::async, [&] { return meet(options, clock); });
  auto sound = SoundFile::open(options.speech);
  auto sinks = make_sinks(options);
  auto log = EmotionLog::create(options.emotion_log);
  auto networks = OwnNetworks::load(options.emotion_model, options.lips_model);
  auto person = meeting.get();
  if (!sound) return sound.error();
  if (!sinks) return sinks.error();
  if (!log) return log.error();
  if (!networks) return networks.error();
  if (!person) return person.error();
  const Portrait& portrait = *person->portrait;
  if (portrait.faces_found > 1 && !options.quiet) {
    std::fprintf(stderr, "avatar-worker: note: %d faces in the picture, the largest one speaks\n",
                 portrait.faces_found);
  }

  const double expected = sound->duration().value_or(MediaTime()).seconds() + options.tail.seconds();
  auto queued = std::make_unique<QueuedSink>(std::move(*sinks), clock);
  const QueuedSink& encoding = *queued;
  Performance performance = options.performance;
  performance.networks = *std::move(networks);
  const SessionSettings settings{options.size, options.fps, performance, {}, person->look_ahead};
  Session session(std::move(person->avatar), portrait.rest, settings, std::move(queued), clock);
  session.on_emotion([&log](const EmotionEstimate& e) { log->add(e); });
  Reader reader(std::move(*sound), session.speech());
  std::chrono::nanoseconds first_picture{0};
  int64_t pictures = 0;
  {
    Progress progress(clock, options.quiet);
    for (;; ++pictures) {
      if (auto on = go_on(); !on) return on;
      if (auto read = reader.read_ahead(); !read) return read;
      if (reader.end() && session.now() >= *reader.end() + options.tail) break;
      if (auto ticked = session.tick(); !ticked) return ticked;
      if (pictures == 0) first_picture = clock.now() - started;
      progress.show(session.now().seconds(), expected);
    }
    if (auto finished = session.finish(); !finished) return finished;
    if (auto kept = log->finish(); !kept) return kept;
  }
  if (!options.quiet) report(session, *person, encoding.busy(), first_picture, clock.now() - started, pictures);
  return {};
}

}  // namespace avatar
