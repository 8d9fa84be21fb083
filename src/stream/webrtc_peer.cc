// SPDX-License-Identifier: Apache-2.0
#include "stream/webrtc_peer.h"

#include <gst/gst.h>
#include <gst/rtp/rtp.h>
#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API  // the library of webrtcbin calls itself so
#include <gst/webrtc/webrtc.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

namespace avatar {
namespace {

constexpr unsigned kPacketBytes = 1200;  // of RTP: fits every tunnel on the way, as browsers do it
// All candidates are there within milliseconds; a STUN or TURN server may take longer. Without a free port the library
// never says that it is done.
constexpr std::chrono::seconds kGathering{1}, kGatheringFromServers{5};
// webrtcbin holds a buffer back until its time by the pipeline's clock. Ours are sent when they are due, so their times
// lie in the past: a tick may come early by this much before a push has to wait. The pipeline counts from long before
// it was made, so that the past is there.
constexpr GstClockTime kPast = GST_SECOND, kCountsFrom = 10 * GST_SECOND;
constexpr unsigned kReportIntervalMs = 1000;  // between sender reports
constexpr size_t kMostPackets = 512;          // looked at in one feedback; it tells of some dozen

struct Unref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

struct FreeDescription {
  void operator()(GstWebRTCSessionDescription* d) const { gst_webrtc_session_description_free(d); }
};
using Description = std::unique_ptr<GstWebRTCSessionDescription, FreeDescription>;

Error library_error(const std::string& what) { return {ErrorKind::unavailable, "GStreamer's WebRTC " + what}; }

}  // namespace

// What the library's threads leave for ours. Every callback holds a share, so that none outlives what it writes to.
struct WebrtcPeer::Notes {
  Notes(const Clock& c, std::shared_ptr<std::atomic<int>> w)
      : clock(c), opened(c.now()), heard(opened.count()), waiting(std::move(w)) {
    ++*waiting;
  }
  ~Notes() { stop_waiting(); }
  Notes(const Notes&) = delete;
  Notes& operator=(const Notes&) = delete;

  void stop_waiting() {
    if (is_waiting.exchange(false)) --*waiting;
  }

  const Clock& clock;
  const std::chrono::nanoseconds opened;
  std::atomic<int64_t> heard;  // when RTCP last came, ns of clock
  std::atomic<bool> connected{false};
  std::atomic<bool> gone{false};
  std::atomic<bool> key_picture{false};
  std::atomic<bool> is_waiting{true};
  const std::shared_ptr<std::atomic<int>> waiting;
  const GstPad* feedback_pad = nullptr;  // set before there is any feedback

  std::mutex mutex;
  std::condition_variable changed;
  bool gathered = false;
  LinkReport link;
  QueueDelay queue;
  std::chrono::nanoseconds last_arrival{0};  // by the viewer's clock
};

// The GStreamer half.
struct WebrtcPeer::Pipeline {
  using SharedNotes = std::shared_ptr<Notes>;

  struct Way {                // of one track, from us into the transport
    GstPad* pad = nullptr;    // ours; it belongs to `inlet`
    GstCaps* caps = nullptr;  // of the encoded units
    bool announced = false;   // stream-start, caps and segment were sent
    ~Way() {
      if (caps != nullptr) gst_caps_unref(caps);
      if (pad != nullptr) gst_object_unref(pad);
    }
  };

  explicit Pipeline(SharedNotes n) : notes(std::move(n)) {}
  ~Pipeline() {
    for (Way& way : ways) {
      if (way.pad != nullptr) gst_pad_set_active(way.pad, FALSE);
    }
    if (bin != nullptr) gst_element_set_state(bin.get(), GST_STATE_NULL);
  }

