// SPDX-License-Identifier: Apache-2.0
#include "stream/sound_file.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "stream/gstreamer.h"

namespace avatar {
namespace {

constexpr GstClockTime kPatience = 10 * GST_SECOND;  // for the first sound; a sick disk, not a long file
constexpr int kBuffers = 32;                         // decoded ahead; some 20 ms each

// GStreamer's reference counts, as owners.
struct Unref {
  void operator()(GstElement* e) const { gst_object_unref(e); }
  void operator()(GstBus* b) const { gst_object_unref(b); }
  void operator()(GstMessage* m) const { gst_message_unref(m); }
  void operator()(GstSample* s) const { gst_sample_unref(s); }
  void operator()(GstCaps* c) const { gst_caps_unref(c); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

// decodebin found a stream: the first one of sound is ours, all else is left alone.
void on_pad(GstElement*, GstPad* pad, gpointer converter) {
  GstPad* sink = gst_element_get_static_pad(GST_ELEMENT(converter), "sink");
  const Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
  const char* kind = caps ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)) : "";
  if (std::strcmp(kind, "audio/x-raw") == 0 && gst_pad_is_linked(sink) == FALSE) gst_pad_link(pad, sink);
  gst_object_unref(sink);
}

// All streams are known: without sound among them nothing would ever come.
void on_no_more_pads(GstElement* decodebin, gpointer converter) {
  GstPad* sink = gst_element_get_static_pad(GST_ELEMENT(converter), "sink");
  if (gst_pad_is_linked(sink) == FALSE) {
    GST_ELEMENT_ERROR(decodebin, STREAM, WRONG_TYPE, ("no sound"), (nullptr));
  }
  gst_object_unref(sink);
}

Error error_of(GstMessage* message, const std::filesystem::path& path) {
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const bool is_foreign =
      error->domain == GST_STREAM_ERROR &&
      (error->code == GST_STREAM_ERROR_WRONG_TYPE || error->code == GST_STREAM_ERROR_TYPE_NOT_FOUND ||
       error->code == GST_STREAM_ERROR_CODEC_NOT_FOUND || error->code == GST_STREAM_ERROR_NOT_IMPLEMENTED);
  const bool is_missing_plugin = error->domain == GST_CORE_ERROR;
  const bool is_disk = error->domain == GST_RESOURCE_ERROR;
  const std::string words = error->message;
  g_error_free(error);
  if (is_foreign || is_missing_plugin) {
    return {ErrorKind::unsupported, path.string() + " has no sound that can be read; give WAV, FLAC, MP3, Ogg or M4A"};
  }
  if (is_disk) return {ErrorKind::unavailable, "cannot read " + path.string() + ": " + words};
  return {ErrorKind::invalid, path.string() + " is broken: its sound cannot be decoded"};
}

}  // namespace

struct SoundFile::Decoder {
  std::filesystem::path path;
  Owned<GstElement> pipeline;
  GstElement* sink = nullptr;  // the pipeline's
  Owned<GstBus> bus;
  Owned<GstSample> sample;  // being read
  size_t used = 0;          // floats of it

  ~Decoder() {
    if (pipeline) gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  }
};

SoundFile::SoundFile(std::unique_ptr<Decoder> decoder) : decoder_(std::move(decoder)) {}
SoundFile::SoundFile(SoundFile&&) noexcept = default;
SoundFile& SoundFile::operator=(SoundFile&&) noexcept = default;
SoundFile::~SoundFile() = default;

Result<SoundFile> SoundFile::open(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) return Error{ErrorKind::not_found, "there is no file " + path.string()};
  if (!std::filesystem::is_regular_file(status)) return Error{ErrorKind::invalid, path.string() + " is not a file"};
  if (::access(path.c_str(), R_OK) != 0) {
    return Error{ErrorKind::unavailable, "cannot read " + path.string() + ": " + std::strerror(errno)};
  }
  if (std::filesystem::file_size(path, code) == 0) return Error{ErrorKind::invalid, path.string() + " is empty"};
  if (auto started = start_gstreamer(); !started) return started.error();

