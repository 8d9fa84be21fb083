// SPDX-License-Identifier: Apache-2.0
// For tests: a viewer in this process, made of another webrtcbin. Nothing of it leaves the loopback address.
#pragma once

#include <gst/gst.h>
#include <gst/rtp/rtp.h>
#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "stream/webrtc_peer.h"

namespace avatar {

class LoopbackViewer final {
 public:
  struct Packet {
    uint32_t ssrc;
    uint32_t rtp_time;
    std::vector<uint8_t> payload;
    bool marker;
  };
  struct Report {  // of the sender
    uint32_t ssrc;
    uint64_t ntp;
    uint32_t rtp_time;
  };

  /// `codecs` as in SDP: "H264", "VP8".
  explicit LoopbackViewer(const std::vector<std::string>& codecs) {
    bin_ = GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)));
    webrtc_ = gst_element_factory_make("webrtcbin", nullptr);
    gst_bin_add(GST_BIN(bin_), webrtc_);
    g_object_set(webrtc_, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, "latency", 200U, nullptr);
    GObject *ice = nullptr, *agent = nullptr;
    g_object_get(webrtc_, "ice-agent", &ice, nullptr);
    g_object_get(ice, "agent", &agent, nullptr);
    g_object_set(agent, "upnp", FALSE, "ice-tcp", FALSE, nullptr);
    gboolean taken = FALSE;
    g_signal_emit_by_name(ice, "add-local-ip-address", "127.0.0.1", &taken);
    g_object_unref(agent);
    g_object_unref(ice);
    add("audio",
        "application/x-rtp, media=audio, encoding-name=OPUS, clock-rate=48000, encoding-params=(string)2, "
        "payload=111, rtcp-fb-transport-cc=true, extmap-3=" +
            std::string(WhepOffer::kTransportCc));
    std::string video;
    int type = 96;
    for (const auto& codec : codecs) {
      video += "application/x-rtp, media=video, encoding-name=" + codec +
               ", clock-rate=90000, payload=" + std::to_string(type++) +
               ", rtcp-fb-nack=true, rtcp-fb-nack-pli=true, rtcp-fb-transport-cc=true, extmap-3=" +
               std::string(WhepOffer::kTransportCc) +
               (codec == "H264" ? ", packetization-mode=(string)1, profile-level-id=(string)42e01f;" : ";");
    }
    add("video", video);
    const std::lock_guard lock(mutex_);  // the thread sanitizer does not see how GLib hands us over to its threads
    g_signal_connect(webrtc_, "pad-added", G_CALLBACK(on_pad), this);
  }
  ~LoopbackViewer() {
    gst_element_set_state(bin_, GST_STATE_NULL);
    gst_object_unref(bin_);
  }
  LoopbackViewer(const LoopbackViewer&) = delete;
  LoopbackViewer& operator=(const LoopbackViewer&) = delete;

  std::string offer() {
    gst_element_set_state(bin_, GST_STATE_PLAYING);
    GstPromise* promise = gst_promise_new();
    g_signal_emit_by_name(webrtc_, "create-offer", nullptr, promise);
    gst_promise_wait(promise);
    GstWebRTCSessionDescription* made = nullptr;
    gst_structure_get(gst_promise_get_reply(promise), "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &made, nullptr);
    gst_promise_unref(promise);
    if (made == nullptr) return {};
    set("set-local-description", made);
    gst_webrtc_session_description_free(made);
    wait([&] {
      GstWebRTCICEGatheringState state{};
      g_object_get(webrtc_, "ice-gathering-state", &state, nullptr);
      return state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;
    });
    GstWebRTCSessionDescription* local = nullptr;
    g_object_get(webrtc_, "local-description", &local, nullptr);
    gchar* text = gst_sdp_message_as_text(local->sdp);
    std::string sdp = text;
    g_free(text);
    gst_webrtc_session_description_free(local);
    return sdp;
  }

  void accept(const std::string& answer) {
    GstSDPMessage* message = nullptr;
    gst_sdp_message_new_from_text(answer.c_str(), &message);
    auto* description = gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, message);
    set("set-remote-description", description);
    gst_webrtc_session_description_free(description);
    GstElement* rtp = gst_bin_get_by_name(GST_BIN(webrtc_), "rtpbin");
    GObject* session = nullptr;
    g_signal_emit_by_name(rtp, "get-internal-session", 0U, &session);
    if (session != nullptr) {
      g_object_set(session, "rtcp-min-interval", static_cast<guint64>(GST_SECOND), nullptr);
      g_signal_connect(session, "on-receiving-rtcp", G_CALLBACK(on_rtcp), this);
      g_object_unref(session);
    }
    gst_object_unref(rtp);
  }

  [[nodiscard]] bool is_connected() const {
    GstWebRTCPeerConnectionState state{};
    g_object_get(webrtc_, "connection-state", &state, nullptr);
    return state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED;
  }

  /// Sends a PLI.
  void ask_for_key_picture() {
    const std::lock_guard lock(mutex_);
    gst_pad_send_event(pads_.at("video"), gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                                               gst_structure_new("GstForceKeyUnit", "all-headers",
                                                                                 G_TYPE_BOOLEAN, TRUE, nullptr)));
  }

  [[nodiscard]] std::vector<Packet> packets(const std::string& media) {
    const std::lock_guard lock(mutex_);
    return packets_[media];
  }
  [[nodiscard]] std::vector<Report> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }

  /// Whether it came true within ten seconds; `meanwhile` is called every five milliseconds.
  template <typename True, typename Meanwhile>
  static bool wait(True is_true, Meanwhile meanwhile) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_true()) {
      if (std::chrono::steady_clock::now() > end) return false;
      meanwhile();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  template <typename True>
  static bool wait(True is_true) {
    return wait(is_true, [] {});
  }

 private:
  void add(const char* /*media*/, const std::string& text) {
    GstCaps* caps = gst_caps_from_string(text.c_str());
    GstWebRTCRTPTransceiver* transceiver = nullptr;
    g_signal_emit_by_name(webrtc_, "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps,
                          &transceiver);
    g_object_set(transceiver, "do-nack", TRUE, nullptr);
    gst_object_unref(transceiver);
    gst_caps_unref(caps);
  }
  void set(const char* verb, GstWebRTCSessionDescription* description) {
    GstPromise* promise = gst_promise_new();
    g_signal_emit_by_name(webrtc_, verb, description, promise);
    gst_promise_wait(promise);
    gst_promise_unref(promise);
  }
  static void on_pad(GstElement*, GstPad* pad, gpointer data) {
    auto* self = static_cast<LoopbackViewer*>(data);
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC) return;
    const std::lock_guard lock(self->mutex_);
    GstCaps* caps = gst_pad_get_current_caps(pad);
    const std::string media = gst_structure_get_string(gst_caps_get_structure(caps, 0), "media");
    gst_caps_unref(caps);
    GstElement* end = gst_element_factory_make("fakesink", nullptr);
    g_object_set(end, "sync", FALSE, "async", FALSE, "signal-handoffs", TRUE, nullptr);
    g_signal_connect(end, "handoff", media == "audio" ? G_CALLBACK(on_sound) : G_CALLBACK(on_picture), data);
    gst_bin_add(GST_BIN(self->bin_), end);
    gst_element_sync_state_with_parent(end);
    GstPad* sink = gst_element_get_static_pad(end, "sink");
    gst_pad_link(pad, sink);
    gst_object_unref(sink);
    self->pads_[media] = pad;
  }
  static void on_sound(GstElement*, GstBuffer* buffer, GstPad*, gpointer data) { keep("audio", buffer, data); }
  static void on_picture(GstElement*, GstBuffer* buffer, GstPad*, gpointer data) { keep("video", buffer, data); }
  static void keep(const char* media, GstBuffer* buffer, gpointer data) {
    auto* self = static_cast<LoopbackViewer*>(data);
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    if (!gst_rtp_buffer_map(buffer, GST_MAP_READ, &rtp)) return;
    const auto* bytes = static_cast<const uint8_t*>(gst_rtp_buffer_get_payload(&rtp));
    Packet packet{gst_rtp_buffer_get_ssrc(&rtp),
                  gst_rtp_buffer_get_timestamp(&rtp),
                  {bytes, bytes + gst_rtp_buffer_get_payload_len(&rtp)},
                  gst_rtp_buffer_get_marker(&rtp) != FALSE};
    gst_rtp_buffer_unmap(&rtp);
    const std::lock_guard lock(self->mutex_);
    self->packets_[media].push_back(std::move(packet));
  }
  static void on_rtcp(GObject*, GstBuffer* buffer, gpointer data) {
    auto* self = static_cast<LoopbackViewer*>(data);
    GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
    if (!gst_rtcp_buffer_map(buffer, GST_MAP_READ, &rtcp)) return;
    GstRTCPPacket packet;
    for (gboolean more = gst_rtcp_buffer_get_first_packet(&rtcp, &packet); more;
         more = gst_rtcp_packet_move_to_next(&packet)) {
      if (gst_rtcp_packet_get_type(&packet) != GST_RTCP_TYPE_SR) continue;
      Report report{};
      gst_rtcp_packet_sr_get_sender_info(&packet, &report.ssrc, &report.ntp, &report.rtp_time, nullptr, nullptr);
      const std::lock_guard lock(self->mutex_);
      self->reports_.push_back(report);
    }
    gst_rtcp_buffer_unmap(&rtcp);
  }

  GstElement* bin_;
  GstElement* webrtc_;
  std::mutex mutex_;
  std::map<std::string, GstPad*> pads_;
  std::map<std::string, std::vector<Packet>> packets_;
  std::vector<Report> reports_;
};

}  // namespace avatar