  // A callback's share of the notes.
  static gpointer share(const SharedNotes& n) { return new SharedNotes(n); }
  static Notes& notes_of(gpointer share) { return **static_cast<SharedNotes*>(share); }
  static void drop(gpointer share) { delete static_cast<SharedNotes*>(share); }
  static void drop_closure(gpointer share, GClosure*) { drop(share); }
  void listen(gpointer object, const char* signal, GCallback callback) const {
    g_signal_connect_data(object, signal, callback, share(notes), drop_closure, GConnectFlags{});
  }

  static void on_connection(GObject* webrtc, GParamSpec*, gpointer share);
  static void on_gathering(GObject* webrtc, GParamSpec*, gpointer share);
  static void on_rtcp(GObject*, GstBuffer*, gpointer share);
  static gboolean on_event(GstPad* pad, GstObject* parent, GstEvent* event);
  static void read_feedback(const GstStructure& packets, Notes& notes);

  Result<void> build(const WebrtcSettings& settings);
  Result<void> add_way(const WhepOffer::Section& section, VideoCodec codec);
  Result<std::string> negotiate(const std::string& offer);
  Result<Description> promised(const char* verb, GstWebRTCSessionDescription* argument, const char* reply);
  void tune_session();

  SharedNotes notes;
  Owned<GstClock> clock{gst_system_clock_obtain()};
  Owned<GstElement> bin;         // the pipeline
  GstElement* webrtc = nullptr;  // in it
  bool asks_servers = false;     // for candidates
  std::array<Way, kTracks> ways;
  std::optional<GstClockTimeDiff> shift;  // from media time to the pipeline's, set by what is sent first
};

void WebrtcPeer::Pipeline::on_connection(GObject* webrtc, GParamSpec*, gpointer share) {
  GstWebRTCPeerConnectionState state = GST_WEBRTC_PEER_CONNECTION_STATE_NEW;
  g_object_get(webrtc, "connection-state", &state, nullptr);
  Notes& notes = notes_of(share);
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED) {
    notes.heard = notes.clock.now().count();
    notes.connected = true;
    notes.stop_waiting();
  } else if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED || state == GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED) {
    notes.gone = true;
  }
}

void WebrtcPeer::Pipeline::on_gathering(GObject* webrtc, GParamSpec*, gpointer share) {
  GstWebRTCICEGatheringState state = GST_WEBRTC_ICE_GATHERING_STATE_NEW;
  g_object_get(webrtc, "ice-gathering-state", &state, nullptr);
  if (state != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE) return;
  Notes& notes = notes_of(share);
  {
    const std::lock_guard lock(notes.mutex);
    notes.gathered = true;
  }
  notes.changed.notify_all();
}

void WebrtcPeer::Pipeline::on_rtcp(GObject*, GstBuffer*, gpointer share) {
  Notes& notes = notes_of(share);
  notes.heard = notes.clock.now().count();
}

gboolean WebrtcPeer::Pipeline::on_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  Notes& notes = notes_of(pad->eventdata);
  if (const GstStructure* what = gst_event_get_structure(event)) {
    if (gst_structure_has_name(what, "GstForceKeyUnit")) notes.key_picture = true;
    // Comes by every pad, with the packets of all.
    if (pad == notes.feedback_pad && gst_structure_has_name(what, "RTPTWCCPackets")) read_feedback(*what, notes);
  }
  return gst_pad_event_default(pad, parent, event);
}

