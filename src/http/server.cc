// SPDX-License-Identifier: Apache-2.0
#include <utility>  // Boost 1.74 forgets it

#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <thread>

#include "base/log.h"
#include "http/descriptors.h"
#include "http/keys.h"
#include "http/messages.h"
#include "http/speech_body.h"
#include "http/speech_socket.h"
#include "http/wav_reader.h"

namespace avatar {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

using Head = http::request_parser<http::empty_body>;

constexpr int kAnswerThreads = 4;
constexpr int kQuickThreads = 2;
constexpr uint32_t kMostHeaderBytes = 16 << 10;
constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
constexpr size_t kBlock = 16 << 10;        // bytes of speech read at once
constexpr size_t kMostBodies = 256 << 20;  // bytes of all bodies that are being read or answered

std::string_view view(beast::string_view s) { return {s.data(), s.size()}; }

// Nothing: a '%' without two hexadecimal digits, or a zero byte.
std::optional<std::string> percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? digit(text[i + 1]) : -1,
                low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

// All but the body.
std::optional<Request> request_of(const http::request<http::empty_body>& head) {
  Request r;
  r.method = std::string(view(head.method_string()));
  const std::string_view target = view(head.target());
  const size_t question = target.find('?');
  auto path = percent_decoded(target.substr(0, question));
  if (!path || path->empty() || path->front() != '/') return std::nullopt;
  r.path = std::move(*path);
  if (question != std::string_view::npos) r.query = target.substr(question + 1);
  r.content_type = view(head[http::field::content_type]);
  r.if_match = view(head[http::field::if_match]);
  r.host = view(head[http::field::host]);
  return r;
}

// While it lives, what waits on the stream is given up at the end of the time. The stream's own deadline would close
// it, and the client would never read why.
class Deadline {
 public:
  Deadline(beast::tcp_stream& stream, seconds time) : timer_(stream.get_executor(), time) {
    stream.expires_never();
    timer_.async_wait([state = state_, &stream](error_code cancelled) {
      if (cancelled || *state == State::gone) return;
      *state = State::over;
      stream.cancel();
    });
  }
  ~Deadline() { *state_ = State::gone; }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool is_over() const { return *state_ == State::over; }

 private:
  enum class State : uint8_t { running, over, gone };
  asio::steady_timer timer_;
  const std::shared_ptr<State> state_ = std::make_shared<State>(State::running);
};

class Door final : public Server {
 public:
  Door(const ServerSettings& settings, const Routes& routes, Metrics& metrics)
      : settings_(settings),
        routes_(routes),
        metrics_(metrics),
        answers_(kAnswerThreads),
        quick_(kQuickThreads),
        acceptor_(sockets_) {
    for (int hundred = 1; hundred <= 5; ++hundred) {
      requests_[static_cast<size_t>(hundred)] = metrics.counter("avatar_http_requests_total", "Requests answered",
                                                                {{"status", std::to_string(hundred) + "xx"}});
    }
  }
  ~Door() override { stop(); }

