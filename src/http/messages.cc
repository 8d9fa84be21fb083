// SPDX-License-Identifier: Apache-2.0
#include "http/messages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "face/picture_file.h"
#include "http/base64.h"
#include "http/json_fields.h"
#include "http/multipart.h"
#include "stream/whep_sink.h"
#include "types/emotion.h"

namespace avatar {
namespace {

using Json = nlohmann::ordered_json;

// What was not UTF-8 (a file's name, somebody's words given back) is replaced, not thrown about.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

constexpr size_t kMostTextBytes = 8000;

Error invalid(std::string words) { return {ErrorKind::invalid, std::move(words)}; }

std::optional<double> number_of(const std::string& text) {
  if (text.empty() || text.size() > 32) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Result<float> number_within(const std::string& name, const std::string& text, double low, double high) {
  const auto value = number_of(text);
  if (value && *value >= low && *value <= high) return static_cast<float>(*value);
  return invalid(name + " is a number from " + Json(low).dump() + " to " + Json(high).dump());
}

Result<int> side(const std::string& name, const std::string& text) {
  const auto value = number_of(text);
  if (value && *value >= 128 && *value <= 2048 && *value == std::floor(*value) && static_cast<int>(*value) % 2 == 0) {
    return static_cast<int>(*value);
  }
  return invalid(name + " is an even number of pixels from 128 to 2048");
}

template <typename T, typename V>
Result<void> keep(T& where, const Result<V>& value) {
  if (!value) return value.error();
  where = *value;
  return {};
}

// "happy", "happy:0.8" or "auto".
Result<void> set_emotion(Performance& p, const std::string& text) {
  if (text == "auto") return {};
  const size_t colon = text.find(':');
  const auto emotion = emotion_named(std::string_view(text).substr(0, colon));
  const auto strength =
      colon == std::string::npos ? std::optional(double{p.emotion_intensity}) : number_of(text.substr(colon + 1));
  if (!emotion || !strength || *strength < 0 || *strength > 1) {
    return invalid(
        "emotion is auto, neutral, happy, sad, angry, fear, disgust or surprise, and if you like :0 to :1 after it");
  }
  p.emotion = *emotion;
  p.emotion_intensity = static_cast<float>(*strength);
  return {};
}

Result<void> set_picture(LaunchRequest& r, std::string_view text) {
  if (text.substr(0, 5) == "data:") {
    const size_t comma = text.find(',');
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  if (text.substr(0, 7) == "http://" || text.substr(0, 8) == "https://") {
    return invalid("the picture is an address; send the picture itself, as a file part or as base64");
  }
  auto bytes = decode_base64(text);
  if (!bytes || bytes->empty()) return invalid("image is a picture file in base64");
  r.picture = std::move(*bytes);
  return {};
}

// One field, as a form or as JSON has it. Unknown fields are ignored: newer clients must not fail here.
Result<void> set_field(LaunchRequest& r, const std::string& name, const std::string& text) {
  if (text.empty()) return {};
  Performance& p = r.performance;
  if (name == "avatar_id") {
    r.avatar_id = text;
  } else if (name == "image" || name == "avatar_image") {
    return set_picture(r, text);
  } else if (name == "emotion") {
    return set_emotion(p, text);
  } else if (name == "expression_scale") {
    return keep(p.expression_scale, number_within(name, text, 0, 2));
  } else if (name == "motion_scale") {
    return keep(p.motion_scale, number_within(name, text, 0, 2));
  } else if (name == "width") {
    return keep(r.size.width, side(name, text));
  } else if (name == "height") {
    return keep(r.size.height, side(name, text));
  } else if (name == "fps") {
    const auto fps = number_of(text);
    if (!fps || (*fps != 25 && *fps != 30 && *fps != 50 && *fps != 60)) return invalid("fps is 25, 30, 50 or 60");
    r.fps = static_cast<int>(*fps);
  } else if (name == "seed") {
    const auto seed = number_of(text);
    if (!seed || *seed < 0 || *seed > 9e15 || *seed != std::floor(*seed)) {
      return invalid("seed is a whole number from 0 to 9e15");
    }
    p.seed = static_cast<uint64_t>(*seed);
    r.has_seed = true;
  }
  return {};
}

// Where a field goes: launch_request_of and room_wish_of know different ones.
using SetField = std::function<Result<void>(const std::string& name, const std::string& text)>;

Result<void> read_form(const Request& request, LaunchRequest& r, const SetField& set) {
  auto parts = parse_multipart(request.content_type, request.body);
  if (!parts) return parts.error();
  for (const Part& part : *parts) {
    const bool is_file = !part.file_name.empty() || media_type(part.content_type).substr(0, 6) == "image/";
    if (is_file && (part.name == "avatar_image" || part.name == "image")) {
      const auto bytes = std::as_bytes(std::span(part.content.data(), part.content.size()));
      r.picture.assign(bytes.begin(), bytes.end());
      if (r.picture.empty()) return invalid("the picture is an empty file");
    } else if (!is_file) {
      if (auto done = set(part.name, std::string(part.content)); !done) return done.error();
    }
  }
  return {};
}

Result<void> read_json(const Request& request, const SetField& set) {
  if (request.body.empty()) return {};
  auto json = json_fields(request.body);
  if (!json) return json.error();
  for (const auto& [name, value] : json->items()) {
    if (value.is_null()) continue;
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (auto done = set(name, text); !done) return done.error();
  }
  return {};
}

Result<void> read_fields(const Request& request, LaunchRequest& r, const SetField& set) {
  const std::string type = media_type(request.content_type);
  if (type == "multipart/form-data") return read_form(request, r, set);
  if (type == "application/json" || request.body.empty()) return read_json(request, set);
  return Error{ErrorKind::unsupported, "send a form (multipart/form-data) or JSON (application/json)"};
}

bool is_web_address(std::string_view text) { return text.substr(0, 7) == "http://" || text.substr(0, 8) == "https://"; }

// Spellings of three clients: the form, its JSON, and the plain dispatcher's.
Result<void> set_room_field(RoomWish& wish, const std::string& name, const std::string& text) {
  if (name == "livekit_url" || name == "url") {
    wish.room.url = text;
  } else if (name == "livekit_token" || name == "token") {
    wish.room.token = text;
  } else if (name == "room_name") {
    wish.room.room_name = text;
  } else if (name == "avatar_image_url" || ((name == "image" || name == "avatar_image") && is_web_address(text))) {
    wish.picture_url = text;
  } else if (name == "agent_id") {
    wish.room.avatar.avatar_id = text;
  } else if (name == "async_mode") {
    if (text != "true" && text != "false") return invalid("async_mode is true or false");
    wish.wait = text == "false";
  } else {
    return set_field(wish.room.avatar, name, text);
  }
  return {};
}

// Who joins, by the token's own word: "sub" of its middle part (RFC 7519). The LiveKit server checks the rest.
std::optional<std::string> identity_of(const std::string& token) {
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const auto bytes = decode_base64(std::string_view(token).substr(first + 1, second - first - 1));
  if (!bytes) return std::nullopt;
  const auto claims = json_fields({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!claims) return std::nullopt;
  const auto sub = claims->find("sub");
  return sub != claims->end() && sub->is_string() ? std::optional(sub->get<std::string>()) : std::nullopt;
}

Json session_object(const LiveSession& live) {
  const std::string path = "/sessions/" + live.id();
  Json json = {{"session_id", live.id()},
               {"avatar_id", live.avatar_id().empty() ? Json(nullptr) : Json(live.avatar_id())},
               {"width", live.size().width},
               {"height", live.size().height},
               {"fps", live.fps()},
               {"seconds", std::round(std::chrono::duration<double>(live.age()).count() * 10) / 10},
               {"speaking", live.is_speaking()},
               {"whep_url", path + "/whep"},
               {"speech_url", path + "/speech"},
               {"interrupt_url", path + "/interrupt"}};
  if (const WhepSink* whep = live.whep()) {
    const auto figures = whep->figures();
    json["viewers"] = figures.watching;
    json["bitrate_bps"] = figures.bitrate_bps;
  }
  return json;
}

}  // namespace

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::unsupported:
      return 415;
    case ErrorKind::busy:
    case ErrorKind::unavailable:
    case ErrorKind::cancelled:
      return 503;
    case ErrorKind::timeout:
      return 504;
    case ErrorKind::internal:
      break;
  }
  return 500;
}

Reply error_reply(int status, std::string_view kind, std::string_view message) {
  Reply reply;
  reply.status = status;
  reply.error_kind = kind;
  reply.body = text_of({{"error", {{"kind", kind}, {"message", message}}}});
  if (status == 503) reply.headers.emplace_back("Retry-After", "2");
  return reply;
}

Reply error_reply(const Error& error) { return error_reply(status_of(error.kind), name(error.kind), error.message); }

Result<LaunchRequest> launch_request_of(const Request& request) {
  LaunchRequest r;
  const auto set = [&](const std::string& name, const std::string& text) { return set_field(r, name, text); };
  if (auto read = read_fields(request, r, set); !read) return read.error();
  return r;
}

Result<RoomWish> room_wish_of(const Request& request) {
  RoomWish wish;
  if (const size_t at = ("&" + request.query).find("&async="); at != std::string::npos) {
    wish.wait = request.query.substr(at + 6, 5) == "false";
  }
  const auto set = [&](const std::string& name, const std::string& text) { return set_room_field(wish, name, text); };
  if (auto read = read_fields(request, wish.room.avatar, set); !read) return read.error();
  const std::string& url = wish.room.url;
  if (url.empty()) return invalid("livekit_url is missing");
  if (!is_web_address(url) && url.substr(0, 5) != "ws://" && url.substr(0, 6) != "wss://") {
    return invalid("livekit_url is an address that begins with ws:// or wss://");
  }
  if (wish.room.token.empty()) return invalid("livekit_token is missing");
  if (wish.room.room_name.empty()) return invalid("room_name is missing");
  const auto identity = identity_of(wish.room.token);
  if (!identity) return invalid("livekit_token is not an access token with an identity");
  wish.room.identity = *identity;
  if (!wish.picture_url.empty() && !is_web_address(wish.picture_url)) {
    return invalid("avatar_image_url is an address that begins with http:// or https://");
  }
  return wish;
}

std::string launched_json(std::string_view session_id, std::optional<double> seconds) {
  Json json = {{"status", "success"},
               {"message", seconds ? "the avatar has left the room" : "the avatar is on its way to the room"},
               {"session_id", session_id}};
  if (seconds) json["duration"] = std::round(*seconds * 1000) / 1000;
  return text_of(json);
}

std::string health_json(const Health& h) {
  Json voices = Json::array();
  for (const auto& voice : h.voices) voices.push_back(voice.name);
  return text_of({{"status", "ok"},
                  {"active_workers", h.active},
                  {"capacity", h.capacity},
                  {"version", AVATAR_VERSION},
                  {"engine", h.engine},
                  {"engine_reason", h.engine_reason},
                  {"say", !voices.empty()},
                  {"voices", voices}});
}

std::string ready_json() { return text_of({{"status", "ready"}}); }

std::string avatars_json(const std::vector<Presets::Preset>& presets) {
  Json list = Json::array();
  for (const auto& preset : presets) {
    Json json = {{"id", preset.id}, {"ready", preset.portrait != nullptr}, {"built_in", preset.picture.empty()}};
    if (preset.portrait) {
      json["width"] = preset.portrait->picture.width;
      json["height"] = preset.portrait->picture.height;
    }
    if (preset.why_not) json["reason"] = preset.why_not->message;
    list.push_back(std::move(json));
  }
  return text_of({{"avatars", std::move(list)}});
}

std::string session_json(const LiveSession& live) { return text_of(session_object(live)); }

std::string sessions_json(const std::vector<std::shared_ptr<LiveSession>>& all) {
  Json list = Json::array();
  for (const auto& live : all) list.push_back(session_object(*live));
  return text_of({{"sessions", std::move(list)}});
}

Result<SayWish> say_wish_of(const Request& request) {
  if (media_type(request.content_type) != "application/json") {
    return Error{ErrorKind::unsupported, "send JSON (application/json): {\"text\":\"what to say\"}"};
  }
  auto json = json_fields(request.body);
  if (!json) return json.error();
  SayWish wish;
  const auto text = json->find("text"), voice = json->find("voice");
  if (text != json->end() && text->is_string()) wish.text = text->get<std::string>();
  if (voice != json->end() && voice->is_string()) wish.voice = voice->get<std::string>();
  if (trimmed(wish.text).empty()) return invalid("text is missing: say {\"text\":\"what to say\"}");
  if (wish.text.size() > kMostTextBytes) return invalid("the text is too long; say it in pieces");
  return wish;
}

std::string speech_json(uint64_t utterance, MediaTime heard, bool interrupted) {
  return text_of({{"status", "success"},
                  {"utterance", utterance},
                  {"seconds", std::round(heard.seconds() * 1000) / 1000},
                  {"interrupted", interrupted}});
}

std::string done_json() { return text_of({{"status", "success"}}); }

Result<SocketWish> socket_wish_of(std::string_view text) {
  auto json = json_fields(text);
  if (!json) return json.error();
  SocketWish wish;
  if (const auto type = json->find("type"); type != json->end()) {
    if (*type == "end") {
      wish.kind = SocketWish::Kind::end;
      return wish;
    }
    if (*type == "interrupt") {
      wish.kind = SocketWish::Kind::interrupt;
      return wish;
    }
    return invalid("type is \"end\" or \"interrupt\"");
  }
  const auto whole = [&](const char* name, int otherwise) -> std::optional<int> {
    const auto it = json->find(name);
    if (it == json->end()) return otherwise;
    if (!it->is_number_integer()) return std::nullopt;
    const auto value = it->get<int64_t>();
    return value >= 0 && value <= std::numeric_limits<int>::max() ? std::optional(static_cast<int>(value))
                                                                  : std::nullopt;
  };
  const auto rate = whole("sample_rate", 48000), channels = whole("channels", 1);
  if (!rate || !channels) return invalid("the format is {\"sample_rate\":16000,\"channels\":1}, in whole numbers");
  wish.format.rate = *rate;
  wish.format.channels = *channels;
  return wish;
}

std::string event_json(const SpeechEvent& e) {
  Json json = {{"type", e.kind == SpeechEvent::Kind::started ? "started" : "finished"}, {"utterance", e.utterance}};
  if (e.kind == SpeechEvent::Kind::finished) {
    json["position"] = std::round(e.position.seconds() * 1000) / 1000;
    json["interrupted"] = e.interrupted;
  }
  return text_of(json);
}

std::string event_json(const EmotionEstimate& heard) {
  Json all = Json::object();
  for (size_t e = 0; e < kEmotionCount; ++e) {
    all[std::string(kEmotionNames[e])] = std::round(double{heard.mood.weight[e]} * 1000) / 1000;
  }
  return text_of({{"type", "emotion"},
                  {"emotion", kEmotionNames[static_cast<size_t>(likeliest(heard.mood))]},
                  {"probabilities", std::move(all)}});
}

std::string error_event_json(const Error& error) {
  return text_of({{"type", "error"}, {"kind", name(error.kind)}, {"message", error.message}});
}

}  // namespace avatar