// One feedback: each packet with when it left (local-ts, by our clock) and came (remote-ts, by the viewer's).
void WebrtcPeer::Pipeline::read_feedback(const GstStructure& feedback, Notes& notes) {
  const GValue* value = gst_structure_get_value(&feedback, "packets");
  if (value == nullptr || !G_VALUE_HOLDS_BOXED(value)) return;
  const auto* packets = static_cast<const GValueArray*>(g_value_get_boxed(value));
  LinkReport report;
  std::array<int64_t, kMostPackets> travel;
  size_t travelled = 0;
  int64_t last = 0;
  for (unsigned i = 0; i < packets->n_values; ++i) {
    const GstStructure* packet = gst_value_get_structure(&packets->values[i]);
    guint64 left = GST_CLOCK_TIME_NONE, came = GST_CLOCK_TIME_NONE;
    guint bytes = 0;
    gboolean lost = TRUE;
    gst_structure_get(packet, "local-ts", G_TYPE_UINT64, &left, "remote-ts", G_TYPE_UINT64, &came, "size", G_TYPE_UINT,
                      &bytes, "lost", G_TYPE_BOOLEAN, &lost, nullptr);
    ++report.packets;
    if (lost) {
      ++report.lost;
      continue;
    }
    report.bytes_received += bytes;
    if (!GST_CLOCK_TIME_IS_VALID(left) || !GST_CLOCK_TIME_IS_VALID(came)) continue;
    last = std::max(last, static_cast<int64_t>(came));
    if (travelled < travel.size()) travel[travelled++] = static_cast<int64_t>(came - left);
  }
  const std::lock_guard lock(notes.mutex);
  if (travelled > 0) {
    const auto middle = travel.begin() + static_cast<ptrdiff_t>(travelled / 2);
    std::nth_element(travel.begin(), middle, travel.begin() + static_cast<ptrdiff_t>(travelled));
    report.queue_delay = notes.queue.of(std::chrono::nanoseconds(*middle), notes.clock.now());
    const std::chrono::nanoseconds arrival(last);
    if (notes.last_arrival.count() > 0 && arrival > notes.last_arrival)
      report.span = arrival - notes.last_arrival;
    else
      report.bytes_received = 0;  // the first: nothing to count from
    notes.last_arrival = arrival;
  }
  notes.link += report;
}

