// SPDX-License-Identifier: Apache-2.0
// JSON and forms <-> requests and replies: the only JSON of the API, and the one table from kinds of error to HTTP.
// openapi.yaml tells the same to those who call.
// Threads: [any thread].
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "face/presets.h"
#include "http/exchange.h"
#include "http/pcm_reader.h"
#include "session/launch.h"
#include "session/launch_room.h"
#include "session/live_session.h"
#include "session/session.h"
#include "speech/synthesiser.h"
#include "types/emotion.h"

namespace avatar {

/// 400, 404, 503, ...
[[nodiscard]] int status_of(ErrorKind kind);

/// {"error":{"kind","message"}}; busy and unavailable say when to try again.
[[nodiscard]] Reply error_reply(const Error& error);
[[nodiscard]] Reply error_reply(int status, std::string_view kind, std::string_view message);

/// A form or JSON: which portrait, and how it is to behave. invalid: what to change.
[[nodiscard]] Result<LaunchRequest> launch_request_of(const Request& request);

/// What POST /launch asks for.
struct RoomWish {
  RoomRequest room;
  std::string picture_url;   ///< instead of a picture; empty: none
  std::optional<bool> wait;  ///< the answer comes when the avatar has left; nothing: the client does not say
};
/// A form, or JSON in either spelling; `async` of the query. invalid: what is missing or wrong. The words quote no
/// token.
[[nodiscard]] Result<RoomWish> room_wish_of(const Request& request);

/// `seconds`: how long it was there; nothing: it has just been launched.
[[nodiscard]] std::string launched_json(std::string_view session_id, std::optional<double> seconds);

struct Health {
  int active = 0;
  int capacity = 0;
  std::string engine;
  std::string engine_reason;  ///< who draws now and why, for people
  const std::vector<Synthesiser::Voice>& voices;
};
[[nodiscard]] std::string health_json(const Health& health);
[[nodiscard]] std::string ready_json();
[[nodiscard]] std::string avatars_json(const std::vector<Presets::Preset>& presets);
[[nodiscard]] std::string session_json(const LiveSession& live);
[[nodiscard]] std::string sessions_json(const std::vector<std::shared_ptr<LiveSession>>& all);
[[nodiscard]] std::string speech_json(uint64_t utterance, MediaTime heard, bool interrupted);
[[nodiscard]] std::string done_json();

/// What POST /sessions/{id}/say asks for. invalid: what to change.
struct SayWish {
  std::string text, voice;
};
[[nodiscard]] Result<SayWish> say_wish_of(const Request& request);

/// What a client says over the WebSocket.
struct SocketWish {
  enum class Kind : uint8_t { format, end, interrupt } kind = Kind::format;
  PcmFormat format;
};
[[nodiscard]] Result<SocketWish> socket_wish_of(std::string_view text);

/// What the server says there.
[[nodiscard]] std::string event_json(const SpeechEvent& event);
[[nodiscard]] std::string event_json(const EmotionEstimate& heard);
[[nodiscard]] std::string error_event_json(const Error& error);

}  // namespace avatar
