// SPDX-License-Identifier: Apache-2.0
#include "http/speech_body.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "base/new_file.h"
#include "http/descriptors.h"
#include "http/messages.h"

namespace avatar {
namespace {

// audio/l16;rate=16000;channels=1. RFC 2586 means big-endian, practice little: that is the default, and
// endianness=big-endian the other.
Result<PcmFormat> format_of(std::string_view content_type) {
  PcmFormat format;
  const auto whole = [&](const char* name, int otherwise) -> std::optional<int> {
    const std::string text = media_parameter(content_type, name);
    if (text.empty()) return otherwise;
    if (text.size() > 7 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    return std::stoi(text);
  };
  const auto rate = whole("rate", 0), channels = whole("channels", 1);
  const std::string order = media_parameter(content_type, "endianness");
  if (!rate || *rate == 0 || !channels || (!order.empty() && order != "big-endian" && order != "little-endian")) {
    return Error{ErrorKind::invalid,
                 "raw sound is sent as audio/l16;rate=16000;channels=1, and if need be ;endianness=big-endian"};
  }
  format.rate = *rate;
  format.channels = *channels;
  format.big_endian = order == "big-endian";
  return format;
}

// A file that has no name any more: it goes with its last descriptor, whatever happens to us.
std::FILE* nameless_file() {
  const std::string folder = std::filesystem::temp_directory_path().string();
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return fd >= 0 ? ::fdopen(fd, "w+b") : std::tmpfile();
}

}  // namespace

Result<SpeechBody> SpeechBody::open(std::shared_ptr<LiveSession> live, std::string_view content_type) {
  SpeechBody body(std::move(live));
  const std::string type = media_type(content_type);
  if (type == "audio/l16" || type == "audio/pcm") {
    const auto format = format_of(content_type);
    if (!format) return format.error();
    auto reader = PcmReader::create(*format);
    if (!reader) return reader.error();
    body.kind_ = std::move(*reader);
  }
  return body;
}

SpeechBody::SpeechBody(SpeechBody&& other) noexcept
    : live_(std::move(other.live_)),
      start_(std::move(other.start_)),
      kind_(std::move(other.kind_)),
      sound_(std::move(other.sound_)),
      utterance_(std::exchange(other.utterance_, 0)),
      heard_(other.heard_) {}

SpeechBody::~SpeechBody() {
  if (utterance_ != 0) live_->end(utterance_);
}

// WAV tells by its first bytes, everything else is a file for the decoder.
Result<void> SpeechBody::choose() {
  const std::string_view start(reinterpret_cast<const char*>(start_.data()), start_.size());
  if (WavReader::looks_like_wav(start)) {
    kind_ = WavReader();
  } else {
    Stored stored{std::unique_ptr<std::FILE, Close>(nameless_file()), 0, std::nullopt};
    if (stored.file == nullptr) return file_error("write", std::filesystem::temp_directory_path(), errno);
    kind_ = std::move(stored);
  }
  return add(std::exchange(start_, {}));
}

Result<void> SpeechBody::add(std::span<const std::byte> bytes) {
  if (std::holds_alternative<Unknown>(kind_)) {
    start_.insert(start_.end(), bytes.begin(), bytes.end());
    return start_.size() < WavReader::kSniff ? Result<void>() : choose();
  }
  if (auto* pcm = std::get_if<PcmReader>(&kind_)) {
    pcm->add(bytes, sound_);
    return say();
  }
  if (auto* wav = std::get_if<WavReader>(&kind_)) {
    if (auto added = wav->add(bytes, sound_); !added) return added;
    return say();
  }
  auto& stored = std::get<Stored>(kind_);
  stored.bytes += static_cast<int64_t>(bytes.size());
  if (stored.bytes > kMostFileBytes) {
    return Error{ErrorKind::invalid, "the sound file is larger than 100 MB; send it in parts, or as WAV or PCM"};
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), stored.file.get()) != bytes.size()) {
    return file_error("write", std::filesystem::temp_directory_path(), errno);
  }
  return {};
}

// Lets the session hear what has been read. When somebody else has filled its queue, that is an error of this body.
Result<void> SpeechBody::say() {
  if (sound_.empty()) return {};
  if (utterance_ == 0) {
    const auto begun = live_->begin();
    if (!begun) return begun.error();
    utterance_ = *begun;
  }
  auto heard = live_->hear(utterance_, sound_);
  heard_ = heard_ + MediaTime::from_samples(static_cast<int64_t>(sound_.size()));
  sound_.clear();
  return heard;
}

Result<bool> SpeechBody::finish_some() {
  if (std::holds_alternative<Unknown>(kind_)) {
    if (start_.empty()) return Error{ErrorKind::invalid, "the body is empty; send a sound file or raw PCM"};
    if (auto chosen = choose(); !chosen) return chosen.error();
  }
  if (auto* pcm = std::get_if<PcmReader>(&kind_)) pcm->finish(sound_);
  if (auto* wav = std::get_if<WavReader>(&kind_)) {
    if (auto finished = wav->finish(sound_); !finished) return finished.error();
  }
  bool is_all = true;
  if (auto* stored = std::get_if<Stored>(&kind_)) {
    if (!stored->decoder) {
      if (!has_descriptors(kDescriptorReserve / 2)) {
        return Error{ErrorKind::busy, "this worker has no file descriptors left; send WAV or PCM, or try again later"};
      }
      std::fflush(stored->file.get());
      auto decoder = SoundFile::open("/proc/self/fd/" + std::to_string(::fileno(stored->file.get())));
      if (!decoder)
        return Error{decoder.error().kind,
                     "this sound cannot be read: send WAV, FLAC, MP3, Ogg or M4A, or raw PCM as audio/l16;rate=16000"};
      stored->decoder.emplace(std::move(*decoder));
    }
    sound_.resize(kSampleRate);
    const auto n = stored->decoder->read(sound_);
    if (!n) return Error{n.error().kind, "the sound file is broken"};
    sound_.resize(*n);
    is_all = *n == 0;
  }
  if (auto said = say(); !said) return said.error();
  if (is_all && utterance_ == 0) return Error{ErrorKind::invalid, "there is no sound in the body"};
  if (is_all) live_->end(utterance_);
  return is_all;
}

Reply SpeechBody::reply(bool interrupted) const {
  Reply reply;
  reply.body = speech_json(utterance_, heard_, interrupted);
  return reply;
}

}  // namespace avatar