Result<void> WebrtcPeer::Pipeline::build(const WebrtcSettings& settings) {
  bin.reset(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  webrtc = gst_element_factory_make("webrtcbin", nullptr);
  if (webrtc == nullptr) return library_error("is not installed");
  gst_bin_add(GST_BIN(bin.get()), webrtc);
  gst_pipeline_use_clock(GST_PIPELINE(bin.get()), clock.get());
  gst_element_set_start_time(bin.get(), GST_CLOCK_TIME_NONE);
  gst_element_set_base_time(bin.get(), gst_clock_get_time(clock.get()) - kCountsFrom);
  // Nobody reads the bus: what it says reaches us by notes, and a full bus would keep every message.
  GstBus* bus = gst_element_get_bus(bin.get());
  gst_bus_set_flushing(bus, TRUE);
  gst_object_unref(bus);
  g_object_set(webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, nullptr);

  GObject* ice = nullptr;
  g_object_get(webrtc, "ice-agent", &ice, nullptr);
  const Owned<GObject> ice_owner(ice);
  GObject* agent = nullptr;
  g_object_get(ice, "agent", &agent, nullptr);
  // By default the agent looks for a router that opens ports (UPnP), on every interface.
  g_object_set(agent, "upnp", FALSE, "ice-tcp", FALSE, nullptr);
  g_object_unref(agent);
  if (settings.max_port > 0) {
    g_object_set(ice, "max-rtp-port", static_cast<guint>(settings.max_port), "min-rtp-port",
                 static_cast<guint>(settings.min_port), nullptr);
  }
  for (const auto& address : settings.addresses) {
    gboolean taken = FALSE;
    g_signal_emit_by_name(ice, "add-local-ip-address", address.c_str(), &taken);
    if (!taken) return library_error("does not take the address " + address);
  }
  asks_servers = !settings.stun_server.empty() || !settings.turn_servers.empty();
  if (!settings.stun_server.empty()) g_object_set(webrtc, "stun-server", settings.stun_server.c_str(), nullptr);
  for (const auto& server : settings.turn_servers) {
    gboolean taken = FALSE;
    g_signal_emit_by_name(webrtc, "add-turn-server", server.c_str(), &taken);
    if (!taken) return Error{ErrorKind::invalid, "a TURN server's address cannot be read"};
  }
  listen(webrtc, "notify::connection-state", G_CALLBACK(on_connection));
  listen(webrtc, "notify::ice-gathering-state", G_CALLBACK(on_gathering));
  return {};
}

Result<void> WebrtcPeer::Pipeline::add_way(const WhepOffer::Section& section, VideoCodec codec) {
  const bool picture = section.kind == WhepOffer::Section::Kind::picture;
  const bool h264 = codec == VideoCodec::h264;
  const auto& payload = picture ? *section.video[static_cast<int>(codec)] : section.opus;
  Way& way = ways[static_cast<size_t>(picture ? Track::picture : Track::sound)];

  GstElement* payloader = gst_element_factory_make(!picture ? "rtpopuspay"
                                                   : h264   ? "rtph264pay"
                                                            : "rtpvp8pay",
                                                   nullptr);
  if (payloader == nullptr) return library_error("has no payloader");
  gst_bin_add(GST_BIN(bin.get()), payloader);
  const uint32_t ssrc = std::random_device()();
  g_object_set(payloader, "pt", static_cast<guint>(payload.type), "ssrc", static_cast<guint>(ssrc), "mtu", kPacketBytes,
               nullptr);
  if (picture && !h264) gst_util_set_object_arg(G_OBJECT(payloader), "picture-id-mode", "15-bit");
  way.caps = gst_caps_from_string(!picture ? "audio/x-opus, rate=48000, channels=1, channel-mapping-family=0"
                                  : h264   ? "video/x-h264, stream-format=byte-stream, alignment=au"
                                           : "video/x-vp8");

  // The SSRC must stand here for retransmissions to get one of their own.
  GstCaps* wish = gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, picture ? "video" : "audio",
                                      "encoding-name", G_TYPE_STRING, picture ? name(codec) : "OPUS", "clock-rate",
                                      G_TYPE_INT, picture ? 90000 : kSampleRate, "payload", G_TYPE_INT, payload.type,
                                      "ssrc", G_TYPE_UINT, static_cast<guint>(ssrc), nullptr);
  if (picture) {
    gst_caps_set_simple(wish, "rtcp-fb-nack", G_TYPE_BOOLEAN, TRUE, "rtcp-fb-nack-pli", G_TYPE_BOOLEAN, TRUE,
                        "rtcp-fb-ccm-fir", G_TYPE_BOOLEAN, TRUE, nullptr);
  } else {
    gst_caps_set_simple(wish, "encoding-params", G_TYPE_STRING, "2", nullptr);
  }
  if (payload.transport_cc) {
    const std::string field = "extmap-" + std::to_string(section.transport_cc_id);
    gst_caps_set_simple(wish, "rtcp-fb-transport-cc", G_TYPE_BOOLEAN, TRUE, field.c_str(), G_TYPE_STRING,
                        std::string(WhepOffer::kTransportCc).c_str(), nullptr);
    if (GstRTPHeaderExtension* extension =
            gst_rtp_header_extension_create_from_uri(std::string(WhepOffer::kTransportCc).c_str())) {
      gst_rtp_header_extension_set_id(extension, static_cast<guint>(section.transport_cc_id));
      g_signal_emit_by_name(payloader, "add-extension", extension);
      gst_object_unref(extension);
    }
  }
  GstPadTemplate* port = gst_element_get_pad_template(webrtc, "sink_%u");
  const Owned<GstPad> sink(gst_element_request_pad(webrtc, port, nullptr, wish));
  const Owned<GstPad> source(gst_element_get_static_pad(payloader, "src"));
  const Owned<GstPad> inlet(gst_element_get_static_pad(payloader, "sink"));
  GstWebRTCRTPTransceiver* transceiver = nullptr;
  if (sink) g_object_get(sink.get(), "transceiver", &transceiver, nullptr);
  if (transceiver == nullptr) {
    gst_caps_unref(wish);
    return library_error("has no place for a track");
  }
  g_object_set(transceiver, "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, "codec-preferences", wish,
               "do-nack", static_cast<gboolean>(picture), nullptr);
  gst_object_unref(transceiver);
  gst_caps_unref(wish);

  way.pad = GST_PAD(gst_object_ref_sink(gst_pad_new(nullptr, GST_PAD_SRC)));
  notes->feedback_pad = way.pad;
  gst_pad_set_event_function_full(way.pad, on_event, share(notes), drop);
  if (GST_PAD_LINK_FAILED(gst_pad_link(source.get(), sink.get())) ||
      GST_PAD_LINK_FAILED(gst_pad_link(way.pad, inlet.get()))) {
    return library_error("does not take a track");
  }
  gst_pad_set_active(way.pad, TRUE);
  return {};
}