  auto d = std::make_unique<Decoder>();
  d->path = path;
  d->pipeline.reset(gst_pipeline_new(nullptr));
  GstElement* source = gst_element_factory_make("filesrc", nullptr);
  GstElement* decode = gst_element_factory_make("decodebin", nullptr);
  GstElement* convert = gst_element_factory_make("audioconvert", nullptr);
  GstElement* resample = gst_element_factory_make("audioresample", nullptr);
  d->sink = gst_element_factory_make("appsink", nullptr);
  gst_bin_add_many(GST_BIN(d->pipeline.get()), source, decode, convert, resample, d->sink, nullptr);
  const Owned<GstCaps> caps(gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, "F32LE", "layout",
                                                G_TYPE_STRING, "interleaved", "channels", G_TYPE_INT, 1, "rate",
                                                G_TYPE_INT, kSampleRate, nullptr));
  g_object_set(source, "location", path.c_str(), nullptr);
  g_object_set(d->sink, "caps", caps.get(), "sync", FALSE, "max-buffers", kBuffers, nullptr);
  CHECK(gst_element_link(source, decode) != FALSE);
  CHECK(gst_element_link_many(convert, resample, d->sink, nullptr) != FALSE);
  g_signal_connect(decode, "pad-added", G_CALLBACK(on_pad), convert);
  g_signal_connect(decode, "no-more-pads", G_CALLBACK(on_no_more_pads), convert);
  d->bus.reset(gst_element_get_bus(d->pipeline.get()));

  gst_element_set_state(d->pipeline.get(), GST_STATE_PLAYING);
  const auto of_interest = static_cast<GstMessageType>(GST_MESSAGE_ASYNC_DONE | GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  const Owned<GstMessage> message(gst_bus_timed_pop_filtered(d->bus.get(), kPatience, of_interest));
  if (!message) return Error{ErrorKind::timeout, "no sound came out of " + path.string() + " within 10 s"};
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) return error_of(message.get(), path);
  if (gst_app_sink_is_eos(GST_APP_SINK(d->sink)) != FALSE) {
    return Error{ErrorKind::invalid, path.string() + " holds no sound: it is 0 seconds long"};
  }
  return SoundFile(std::move(d));
}

Result<size_t> SoundFile::read(std::span<float> sound) {
  Decoder& d = *decoder_;
  size_t filled = 0;
  while (filled < sound.size()) {
    if (!d.sample) {
      // A failed pipeline gives neither sound nor an end; so look at the bus between waits.
      d.sample.reset(gst_app_sink_try_pull_sample(GST_APP_SINK(d.sink), 50 * GST_MSECOND));
      d.used = 0;
      if (!d.sample) {
        const Owned<GstMessage> message(gst_bus_pop_filtered(d.bus.get(), GST_MESSAGE_ERROR));
        if (message) return error_of(message.get(), d.path);
        if (gst_app_sink_is_eos(GST_APP_SINK(d.sink)) != FALSE) break;
        continue;
      }
    }
    GstBuffer* buffer = gst_sample_get_buffer(d.sample.get());
    const size_t there = gst_buffer_get_size(buffer) / sizeof(float);
    const size_t n = std::min(there - d.used, sound.size() - filled);
    gst_buffer_extract(buffer, d.used * sizeof(float), &sound[filled], n * sizeof(float));
    d.used += n;
    filled += n;
    if (d.used == there) d.sample.reset();
  }
  return filled;
}

std::optional<MediaTime> SoundFile::duration() const {
  gint64 ns = 0;
  if (gst_element_query_duration(decoder_->pipeline.get(), GST_FORMAT_TIME, &ns) == FALSE || ns <= 0) return {};
  return MediaTime::from_samples(gst_util_uint64_scale(static_cast<guint64>(ns), kSampleRate, GST_SECOND));
}

}  // namespace avatar
