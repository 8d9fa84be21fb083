// SPDX-License-Identifier: Apache-2.0
#include "http/routes.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "base/process.h"
#include "face/picture_file.h"
#include "http/descriptors.h"
#include "http/messages.h"
#include "http/page_files.h"
#include "http/picture_fetch.h"
#include "stream/whep_sink.h"

namespace avatar {
namespace {

constexpr size_t kSmallBody = 64 << 10;
// A picture in base64, and the other fields.
constexpr size_t kLaunchBody = kMaxPictureBytes / 3 * 4 + (64 << 10);

// "/sessions/abc/whep" -> "sessions", and leaves "/abc/whep" -> ... ; empty when nothing is left.
std::string_view next_name(std::string_view& path) {
  if (path.empty()) return {};
  path.remove_prefix(1);
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return name;
}

// The id, when the path is /sessions/{id}/<what>.
std::optional<std::string_view> session_of(std::string_view path, std::string_view what) {
  if (next_name(path) != "sessions") return std::nullopt;
  const std::string_view id = next_name(path);
  return next_name(path) == what && path.empty() ? std::optional(id) : std::nullopt;
}

Reply not_allowed(const char* allowed) {
  Reply reply = error_reply(405, "invalid", std::string("this address takes only ") + allowed);
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

// The server takes POST and WebSockets before they come here.
Reply no_speech(const Request& request) {
  if (request.method != "GET") return not_allowed("GET, POST");
  Reply reply = error_reply(426, "invalid", "open a WebSocket here, or send speech with POST");
  reply.headers.emplace_back("Upgrade", "websocket");
  return reply;
}

Reply unknown_address() {
  return error_reply(404, "not_found", "there is nothing at this address; GET /openapi.yaml lists what there is");
}

Reply json(std::string body, int status = 200) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

Reply too_large() { return error_reply(413, "too_large", "the picture is larger than 10 MB; send a smaller one"); }

double seconds_since(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - time).count();
}

// Each viewer has one ICE session in its life, so the tag never changes.
std::string etag_of(std::string_view viewer) { return '"' + std::string(viewer) + '"'; }

}  // namespace

Routes::Routes(House house)
    : house_(std::move(house)),
      active_(house_.metrics.gauge("avatar_sessions", "Sessions that live now")),
      capacity_(house_.metrics.gauge("avatar_capacity", "Sessions there may be")),
      viewers_(house_.metrics.gauge("avatar_viewers", "Viewers connected over WebRTC")),
      bitrate_(house_.metrics.gauge("avatar_encoder_bitrate_bps", "Asked of all video encoders together")),
      avatars_(house_.metrics.gauge("avatar_presets_ready", "Portraits that can be asked for by name")),
      memory_(house_.metrics.gauge("process_resident_memory_bytes", "Memory in use")),
      files_(house_.metrics.gauge("process_open_fds", "File descriptors in use")),
      launch_(house_.metrics.histogram("avatar_launch_seconds", "From a request to the session it asked for",
                                       {0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5, 10})) {}

bool Routes::is_public(const Request& request) {
  if (request.path == "/health" || request.path == "/ready") return true;
  const std::string_view name = request.path == "/" ? "index.html" : std::string_view(request.path).substr(1);
  return page_file(name) != nullptr;
}

size_t Routes::body_limit(const Request& request) {
  const bool brings_picture = request.path == "/sessions" || request.path == "/launch";
  return request.method == "POST" && brings_picture ? kLaunchBody : kSmallBody;
}

std::optional<std::string_view> Routes::speech_session(std::string_view path) { return session_of(path, "speech"); }
std::optional<std::string_view> Routes::say_session(std::string_view path) { return session_of(path, "say"); }

bool Routes::is_quick(const Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return request.path.substr(0, 9) != "/avatars/";
  return request.method == "DELETE" || (request.method == "POST" && request.path.ends_with("/interrupt"));
}

Reply Routes::answer(const Request& request) const {
  std::string_view rest = request.path;
  const std::string_view first = next_name(rest);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (first == "sessions") return sessions(request, rest);
  if (first == "avatars") return avatars(request, rest);
  if (rest.empty()) {
    if (first == "launch") return request.method == "POST" ? launch(request) : not_allowed("POST");
    if (!reads && (first == "health" || first == "ready" || first == "metrics")) return not_allowed("GET, HEAD");
    if (first == "health") {
      const auto state = house_.sessions.state();
      return json(
          health_json({state.active, state.capacity, house_.engine,
                       house_.engine_reason ? house_.engine_reason() : house_.engine, house_.synthesiser.voices()}));
    }
    if (first == "ready") return ready();
    if (first == "metrics") return metrics();
    if (const PageFile* file = page_file(first.empty() ? "index.html" : first)) {
      if (!reads) return not_allowed("GET, HEAD");
      Reply reply;
      reply.content_type = content_type_of(file->name);
      reply.body = file->content;
      reply.headers.emplace_back("Cache-Control", "no-cache");
      reply.headers.emplace_back("Referrer-Policy", "no-referrer");
      if (file->name == "index.html") {
        reply.headers.emplace_back("Content-Security-Policy",
                                   "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                                   "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      }
      return reply;
    }
  }
  return unknown_address();
}

Reply Routes::ready() const {
  const auto state = house_.sessions.state();
  if (!ready_) return error_reply(503, "starting", "starting: the portraits are being prepared");
  if (house_.waits_for) {
    if (const std::string what = house_.waits_for(); !what.empty()) return error_reply(503, "starting", what);
  }
  if (state.draining) return error_reply(503, "draining", "draining: this worker is shutting down");
  if (state.is_full()) {
    return error_reply(503, "full", "full: all " + std::to_string(state.capacity) + " sessions are in use");
  }
  return json(ready_json());
}

Reply Routes::metrics() const {
  const auto state = house_.sessions.state();
  size_t viewers = 0;
  double bitrate = 0, ready = 0;
  for (const auto& live : house_.sessions.list()) {
    if (live->whep() == nullptr) continue;
    const auto figures = live->whep()->figures();
    viewers += figures.watching;
    bitrate += figures.bitrate_bps;
  }
  for (const auto& preset : house_.presets.list()) ready += preset.portrait ? 1 : 0;
  active_.set(state.active);
  capacity_.set(state.capacity);
  viewers_.set(static_cast<double>(viewers));
  bitrate_.set(bitrate);
  avatars_.set(ready);
  memory_.set(resident_bytes());
  files_.set(open_files());
  Reply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = house_.metrics.text();
  return reply;
}

Reply Routes::avatars(const Request& request, std::string_view rest) const {
  if (request.method != "GET" && request.method != "HEAD") return not_allowed("GET, HEAD");
  if (rest.empty()) return json(avatars_json(house_.presets.list()));
  const std::string id(next_name(rest));
  if (next_name(rest) != "picture" || !rest.empty()) return unknown_address();
  auto picture = house_.presets.picture_of(id);
  if (!picture) return error_reply(picture.error());
  Reply reply;
  reply.body.assign(reinterpret_cast<const char*>(picture->data()), picture->size());
  const std::string_view b = reply.body;
  reply.content_type = b.substr(0, 3) == "\xFF\xD8\xFF" ? "image/jpeg"
                       : b.substr(0, 4) == "RIFF"       ? "image/webp"
                                                        : "image/png";
  return reply;
}

Reply Routes::sessions(const Request& request, std::string_view rest) const {
  if (!rest.empty()) {
    const std::string id(next_name(rest));
    return one_session(request, id, rest);
  }
  if (request.method == "POST") return start_session(request);
  if (request.method == "GET" || request.method == "HEAD") return json(sessions_json(house_.sessions.list()));
  return not_allowed("GET, HEAD, POST");
}

Reply Routes::launch(const Request& request) const {
  const auto asked = std::chrono::steady_clock::now();
  auto wish = room_wish_of(request);
  if (!wish) return error_reply(wish.error());
  std::vector<std::byte>& picture = wish->room.avatar.picture;
  if (picture.empty() && !wish->picture_url.empty()) {
    FetchLimits limits;
    limits.most_bytes = kMaxPictureBytes;
    limits.allow_private = house_.allow_private_urls;
    limits.give_up = [this] { return house_.sessions.state().draining; };
    auto fetched = fetch_picture(wish->picture_url, limits);
    if (!fetched) return error_reply(fetched.error());
    picture = std::move(*fetched);
  }
  if (picture.size() > kMaxPictureBytes) return too_large();
  auto live = house_.rooms.launch(wish->room);
  if (!live) return error_reply(live.error());
  launch_.observe(seconds_since(asked));
  Reply reply = json(launched_json((*live)->id(), std::nullopt));
  if (wish->wait.value_or(house_.launches_wait)) {
    reply.later = [session = *live, began = std::chrono::steady_clock::now()]() -> std::optional<std::string> {
      if (!session->is_over()) return std::nullopt;
      return launched_json(session->id(), seconds_since(began));
    };
  }
  return reply;
}

Reply Routes::start_session(const Request& request) const {
  const auto asked = std::chrono::steady_clock::now();
  auto wish = launch_request_of(request);
  if (!wish) return error_reply(wish.error());
  if (wish->picture.size() > kMaxPictureBytes) return too_large();
  auto live = house_.launcher.launch(*wish);
  if (!live) return error_reply(live.error());
  launch_.observe(seconds_since(asked));
  Reply reply = json(session_json(**live), 201);
  reply.headers.emplace_back("Location", "/sessions/" + (*live)->id());
  return reply;
}

Reply Routes::one_session(const Request& request, std::string_view id, std::string_view rest) const {
  auto live = house_.sessions.find(id);
  if (!live) return error_reply(live.error());
  if (rest.empty()) {
    if (request.method == "GET" || request.method == "HEAD") return json(session_json(**live));
    if (request.method != "DELETE") return not_allowed("GET, HEAD, DELETE");
    (*live)->close(Ending::asked);
    return json(done_json());
  }
  const std::string_view what = next_name(rest);
  if (what == "whep") {
    const std::string_view viewer = rest.empty() ? rest : next_name(rest);
    return rest.empty() ? whep(request, **live, viewer) : unknown_address();
  }
  if (!rest.empty()) return unknown_address();
  if (what == "interrupt") {
    if (request.method != "POST") return not_allowed("POST");
    (*live)->interrupt();
    return json(done_json());
  }
  // The server takes POST and WebSockets before they come here.
  if (what == "speech") return no_speech(request);
  if (what == "say") return not_allowed("POST");
  return unknown_address();
}

Reply Routes::whep(const Request& request, const LiveSession& live, std::string_view viewer) const {
  if (viewer.empty()) return request.method == "POST" ? add_viewer(request, live) : not_allowed("POST");
  Result<void> done;
  Reply reply = json(done_json());
  if (request.method == "DELETE") {
    done = live.whep()->remove_viewer(viewer);
  } else if (request.method == "PATCH") {
    if (media_type(request.content_type) != "application/trickle-ice-sdpfrag") {
      return error_reply(415, "unsupported", "send application/trickle-ice-sdpfrag");
    }
    if (request.if_match.empty()) return error_reply(428, "invalid", "If-Match with the ETag of the answer is missing");
    if (request.if_match == "*") return error_reply(422, "unsupported", "there is no ICE restart; connect anew");
    if (request.if_match != etag_of(viewer))
      return error_reply(412, "invalid", "If-Match is not the ETag of the answer");
    done = live.whep()->add_candidates(viewer, request.body);
    reply = {};
    reply.status = 204;
    reply.content_type.clear();
  } else {
    return not_allowed("PATCH, DELETE");
  }
  return done ? reply : error_reply(done.error());
}

Reply Routes::add_viewer(const Request& request, const LiveSession& live) const {
  if (media_type(request.content_type) != "application/sdp") {
    return error_reply(415, "unsupported", "send an SDP offer as application/sdp");
  }
  if (!has_descriptors(kDescriptorReserve / 2)) {
    return error_reply({ErrorKind::busy, "this worker has no file descriptors left; raise its limit (ulimit -n)"});
  }
  auto viewer = live.whep()->add_viewer(request.body);
  if (!viewer) {
    const Error& e = viewer.error();
    return e.kind == ErrorKind::unsupported ? error_reply(422, name(e.kind), e.message) : error_reply(e);
  }
  Reply reply;
  reply.status = 201;
  reply.content_type = "application/sdp";
  reply.body = std::move(viewer->answer);
  reply.headers.emplace_back("Location", "/sessions/" + live.id() + "/whep/" + viewer->id);
  reply.headers.emplace_back("ETag", etag_of(viewer->id));
  if (!house_.ice_servers.empty()) reply.headers.emplace_back("Link", house_.ice_servers);
  return reply;
}

}  // namespace avatar