// Asks webrtcbin for something and waits for its answer. `reply` names the description that comes back; null: none.
Result<Description> WebrtcPeer::Pipeline::promised(const char* verb, GstWebRTCSessionDescription* argument,
                                                   const char* reply) {
  GstPromise* promise = gst_promise_new();
  g_signal_emit_by_name(webrtc, verb, argument, promise);
  const bool replied = gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED;
  const GstStructure* answer = replied ? gst_promise_get_reply(promise) : nullptr;
  Description description;
  std::string why;
  if (answer != nullptr && gst_structure_has_field(answer, "error")) {
    GError* error = nullptr;
    gst_structure_get(answer, "error", G_TYPE_ERROR, &error, nullptr);
    why = std::string(": ") + (error != nullptr ? error->message : "?");
    g_clear_error(&error);
  } else if (answer != nullptr && reply != nullptr) {
    GstWebRTCSessionDescription* got = nullptr;
    gst_structure_get(answer, reply, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &got, nullptr);
    description.reset(got);
  }
  gst_promise_unref(promise);
  if (!replied || !why.empty() || (reply != nullptr && description == nullptr)) {
    return library_error(std::string("refused to ") + verb + why);
  }
  return description;
}

Result<std::string> WebrtcPeer::Pipeline::negotiate(const std::string& offer) {
  GstSDPMessage* message = nullptr;
  if (gst_sdp_message_new_from_text(offer.c_str(), &message) != GST_SDP_OK) return library_error("cannot read SDP");
  const Description remote(gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_OFFER, message));
  // The transport's verbs wait for its own thread, which runs from READY on.
  if (gst_element_set_state(bin.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    return library_error("does not start");
  }
  if (auto done = promised("set-remote-description", remote.get(), nullptr); !done) return done.error();
  auto answer = promised("create-answer", nullptr, "answer");
  if (!answer) return answer.error();
  if (auto done = promised("set-local-description", answer->get(), nullptr); !done) return done.error();
  {
    std::unique_lock lock(notes->mutex);
    notes->changed.wait_for(lock, asks_servers ? kGatheringFromServers : kGathering,
                            [this] { return notes->gathered; });
  }
  GstWebRTCSessionDescription* local = nullptr;
  g_object_get(webrtc, "local-description", &local, nullptr);
  const Description owner(local);
  if (local == nullptr) return library_error("has no answer");
  gchar* text = gst_sdp_message_as_text(local->sdp);
  std::string sdp = text;
  g_free(text);
  if (sdp.find("a=candidate:") == std::string::npos) {
    return Error{ErrorKind::busy, "no UDP port is free for another viewer: try again later"};
  }
  return sdp;
}

void WebrtcPeer::Pipeline::tune_session() {
  const Owned<GstElement> rtp(gst_bin_get_by_name(GST_BIN(webrtc), "rtpbin"));
  // Reports tell when a packet's content was, not when it left; by a clock that nobody sets. Then what they say of
  // sound and of pictures is the same to the sample.
  g_object_set(rtp.get(), "rtcp-sync-send-time", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(rtp.get()), "ntp-time-source", "clock-time");
  GObject* session = nullptr;
  g_signal_emit_by_name(rtp.get(), "get-internal-session", 0U /* that of the bundle */, &session);
  if (session == nullptr) return;
  g_object_set(session, "rtcp-min-interval", static_cast<guint64>(kReportIntervalMs * GST_MSECOND), nullptr);
  listen(session, "on-receiving-rtcp", G_CALLBACK(on_rtcp));
  g_object_unref(session);
}

