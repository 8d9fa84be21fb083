// SPDX-License-Identifier: Apache-2.0
#include "stream/gstreamer.h"

#include <gst/gst.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <span>
#include <string>

namespace avatar {
namespace {

constexpr std::array kPlugins{
    "coreelements", "typefindfunctions",
    "playback",     "app",
    "audioconvert", "audioresample",  // the pipeline
    "id3demux",     "apetag",
    "audioparsers",  // around MP3 and AAC
    "wavparse",     "flac",
    "mpg123",  // WAV, FLAC, MP3
    "ogg",          "vorbis",
    "opus",         "opusparse",  // Ogg
    "isomp4",       "faad",       // M4A
};

constexpr std::array kWebrtcPlugins{"rtp", "rtpmanager", "srtp", "dtls", "nice", "sctp", "webrtc"};

void load(std::span<const char* const> plugins) {
  for (const char* name : plugins) {
    const std::string path = std::string(AVATAR_GST_PLUGINS "/libgst") + name + ".so";
    // A missing one is found out when it is needed.
    if (GstPlugin* plugin = gst_plugin_load_file(path.c_str(), nullptr)) gst_object_unref(plugin);
  }
}

Result<void> find(std::span<const char* const> elements, const char* packages) {
  for (const char* element : elements) {
    GstElementFactory* factory = gst_element_factory_find(element);
    if (factory == nullptr) {
      return Error{ErrorKind::unavailable, std::string("GStreamer's ") + element + " is missing: install " + packages};
    }
    gst_object_unref(factory);
  }
  return {};
}

}  // namespace

void prepare_gstreamer() { ::setenv("GST_REGISTRY_DISABLE", "yes", 0); }

Result<void> start_gstreamer() {
  static std::once_flag once;
  std::call_once(once, [] {
    gst_init(nullptr, nullptr);
    load(kPlugins);
  });
  constexpr std::array kElements{"filesrc", "decodebin", "audioconvert", "audioresample", "appsink"};
  return find(kElements, "gstreamer1.0-plugins-base and -good");
}

Result<void> start_gstreamer_webrtc() {
  if (auto started = start_gstreamer(); !started) return started;
  static std::once_flag once;
  std::call_once(once, [] { load(kWebrtcPlugins); });
  constexpr std::array kElements{"webrtcbin",  "nicesink",   "dtlssrtpenc", "srtpenc",   "rtpbin",
                                 "rtprtxsend", "rtpopuspay", "rtpvp8pay",   "rtph264pay"};
  return find(kElements, "gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad and gstreamer1.0-nice");
}

}  // namespace avatar
