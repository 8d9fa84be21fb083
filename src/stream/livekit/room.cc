// SPDX-License-Identifier: Apache-2.0
#include "stream/livekit/room.h"

#include <ffi_messages.pb.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "stream/livekit/ffi.h"
#include "stream/livekit/playback.h"

namespace avatar {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Values of the protocol (ffi_messages.proto).
constexpr int kRaw = 0, kI420 = 5, kVp8 = 0, kH264 = 1, kCamera = 1, kMicrophone = 2, kKeepRateAndSize = 4,
              kAgentKind = 4;
constexpr uint32_t kUnsupportedMethod = 1400;

constexpr const char* kTopic = "lk.audio_stream";
constexpr const char* kClear = "lk.clear_buffer";
constexpr const char* kStarted = "lk.playback_started";
constexpr const char* kOnBehalf = "lk.publish_on_behalf";

constexpr uint64_t kVoiceBitrate = 48'000;  // bit/s, of mono speech: Opus is transparent there
constexpr auto kLook = milliseconds(100);   // how often what time alone brings is looked after
constexpr auto kLeaveTimeout = milliseconds(2'000);
// Where nobody answers at all, the library tries for minutes.
constexpr auto kReconnectTimeout = milliseconds(30'000);
constexpr auto kRetry = milliseconds(100);
constexpr int kTries = 3;
constexpr auto kJoinAgain = milliseconds(1'000);
constexpr const char* kNobodyAnswered = "transport connection error";  // the library's word for it
constexpr uint32_t kRpcTimeoutMs = 5'000;

const char* words_of(int reason) {
  static constexpr const char* kWords[] = {
      "the connection was lost",
      "the avatar was asked to leave",
      "somebody joined with the avatar's identity",
      "the LiveKit server shut down",
      "the avatar was removed from the room",
      "the room was deleted",
      "the LiveKit server lost track of us",
      "the room could not be joined",
      "the room moved to another server",
      "the LiveKit server closed the connection",
      "the room was closed",
  };
  return reason >= 0 && reason < 11 ? kWords[reason] : "the LiveKit server ended the connection";
}

// The library's words about a failure may quote the address it called, with the token in it.
std::string without_secrets(std::string words, const std::string& token) {
  for (size_t at = 0; !token.empty() && (at = words.find(token, at)) != std::string::npos;) {
    words.replace(at, token.size(), "***");
  }
  if (const size_t query = words.find('?'); query != std::string::npos) words.resize(query);
  if (words.size() > 200) words.resize(200);
  return words;
}

}  // namespace

class Room::Stay final {
 public:
  Stay(std::shared_ptr<Ffi> ffi, const RoomSettings& settings, std::atomic<bool>& over)
      : ffi_(std::move(ffi)), settings_(settings), over_(over), mailbox_(ffi_) {}

  ~Stay() {
    leave();
    wait();
  }

  void join(Ears& ears) {
    CHECK(!thread_.joinable());
    playback_.emplace(ears);
    thread_ = std::thread([this, &ears] {
      const Error why = stay();
      over_ = true;
      disconnect();
      for (auto& [id, handle] : readers_) handle = {};
      const bool ours = why.kind == ErrorKind::cancelled;
      log(ours ? LogLevel::info : LogLevel::warning, "left the room",
          {{"room", settings_.name}, {"reason", why.message}});
      ears.left(why);
    });
  }

  void leave() {
    leaving_ = true;
    mailbox_.wake();
  }

  void abandon() {
    abandoned_ = true;
    leave();
  }

  void wait() {
    const std::lock_guard lock(wait_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  struct Played {
    uint64_t utterance = 0;
    MediaTime position;
    bool started = false;
    bool interrupted = false;
  };
  void report(const Played& played) {
    {
      const std::lock_guard lock(played_mutex_);
      played_.push_back(played);
    }
    mailbox_.wake();
  }

  void show(const Frame& frame, int64_t time_us) {
    CHECK(frame.width() == settings_.width && frame.height() == settings_.height);
    auto& capture = *show_request_.mutable_capture_video_frame();
    auto& buffer = *capture.mutable_buffer();
    const auto plane = [&](int i, const uint8_t* data, int width, int height) {
      auto& component = *buffer.mutable_components(i);
      component.set_data_ptr(reinterpret_cast<uint64_t>(data));
      component.set_stride(static_cast<uint32_t>(width));
      component.set_size(static_cast<uint32_t>(width * height));
    };
    buffer.set_data_ptr(reinterpret_cast<uint64_t>(frame.y()));
    plane(0, frame.y(), frame.width(), frame.height());
    plane(1, frame.u(), frame.width() / 2, frame.height() / 2);
    plane(2, frame.v(), frame.width() / 2, frame.height() / 2);
    capture.set_timestamp_us(time_us);
    (void)ffi_->request(show_request_);  // a picture that is lost is the next one's chance
  }

  void play(std::span<const int16_t> sound) {
    // The library takes each frame on any thread of its own: the next waits until the last one is taken, or they might
    // change places when we are late and send two at once.
    for (int i = 0; i < 20 && mailbox_.sounds_taken() != sounds_given_; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(250));
    }
    sounds_given_ = mailbox_.sounds_taken() + 1;
    auto& capture = *play_request_.mutable_capture_audio_frame();
    auto& buffer = *capture.mutable_buffer();
    buffer.set_data_ptr(reinterpret_cast<uint64_t>(sound.data()));
    buffer.set_samples_per_channel(static_cast<uint32_t>(sound.size()));
    capture.set_request_async_id(mailbox_.new_id());
    (void)ffi_->request(play_request_);
  }

  // Our tracks, before we join.
  Result<void> make_tracks() {
    ffi::Request request;
    auto& video = *request.mutable_new_video_source();
    video.set_type(kRaw);
    video.mutable_resolution()->set_width(static_cast<uint32_t>(settings_.width));
    video.mutable_resolution()->set_height(static_cast<uint32_t>(settings_.height));
    auto answer = ffi_->request(request);
    if (!answer) return answer.error();
    auto source = handle_of(ffi_, answer->new_video_source().source());
    if (!source) return source.error();
    video_source_ = std::move(*source);

    auto& audio = *request.mutable_new_audio_source();
    audio.set_type(kRaw);
    audio.mutable_options()->set_echo_cancellation(false);
    audio.mutable_options()->set_noise_suppression(false);
    audio.mutable_options()->set_auto_gain_control(false);
    audio.set_sample_rate(kSampleRate);
    audio.set_num_channels(1);
    audio.set_queue_size_ms(0);  // no queue but ours
    answer = ffi_->request(request);
    if (!answer) return answer.error();
    source = handle_of(ffi_, answer->new_audio_source().source());
    if (!source) return source.error();
    audio_source_ = std::move(*source);

    auto& capture = *show_request_.mutable_capture_video_frame();
    capture.set_source_handle(video_source_.id());
    capture.set_rotation(0);
    capture.mutable_buffer()->set_type(kI420);
    capture.mutable_buffer()->set_width(static_cast<uint32_t>(settings_.width));
    capture.mutable_buffer()->set_height(static_cast<uint32_t>(settings_.height));
    for (int i = 0; i < 3; ++i) capture.mutable_buffer()->add_components();
    auto& sound = *play_request_.mutable_capture_audio_frame();
    sound.set_source_handle(audio_source_.id());
    sound.mutable_buffer()->set_num_channels(1);
    sound.mutable_buffer()->set_sample_rate(kSampleRate);

    auto track = new_track(true);
    if (!track) return track.error();
    video_track_ = std::move(*track);
    track = new_track(false);
    if (!track) return track.error();
    audio_track_ = std::move(*track);
    return {};
  }

 private:
  static Result<OwnedHandle> handle_of(const std::shared_ptr<Ffi>& ffi, const ffi::Owned& owned) {
    if (owned.handle().id() == 0) return Error{ErrorKind::unavailable, "LiveKit's client library gave no handle"};
    return OwnedHandle(ffi, owned.handle().id());
  }

  Result<OwnedHandle> new_track(bool video) {
    ffi::Request request;
    auto& create = video ? *request.mutable_create_video_track() : *request.mutable_create_audio_track();
    create.set_name(video ? "avatar_video" : "avatar_audio");
    create.set_source_handle(video ? video_source_.id() : audio_source_.id());
    auto answer = ffi_->request(request);
    if (!answer) return answer.error();
    return handle_of(ffi_, (video ? answer->create_video_track() : answer->create_audio_track()).track());
  }

  // ---- the room's thread

  // Until the end, and its reason.
  Error stay() {
    if (auto connected = connect(); !connected) return connected.error();
    Clock::time_point next_look = Clock::now();
    while (true) {
      const bool may_tell = agent_present_ && rpc_id_ == 0;
      const auto wake = may_tell ? std::min(next_look, std::max(playback_->when(), rpc_retry_at_)) : next_look;
      if (const auto event = mailbox_.wait_until(wake)) {
        if (auto end = take(*event)) return *end;
      }
      if (leaving_) return {ErrorKind::cancelled, "the avatar was asked to leave"};
      if (mailbox_.is_overfull()) return {ErrorKind::internal, "the room's events came faster than we could read them"};
      const auto now = Clock::now();
      take_reports(now);
      if (now >= next_look) {
        playback_->look(now);
        next_look = now + kLook;
      }
      if (reconnecting_ && now >= reconnect_deadline_) return {ErrorKind::unavailable, words_of(0)};
      if (!agent_present_ && !reconnecting_ && now >= agent_deadline_) {
        return {ErrorKind::timeout, agent_.empty() ? "no agent came" : "the agent left and did not come back"};
      }
      tell(now);
    }
  }

  // A server that is only just starting answers soon. Who was let in and lost the room before it stood in it (removed,
  // or the room deleted) does not come again; the library would.
  Result<void> connect() {
    for (int tries = 1;; ++tries) {
      auto joined = try_to_join();
      const bool nobody_answered = !joined && joined.error().message.find(kNobodyAnswered) != std::string::npos;
      if (!nobody_answered || tries == kTries) return joined;
      for (const auto next = Clock::now() + kJoinAgain; Clock::now() < next && !leaving_;) mailbox_.wait_until(next);
    }
  }

  Result<void> try_to_join() {
    const Error asked_to_leave{ErrorKind::cancelled, "the avatar was asked to leave"};
    if (leaving_) return asked_to_leave;
    ffi::Request request;
    auto& connect = *request.mutable_connect();
    connect.set_url(settings_.url);
    connect.set_token(settings_.token);
    auto& options = *connect.mutable_options();
    options.set_auto_subscribe(false);  // we look at nobody
    options.set_adaptive_stream(false);
    options.set_dynacast(false);
    options.set_join_retries(0);
    options.set_connect_timeout_ms(static_cast<uint64_t>(settings_.join_timeout.count()));
    const uint64_t id = mailbox_.new_id();
    connect.set_request_async_id(id);
    if (auto asked = ffi_->request(request); !asked) return asked.error();
    const auto deadline = Clock::now() + 2 * settings_.join_timeout;  // the library is a little late itself
    while (true) {
      const auto event = mailbox_.wait_until(deadline);
      if (abandoned_) return asked_to_leave;
      if (event == nullptr && Clock::now() >= deadline) {
        return Error{ErrorKind::timeout, "the LiveKit server did not answer in time"};
      }
      if (event == nullptr || !event->has_connect() || event->connect().async_id() != id) continue;
      if (leaving_) {
        hold(event->connect().result());
        (void)listen();  // the library does not let go of a room before
        return asked_to_leave;
      }
      if (event->connect().has_error()) {
        return Error{ErrorKind::unavailable,
                     "the room could not be joined: " + without_secrets(event->connect().error(), settings_.token)};
      }
      return enter(event->connect().result());
    }
  }

  // Of others we need no more than their names.
  void hold(const ffi::JoinedRoom& joined) {
    room_ = OwnedHandle(ffi_, joined.room().handle().id());
    us_ = OwnedHandle(ffi_, joined.local_participant().handle().id());
    for (const auto& other : joined.participants()) {
      for (const auto& publication : other.publications()) ffi_->drop(publication.handle().id());
      ffi_->drop(other.participant().handle().id());
    }
  }

  Result<void> enter(const ffi::JoinedRoom& joined) {
    hold(joined);
    identity_ = joined.local_participant().info().identity();
    const auto& attributes = joined.local_participant().info().attributes();
    if (const auto found = attributes.find(kOnBehalf); found != attributes.end()) on_behalf_ = found->second;
    agent_deadline_ = Clock::now() + settings_.agent_wait;

    ffi::Request request;
    auto& rpc = *request.mutable_register_rpc_method();
    rpc.set_local_participant_handle(us_.id());
    rpc.set_method(kClear);
    if (auto done = ffi_->request(request); !done) return done.error();
    for (const auto& other : joined.participants()) meet(other.participant().info());
    if (auto done = listen(); !done) return done.error();
    if (auto done = publish(true); !done) return done.error();
    if (auto done = publish(false); !done) return done.error();
    log(LogLevel::info, "joined the room", {{"room", settings_.name}});
    return {};
  }

  // From here on the room's events come.
  Result<void> listen() {
    ffi::Request request;
    request.mutable_ready_for_room_event()->set_room_handle(room_.id());
    auto asked = ffi_->request(request);
    return asked ? Result<void>() : Result<void>(asked.error());
  }

  Result<void> publish(bool video) {
    ffi::Request request;
    auto& publish = *request.mutable_publish_track();
    publish.set_local_participant_handle(us_.id());
    publish.set_track_handle(video ? video_track_.id() : audio_track_.id());
    publish.set_request_async_id(mailbox_.new_id());
    auto& options = *publish.mutable_options();
    if (video) {
      options.mutable_video_encoding()->set_max_bitrate(static_cast<uint64_t>(settings_.max_bitrate));
      options.mutable_video_encoding()->set_max_framerate(settings_.fps);
      options.set_video_codec(settings_.h264 ? kH264 : kVp8);
      options.set_simulcast(settings_.simulcast);
      options.set_source(kCamera);
      options.set_degradation_preference(kKeepRateAndSize);
    } else {
      options.mutable_audio_encoding()->set_max_bitrate(kVoiceBitrate);
      options.set_dtx(false);  // the room's clock of our voice runs on in silence
      options.set_red(false);
      options.set_source(kMicrophone);
    }
    auto asked = ffi_->request(request);
    return asked ? Result<void>() : Result<void>(asked.error());
  }

  void disconnect() {
    if (room_.id() == 0) return;
    ffi::Request request;
    const uint64_t id = mailbox_.new_id();
    request.mutable_disconnect()->set_room_handle(room_.id());
    request.mutable_disconnect()->set_request_async_id(id);
    if (!ffi_->request(request)) return;
    const auto deadline = Clock::now() + kLeaveTimeout;
    while (Clock::now() < deadline) {
      const auto event = mailbox_.wait_until(deadline);
      if (event != nullptr && event->has_disconnect() && event->disconnect().async_id() == id) return;
    }
  }

  // Answers the reason when the room has ended.
  std::optional<Error> take(const ffi::Event& event) {
    switch (event.message_case()) {
      case ffi::Event::kRoomEvent:
        if (event.room_event().room_handle() == room_.id()) return take(event.room_event());
        break;
      case ffi::Event::kPublishTrack:
        if (event.publish_track().has_error()) {
          return Error{ErrorKind::unavailable, "our tracks could not be published: " +
                                                   without_secrets(event.publish_track().error(), settings_.token)};
        }
        publications_.emplace_back(ffi_, event.publish_track().result().handle().id());
        break;
      case ffi::Event::kRpcMethodInvocation:
        if (event.rpc_method_invocation().local_participant_handle() == us_.id()) {
          answer(event.rpc_method_invocation());
        }
        break;
      case ffi::Event::kPerformRpc:
        if (event.perform_rpc().async_id() == rpc_id_) told(event.perform_rpc());
        break;
      case ffi::Event::kByteStreamReaderEvent:
        take(event.byte_stream_reader_event());
        break;
      case ffi::Event::kPanic:
        return Error{ErrorKind::internal, "LiveKit's client library broke down"};
      default:
        break;
    }
    return std::nullopt;
  }

  std::optional<Error> take(const ffi::RoomEvent& event) {
    switch (event.message_case()) {
      case ffi::RoomEvent::kParticipantConnected:
        ffi_->drop(event.participant_connected().info().handle().id());
        meet(event.participant_connected().info().info());
        break;
      case ffi::RoomEvent::kParticipantActive:
        if (event.participant_active().participant_identity() == agent_) bind(agent_);
        break;
      case ffi::RoomEvent::kParticipantDisconnected:
        if (event.participant_disconnected().participant_identity() == agent_) lose_agent();
        break;
      case ffi::RoomEvent::kTrackPublished:
        ffi_->drop(event.track_published().publication().handle().id());
        break;
      case ffi::RoomEvent::kDataTrackPublished:
        ffi_->drop(event.data_track_published().track().handle().id());
        break;
      case ffi::RoomEvent::kDataPacketReceived:
        if (event.data_packet_received().has_user()) {
          ffi_->drop(event.data_packet_received().user().data().handle().id());
        }
        break;
      case ffi::RoomEvent::kTextStreamOpened:
        ffi_->drop(event.text_stream_opened().reader().handle().id());
        break;
      case ffi::RoomEvent::kByteStreamOpened:
        open(event.byte_stream_opened());
        break;
      case ffi::RoomEvent::kReconnecting:
        if (!reconnecting_) reconnect_deadline_ = Clock::now() + kReconnectTimeout;
        reconnecting_ = true;
        log(LogLevel::info, "the connection to the room was lost; trying again", {{"room", settings_.name}});
        break;
      case ffi::RoomEvent::kReconnected:
        reconnecting_ = false;
        agent_deadline_ = std::max(agent_deadline_, Clock::now() + settings_.agent_grace);
        log(LogLevel::info, "the connection to the room is back", {{"room", settings_.name}});
        break;
      case ffi::RoomEvent::kDisconnected:
        return Error{ErrorKind::unavailable, words_of(event.disconnected().reason())};
      case ffi::RoomEvent::kEos:
        return Error{ErrorKind::unavailable, "the connection was lost"};
      default:
        break;
    }
    return std::nullopt;
  }

  // ---- the agent

  void meet(const ffi::ParticipantInfo& info) {
    const bool wanted = on_behalf_.empty()
                            ? agent_.empty() && info.kind() == kAgentKind && !info.attributes().contains(kOnBehalf)
                            : info.identity() == on_behalf_;
    if (info.identity() != identity_ && (wanted || info.identity() == agent_)) bind(info.identity());
  }

  void bind(const std::string& identity) {
    if (agent_present_) return;
    agent_ = identity;
    agent_present_ = true;
    wants_started_ = true;
    log(LogLevel::info, "the agent is here", {{"room", settings_.name}});
  }

  // Our own reconnection looks as if everybody left and came back; then the agent still waits for its words.
  void lose_agent() {
    agent_present_ = false;
    agent_deadline_ = Clock::now() + settings_.agent_grace;
    if (!reconnecting_) {
      playback_->forget(Clock::now());
      rpc_id_ = 0;
      rpc_tries_ = 0;
    }
    log(LogLevel::info, "the agent left; waiting for it", {{"room", settings_.name}});
  }

  // ---- its speech

  void open(const ffi::StreamOpened& opened) {
    OwnedHandle reader(ffi_, opened.reader().handle().id());
    const auto& info = opened.reader().info();
    if (info.topic() != kTopic || opened.participant_identity() != agent_) return;
    const auto attribute = [&](const char* name) {
      const auto found = info.attributes().find(name);
      return found == info.attributes().end() ? std::string() : found->second;
    };
    const uint64_t id = reader.id();
    playback_->open(id, attribute("sample_rate"), attribute("num_channels"), Clock::now());
    ffi::Request request;
    request.mutable_byte_read_incremental()->set_reader_handle(id);
    if (ffi_->request(request)) {
      readers_.emplace_back(id, std::move(reader));
    } else {
      playback_->close(id, Clock::now());
    }
  }

  void take(const ffi::StreamEvent& event) {
    const uint64_t id = event.reader_handle();
    if (event.has_chunk_received()) {
      playback_->hear(id, event.chunk_received().content(), Clock::now());
    } else if (event.has_eos() && playback_->close(id, Clock::now())) {
      std::erase_if(readers_, [&](const auto& reader) { return reader.first == id; });
    }
  }

  void answer(const ffi::RpcCall& call) {
    ffi::Request request;
    auto& response = *request.mutable_rpc_method_invocation_response();
    response.set_local_participant_handle(us_.id());
    response.set_invocation_id(call.invocation_id());
    const bool ours = !agent_.empty() && call.caller_identity() == agent_;
    response.set_payload(ours ? "ok" : "reject");
    if (ours) playback_->clear(Clock::now());
    (void)ffi_->request(request);
  }

  // ---- what it must be told: one word at a time, in order

  void take_reports(Clock::time_point now) {
    std::deque<Played> played;
    {
      const std::lock_guard lock(played_mutex_);
      played.swap(played_);
    }
    for (const Played& p : played) {
      if (p.started) {
        playback_->started(p.utterance, now);
      } else {
        playback_->finished(p.utterance, p.position, p.interrupted, now);
      }
    }
  }

  void tell(Clock::time_point now) {
    if (!agent_present_ || rpc_id_ != 0 || now < rpc_retry_at_) return;
    const Notice* notice = playback_->next(now);
    while (notice != nullptr && notice->method == kStarted && !wants_started_) {
      playback_->told();
      notice = playback_->next(now);
    }
    if (notice == nullptr) return;
    ffi::Request request;
    auto& rpc = *request.mutable_perform_rpc();
    rpc.set_local_participant_handle(us_.id());
    rpc.set_destination_identity(agent_);
    rpc.set_method(notice->method);
    rpc.set_payload(notice->payload);
    rpc.set_response_timeout_ms(kRpcTimeoutMs);
    rpc_started_ = notice->method == kStarted;
    rpc_id_ = mailbox_.new_id();
    rpc.set_request_async_id(rpc_id_);
    (void)ffi_->request(request);
  }

  void told(const ffi::RpcDone& done) {
    rpc_id_ = 0;
    const bool failed = done.has_error();
    if (failed && rpc_started_ && done.error().code() == kUnsupportedMethod) {
      wants_started_ = false;  // it did not ask for this word
    } else if (failed && ++rpc_tries_ < kTries) {
      rpc_retry_at_ = Clock::now() + kRetry;
      return;
    } else if (failed) {
      log(LogLevel::warning, "the agent could not be told what was played",
          {{"code", std::to_string(done.error().code())}});
    }
    rpc_tries_ = 0;
    playback_->told();
  }

  const std::shared_ptr<Ffi> ffi_;
  const RoomSettings settings_;
  std::atomic<bool>& over_;
  Mailbox mailbox_;

  // [show, play]
  ffi::Request show_request_, play_request_;
  uint32_t sounds_given_ = 0;

  // [room thread]
  std::optional<Playback> playback_;
  OwnedHandle video_source_, audio_source_, video_track_, audio_track_;  // in the order of making
  OwnedHandle room_, us_;
  std::vector<OwnedHandle> publications_;
  std::vector<std::pair<uint64_t, OwnedHandle>> readers_;
  std::string identity_, on_behalf_, agent_;
  bool agent_present_ = false, wants_started_ = true, reconnecting_ = false;
  Clock::time_point agent_deadline_, reconnect_deadline_;
  uint64_t rpc_id_ = 0;  // of the word that is under way
  bool rpc_started_ = false;
  int rpc_tries_ = 0;
  Clock::time_point rpc_retry_at_;

  std::mutex played_mutex_;
  std::deque<Played> played_;
  std::atomic<bool> leaving_ = false, abandoned_ = false;
  std::mutex wait_mutex_;
  std::thread thread_;
};

Result<std::unique_ptr<Room>> Room::make(std::shared_ptr<Ffi> ffi, const RoomSettings& settings) {
  std::unique_ptr<Room> room(new Room);
  room->stay_ = std::make_unique<Stay>(std::move(ffi), settings, room->over_);
  if (auto made = room->stay_->make_tracks(); !made) return made.error().while_doing("making the avatar's tracks");
  return room;
}

Room::~Room() = default;

void Room::join(Ears& ears) { stay_->join(ears); }

void Room::show(const Frame& frame, int64_t time_us) {
  if (!over_) stay_->show(frame, time_us);
}
void Room::play(std::span<const int16_t> sound) {
  CHECK(sound.size() == kSampleRate / 100);
  if (!over_) stay_->play(sound);
}
void Room::started(uint64_t utterance) { stay_->report({utterance, {}, true, false}); }
void Room::finished(uint64_t utterance, MediaTime position, bool interrupted) {
  stay_->report({utterance, position, false, interrupted});
}
void Room::leave() { stay_->leave(); }
void Room::abandon() { stay_->abandon(); }
void Room::wait() { stay_->wait(); }

}  // namespace avatar