WebrtcPeer::WebrtcPeer(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}

WebrtcPeer::~WebrtcPeer() = default;

Result<WebrtcPeer::Opened> WebrtcPeer::open(const WhepOffer& offer, VideoCodec codec, const WebrtcSettings& settings,
                                            const Clock& clock, std::shared_ptr<std::atomic<int>> waiting) {
  CHECK(!offer.has_picture() || offer.offers(codec));
  auto pipeline = std::make_unique<Pipeline>(std::make_shared<Notes>(clock, std::move(waiting)));
  if (auto built = pipeline->build(settings); !built) return built.error();
  for (const auto& section : offer.sections()) {
    if (section.kind == WhepOffer::Section::Kind::refused) continue;
    if (auto added = pipeline->add_way(section, codec); !added) return added.error();
  }
  auto answer = pipeline->negotiate(offer.rewritten(codec));
  if (!answer) return answer.error();
  pipeline->tune_session();
  if (!settings.public_address.empty()) *answer = with_public_address(*answer, settings.public_address);
  return Opened{std::unique_ptr<WebrtcPeer>(new WebrtcPeer(std::move(pipeline))), offer.answer(*answer, codec)};
}

void WebrtcPeer::add_candidates(std::string_view fragment) {
  for (const auto& candidate : usable_candidates(fragment)) {
    g_signal_emit_by_name(pipeline_->webrtc, "add-ice-candidate", 0U, candidate.c_str());
  }
}

void WebrtcPeer::send(Track track, std::span<const uint8_t> unit, MediaTime time) {
  Pipeline& p = *pipeline_;
  Pipeline::Way& way = p.ways[static_cast<size_t>(track)];
  // A push before the transport is ready would wait for it.
  if (way.pad == nullptr || !p.notes->connected || p.notes->gone) return;
  const GstClockTimeDiff media = time.samples * 62'500 / 3;  // ns; a sample of 48 kHz is 62,500/3
  if (!p.shift) {
    const GstClockTime running = gst_clock_get_time(p.clock.get()) - gst_element_get_base_time(p.bin.get());
    p.shift = static_cast<GstClockTimeDiff>(running - kPast) - media;
  }
  if (!way.announced) {
    way.announced = true;
    gst_pad_push_event(way.pad, gst_event_new_stream_start(track == Track::picture ? "picture" : "sound"));
    gst_pad_push_event(way.pad, gst_event_new_caps(way.caps));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(way.pad, gst_event_new_segment(&segment));
  }
  GstBuffer* buffer = gst_buffer_new_memdup(unit.data(), unit.size());
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(media + *p.shift);
  GST_BUFFER_DTS(buffer) = GST_BUFFER_PTS(buffer);
  gst_pad_push(way.pad, buffer);  // what it says of the way is of no use: a peer that ends says so by its state
}

WebrtcPeer::Wishes WebrtcPeer::take_wishes() {
  Notes& notes = *pipeline_->notes;
  Wishes wishes;
  wishes.key_picture = notes.key_picture.exchange(false);
  const std::lock_guard lock(notes.mutex);
  wishes.link = std::exchange(notes.link, {});
  return wishes;
}

WebrtcPeer::State WebrtcPeer::state() const {
  const Notes& notes = *pipeline_->notes;
  const auto now = notes.clock.now();
  if (notes.gone) return State::gone;
  if (!notes.connected) return now - notes.opened > kPatience ? State::gone : State::connecting;
  return now - std::chrono::nanoseconds(notes.heard) > kSilence ? State::gone : State::connected;
}

}  // namespace avatar
