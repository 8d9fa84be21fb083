// SPDX-License-Identifier: Apache-2.0
#include "stream/gstreamer.h"

#include <gst/gst.h>

#include <array>
#include <cstdlib>
#include <mutex>
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

}  // namespace

void prepare_gstreamer() { ::setenv("GST_REGISTRY_DISABLE", "yes", 1); }

Result<void> start_gstreamer() {
  static std::once_flag once;
  std::call_once(once, [] {
    gst_init(nullptr, nullptr);
    for (const char* name : kPlugins) {
      const std::string path = std::string(AVATAR_GST_PLUGINS "/libgst") + name + ".so";
      // A missing one is found out when a file needs it.
      if (GstPlugin* plugin = gst_plugin_load_file(path.c_str(), nullptr)) gst_object_unref(plugin);
    }
  });
  for (const char* element : {"filesrc", "decodebin", "audioconvert", "audioresample", "appsink"}) {
    GstElementFactory* factory = gst_element_factory_find(element);
    if (factory == nullptr) {
      return Error{ErrorKind::unavailable,
                   std::string("GStreamer's ") + element + " is missing: install gstreamer1.0-plugins-base and -good"};
    }
    gst_object_unref(factory);
  }
  return {};
}

}  // namespace avatar