  Result<void> open() {
    error_code failed;
    const std::string host = settings_.host == "localhost" ? "127.0.0.1" : settings_.host;
    const auto address = asio::ip::make_address(host, failed);
    if (failed)
      return Error{ErrorKind::invalid, "HOST is an IP address of this machine, not \"" + settings_.host + "\""};
    is_loopback_ = address.is_loopback();
    const tcp::endpoint place(address, static_cast<uint16_t>(settings_.port));
    acceptor_.open(place.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(place, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (!failed) return {};
    const std::string where = settings_.host + ":" + std::to_string(settings_.port);
    if (failed == asio::error::address_in_use) {
      return Error{ErrorKind::unavailable,
                   "another program listens on " + where + "; stop it, or set PORT to another port"};
    }
    return Error{ErrorKind::unavailable, "cannot listen on " + where + ": " + failed.message()};
  }

  [[nodiscard]] int port() const override {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void run() override {
    asio::co_spawn(sockets_, accept(), asio::detached);
    thread_ = std::thread([this] { sockets_.run(); });
  }

  void stop() override {
    is_closing_ = true;
    sockets_.stop();
    if (thread_.joinable()) thread_.join();
    answers_.join();
    quick_.join();
  }

 private:
  asio::awaitable<void> accept() {
    while (true) {
      tcp::socket socket(sockets_);
      error_code failed;
      co_await acceptor_.async_accept(socket, redirect_error(use_awaitable, failed));
      if (failed == asio::error::operation_aborted) co_return;
      if (failed) {  // no file descriptor is free: others will be soon
        co_await sleep(milliseconds(50));
        continue;
      }
      const bool leaves_some = leaves_descriptors(socket.native_handle(), kDescriptorReserve);
      if (connections_ >= settings_.most_connections || !leaves_some) continue;  // the socket is closed
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      ++connections_;
      asio::co_spawn(sockets_, serve(beast::tcp_stream(std::move(socket))), [this](std::exception_ptr failure) {
        --connections_;
        if (failure) complain(failure);
      });
    }
  }

  // Nothing in the house throws; the libraries may.
  static void complain(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      log(LogLevel::error, "a connection failed", {{"why", e.what()}});
    }
  }

  asio::awaitable<void> sleep(std::chrono::nanoseconds time) {
    asio::steady_timer timer(sockets_, time);
    error_code ignored;
    co_await timer.async_wait(redirect_error(use_awaitable, ignored));
  }

  // One connection: requests, one after the other.
  asio::awaitable<void> serve(beast::tcp_stream stream) {
    beast::flat_buffer buffer(kMostHeaderBytes + kBlock);
    for (bool first = true;; first = false) {
      error_code failed;
      if (buffer.size() == 0) {
        stream.expires_after(seconds(first ? settings_.header_seconds : settings_.idle_seconds));
        const size_t n = co_await stream.async_read_some(buffer.prepare(4096), redirect_error(use_awaitable, failed));
        if (failed) co_return;
        buffer.commit(n);
      }
      Head head;
      head.header_limit(kMostHeaderBytes);
      head.body_limit(kNoLimit);
      {
        const Deadline deadline(stream, seconds(settings_.header_seconds));
        co_await http::async_read_header(stream, buffer, head, redirect_error(use_awaitable, failed));
        if (deadline.is_over()) failed = beast::error::timeout;
      }
      if (failed) {
        co_await refuse_header(stream, failed);
        co_return;
      }
      const bool more = co_await serve_one(stream, buffer, head);
      if (!more) co_return;
    }
  }

  asio::awaitable<void> refuse_header(beast::tcp_stream& stream, error_code why) {
    if (why == http::error::end_of_stream || why == asio::error::connection_reset) co_return;
    Reply reply = error_reply(400, "invalid", "this is no HTTP/1.1 request");
    if (why == beast::error::timeout)
      reply = error_reply(408, "timeout", "the header of the request did not come in time");
    if (why == http::error::header_limit)
      reply = error_reply(431, "too_large", "the header of the request is too large");
    co_await send(stream, nullptr, reply, false);
  }

  // Answers whether the connection goes on.
  asio::awaitable<bool> serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer, Head& head) {
    const auto start = std::chrono::steady_clock::now();
    auto request = request_of(head.get());
    if (!request) {
      const Reply reply = error_reply(400, "invalid", "the address of the request is broken");
      co_await send(stream, &head.get(), reply, false);
      co_return false;
    }
    if (auto refusal = refuse(head.get(), *request)) {
      const bool whole = head.is_done();
      co_await send(stream, &head.get(), *refusal, whole);
      if (!whole) co_await linger(stream);
      co_return whole&& head.get().keep_alive();
    }
    const auto speech = Routes::speech_session(request->path);
    if (speech && beast::websocket::is_upgrade(head.get())) {
      auto live = routes_.session(*speech);
      if (!live) {
        co_await send(stream, &head.get(), error_reply(live.error()), false);
        co_return false;
      }
      co_await serve_speech_socket(std::move(stream), head.release(), *live);
      co_return false;
    }
    const bool keep = head.get().keep_alive();
    const http::request<http::empty_body> asked = head.get();
    std::optional<Reply> reply;
    bool whole = true;  // the body was read to its end
    if (speech && request->method == "POST") {
      reply = co_await hear(stream, buffer, head, *request, *speech, whole);
    } else {
      reply = co_await read_and_answer(stream, buffer, head, *request, whole);
    }
    if (!reply) co_return false;
    co_await send(stream, &asked, *reply, keep && whole);
    if (!whole) co_await linger(stream);
    note(*request, *reply, std::chrono::steady_clock::now() - start);
    co_return keep&& whole;
  }

  // What is answered before a body is read.
  std::optional<Reply> refuse(const http::request<http::empty_body>& head, const Request& request) const {
    const std::string_view origin = view(head[http::field::origin]);
    if (!origin.empty() && !may_call(origin, request.host, settings_.origins)) {
      return error_reply(403, "forbidden", "pages of this site may not call; AVATAR_CORS_ORIGINS allows sites");
    }
    // Without a token, being asked from this machine is the only key: a page of elsewhere must not borrow it.
    if (settings_.token.empty() && is_loopback_ && !request.host.empty() && !is_local_name(request.host)) {
      return error_reply(403, "forbidden",
                         "this server knows itself as localhost only; set AVATAR_API_TOKEN to be called by a name");
    }
    if (request.method == "OPTIONS") {
      Reply reply;
      reply.status = 204;
      reply.content_type.clear();
      reply.headers = {{"Allow", "GET, HEAD, POST, PATCH, DELETE, OPTIONS"}, {"Accept-Post", "application/sdp"}};
      return reply;
    }
    const Keys keys{view(head[http::field::authorization]), view(head["api-secret"]),
                    view(head[http::field::sec_websocket_protocol])};
    if (!settings_.token.empty() && !Routes::is_public(request) && !opens(keys, settings_.token)) {
      Reply reply =
          error_reply(401, "unauthorized", "send the server's token: \"Authorization: Bearer <AVATAR_API_TOKEN>\"");
      reply.headers.emplace_back("WWW-Authenticate", "Bearer");
      return reply;
    }
    return std::nullopt;
  }

  // Nothing: the connection is lost.
  asio::awaitable<std::optional<Reply>> read_and_answer(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                                        Head& head, Request& request, bool& whole) {
    auto reply = co_await answer_body(stream, buffer, head, request, whole);
    while (reply && reply->later) {
      if (auto body = reply->later()) {
        reply->body = std::move(*body);
        break;
      }
      co_await sleep(milliseconds(250));
    }
    co_return reply;
  }

  asio::awaitable<std::optional<Reply>> answer_body(beast::tcp_stream& stream, beast::flat_buffer& buffer, Head& head,
                                                    Request& request, bool& whole) {
    const size_t limit = Routes::body_limit(request);
    http::request_parser<http::string_body> parser(std::move(head));
    parser.body_limit(limit);
    const uint64_t length = parser.is_done() ? 0 : parser.content_length().value_or(limit);
    whole = false;
    if (length > limit) co_return too_large(limit);
    const Place place(body_bytes_, length);
    if (body_bytes_ > kMostBodies) {
      co_return error_reply(503, "busy", "too many large requests at once; try again in a moment");
    }
    if (!parser.is_done()) co_await say_go_on(stream, parser.get());
    error_code failed;
    {
      const Deadline deadline(stream, seconds(settings_.body_seconds));
      co_await http::async_read(stream, buffer, parser, redirect_error(use_awaitable, failed));
      if (deadline.is_over()) failed = beast::error::timeout;
    }
    whole = !failed;
    if (failed == http::error::body_limit) co_return too_large(limit);
    if (failed == beast::error::timeout) co_return error_reply(408, "timeout", "the body did not come in time");
    if (failed) co_return broken(failed);
    request.body = std::move(parser.get().body());
    if (const auto session = Routes::say_session(request.path); session && request.method == "POST") {
      co_return co_await say(request, *session);
    }
    auto& threads = Routes::is_quick(request) ? quick_ : answers_;
    Reply reply = co_await elsewhere<Reply>(threads, [this, &request] {
      return is_closing_ ? Reply{} : routes_.answer(request);  // nobody will hear it any more
    });
    request.body = {};
    co_return reply;
  }

  // What a body may take, while it is here.
  class Place {
   public:
    Place(size_t& total, size_t bytes) : total_(total), bytes_(bytes) { total_ += bytes_; }
    ~Place() { total_ -= bytes_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    size_t& total_;
    const size_t bytes_;
  };

  static Reply too_large(size_t limit) {
    return error_reply(413, "too_large",
                       "the body is larger than the " + std::to_string(limit) + " bytes there may be");
  }

  // Some clients wait for leave before they send a body (RFC 9110, 10.1.1).
  static asio::awaitable<void> say_go_on(beast::tcp_stream& stream, const http::fields& head) {
    if (view(head[http::field::expect]) != "100-continue") co_return;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ignored;
    co_await asio::async_write(stream, asio::buffer(kContinue.data(), kContinue.size()),
                               redirect_error(use_awaitable, ignored));
  }

  // Lost connections get no answer, broken bodies do.
  static std::optional<Reply> broken(error_code failed) {
    if (failed.category() != http::make_error_code(http::error::bad_chunk).category() ||
        failed == http::error::partial_message || failed == http::error::end_of_stream) {
      return std::nullopt;
    }
    return error_reply(400, "invalid", "the body of the request is broken: " + failed.message());
  }

  // Speech is heard while it arrives.
  asio::awaitable<std::optional<Reply>> hear(beast::tcp_stream& stream, beast::flat_buffer& buffer, Head& head,
                                             const Request& request, std::string_view session, bool& whole) {
    whole = false;
    auto live = routes_.session(session);
    if (!live) co_return error_reply(live.error());
    auto body = SpeechBody::open(*live, request.content_type);
    if (!body) co_return error_reply(body.error());
    http::request_parser<http::buffer_body> parser(std::move(head));
    parser.body_limit(kNoLimit);
    if (!parser.is_done()) co_await say_go_on(stream, parser.get());
    std::vector<std::byte> block(kBlock);
    while (!parser.is_done()) {
      co_await wait_until_wanted(*body);
      if (body->is_over()) co_return body->reply(true);
      parser.get().body().data = block.data();
      parser.get().body().size = block.size();
      error_code failed;
      {
        const Deadline deadline(stream, seconds(settings_.body_seconds));
        co_await http::async_read_some(stream, buffer, parser, redirect_error(use_awaitable, failed));
        if (deadline.is_over()) failed = beast::error::timeout;
      }
      if (failed == beast::error::timeout) co_return error_reply(408, "timeout", "no speech came for a while");
      if (failed && failed != http::error::need_buffer) co_return broken(failed);
      const size_t n = block.size() - parser.get().body().size;
      if (auto added = body->add(std::span(block).first(n)); !added) {
        co_return body->is_over() ? body->reply(true) : error_reply(added.error());
      }
    }
    whole = true;
    co_return co_await finish(*body);
  }

  asio::awaitable<Reply> finish(SpeechBody& body) {
    while (true) {
      co_await wait_until_wanted(body);
      if (body.is_over()) co_return body.reply(true);
      const auto done = co_await elsewhere<Result<bool>>(answers_, [&body] { return body.finish_some(); });
      if (!done) co_return error_reply(done.error());
      if (*done) co_return body.reply(false);
    }
  }

  // A text is spoken, one sentence while the next is made.
  asio::awaitable<Reply> say(const Request& request, std::string_view session) {
    auto live = routes_.session(session);
    if (!live) co_return error_reply(live.error());
    const auto wish = say_wish_of(request);
    if (!wish) co_return error_reply(wish.error());
    uint64_t utterance = 0;
    MediaTime said;
    for (std::string_view left = wish->text; !left.empty();) {
      const std::string_view sentence = Synthesiser::next_sentence(left);
      const auto sound = co_await elsewhere<Result<std::vector<float>>>(
          answers_, [&] { return sound_of(routes_.synthesiser().say(sentence, wish->voice)); });
      if (!sound) {
        if (utterance != 0) (*live)->end(utterance);
        co_return error_reply(sound.error());
      }
      if (utterance == 0) {
        const auto begun = (*live)->begin();
        if (!begun) co_return error_reply(begun.error());
        utterance = *begun;
      }
      while ((*live)->waiting() > SpeechBody::kFarAhead && (*live)->is_open(utterance))
        co_await sleep(milliseconds(50));
      if (!(*live)->is_open(utterance)) break;
      if (auto heard = (*live)->hear(utterance, *sound); !heard) {
        (*live)->end(utterance);
        co_return error_reply(heard.error());
      }
      said = said + MediaTime{static_cast<int64_t>(sound->size())};
    }
    const bool interrupted = !(*live)->is_open(utterance);
    (*live)->end(utterance);
    Reply reply;
    reply.body = speech_json(utterance, said, interrupted);
    co_return reply;
  }

  // Of a sentence that has no sound (a full stop alone): nothing.
  static Result<std::vector<float>> sound_of(const Result<std::vector<std::byte>>& wav) {
    if (!wav) return wav.error();
    std::vector<float> sound;
    WavReader reader;
    if (auto added = reader.add(*wav, sound); !added) return added.error();
    (void)reader.finish(sound);
    return sound;
  }

  asio::awaitable<void> wait_until_wanted(SpeechBody& body) {
    while (body.is_ahead() && !body.is_over()) co_await sleep(milliseconds(50));
  }

  // Runs what may take a while on other threads.
  template <typename T, typename F>
  asio::awaitable<T> elsewhere(asio::thread_pool& threads, F work) {
    std::optional<T> result = co_await asio::co_spawn(
        threads, [&work]() -> asio::awaitable<std::optional<T>> { co_return work(); }, use_awaitable);
    co_return std::move(*result);
  }

  asio::awaitable<void> send(beast::tcp_stream& stream, const http::request<http::empty_body>* asked,
                             const Reply& reply, bool keep_alive) {
    http::response<http::string_body> response(static_cast<http::status>(reply.status), 11);
    if (!reply.content_type.empty()) response.set(http::field::content_type, reply.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) response.set(name, value);
    if (asked != nullptr) allow_origin(*asked, response);
    response.keep_alive(keep_alive && (asked == nullptr || asked->keep_alive()));
    if (reply.status != 204) response.content_length(reply.body.size());
    if (asked == nullptr || asked->method() != http::verb::head) response.body() = reply.body;
    stream.expires_after(seconds(settings_.body_seconds));
    error_code ignored;
    co_await http::async_write(stream, response, redirect_error(use_awaitable, ignored));
    if (!response.keep_alive()) stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    requests_[static_cast<size_t>(reply.status / 100)].add();
    if (!reply.error_kind.empty()) {
      metrics_.counter("avatar_errors_total", "Requests refused, by kind", {{"kind", reply.error_kind}}).add();
    }
  }

  void allow_origin(const http::request<http::empty_body>& asked, http::response<http::string_body>& response) const {
    const auto origin = asked[http::field::origin];
    if (origin.empty() || settings_.origins.empty()) return;
    response.set(http::field::vary, "Origin");
    if (!may_call(view(origin), view(asked[http::field::host]), settings_.origins)) return;
    response.set(http::field::access_control_allow_origin, origin);
    response.set(http::field::access_control_expose_headers, "Location, ETag, Link, Retry-After");
    if (asked.method() != http::verb::options) return;
    response.set(http::field::access_control_allow_methods, "GET, HEAD, POST, PATCH, DELETE");
    response.set(http::field::access_control_allow_headers, "Authorization, api-secret, Content-Type, If-Match");
    response.set(http::field::access_control_max_age, "600");
  }

  // A connection that is closed while the client still sends is reset, and the client never sees the answer. So what it
  // sends is read for a while and thrown away.
  asio::awaitable<void> linger(beast::tcp_stream& stream) {
    constexpr size_t kMost = 64 << 20;
    std::vector<std::byte> waste(kBlock);
    error_code failed;
    stream.expires_after(seconds(3));
    for (size_t n = 0; n < kMost && !failed;) {
      n += co_await stream.async_read_some(asio::buffer(waste), redirect_error(use_awaitable, failed));
    }
  }

  static void note(const Request& request, const Reply& reply, std::chrono::nanoseconds took) {
    log(LogLevel::debug, "answered",
        {{"method", request.method},
         {"path", request.path},
         {"status", std::to_string(reply.status)},
         {"ms", std::to_string(std::chrono::duration_cast<milliseconds>(took).count())}});
  }

  const ServerSettings settings_;
  const Routes& routes_;
  Metrics& metrics_;
  std::array<Metrics::Counter, 6> requests_;
  bool is_loopback_ = false;
  int connections_ = 0;    // only on thread_
  size_t body_bytes_ = 0;  // that all bodies may take; only on thread_
  std::atomic<bool> is_closing_ = false;
  asio::thread_pool answers_, quick_;
  asio::io_context sockets_{1};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const ServerSettings& settings, const Routes& routes, Metrics& metrics) {
  auto door = std::make_unique<Door>(settings, routes, metrics);
  if (auto opened = door->open(); !opened) return opened.error();
  return std::unique_ptr<Server>(std::move(door));
}

}  // namespace avatar
