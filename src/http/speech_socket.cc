// SPDX-License-Identifier: Apache-2.0
#include <utility>  // Boost 1.74 forgets it

#include "http/speech_socket.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "http/messages.h"
#include "http/pcm_reader.h"

namespace avatar {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::redirect_error;
using asio::use_awaitable;

constexpr size_t kMostWaiting = 128;           // an interruption ends LiveSession::kMostUtterances at once
constexpr size_t kMostMessageBytes = 1 << 20;  // 5 s of stereo at 48 kHz
// Sound on its way when an utterance was interrupted belongs to it; what comes after such a pause is the next one's.
constexpr auto kAfterInterruption = std::chrono::milliseconds(500);

// The way down: what the client is told, one message after the other.
class Voice : public std::enable_shared_from_this<Voice> {
 public:
  explicit Voice(beast::tcp_stream stream) : socket(std::move(stream)), bell_(socket.get_executor()) {
    bell_.expires_at(std::chrono::steady_clock::time_point::max());
  }

  void say(std::string text) {
    if (waiting_.size() >= kMostWaiting) {
      beast::get_lowest_layer(socket).cancel();
      return hang_up();
    }
    waiting_.push_back(std::move(text));
    bell_.cancel();
  }

  // When all that waits has been said.
  void hang_up() {
    is_over_ = true;
    bell_.cancel();
  }

  // The socket is gone.
  void fall_silent() {
    waiting_.clear();
    is_lost_ = true;
    hang_up();
  }

  asio::awaitable<void> speak() {
    const auto self = shared_from_this();
    boost::system::error_code failed;
    while (!failed) {
      if (waiting_.empty()) {
        if (is_over_) break;
        boost::system::error_code rung;
        co_await bell_.async_wait(redirect_error(use_awaitable, rung));
        continue;
      }
      const std::string text = std::move(waiting_.front());
      waiting_.pop_front();
      co_await socket.async_write(asio::buffer(text), redirect_error(use_awaitable, failed));
    }
    if (!is_lost_) co_await socket.async_close(websocket::close_code::normal, redirect_error(use_awaitable, failed));
  }

  websocket::stream<beast::tcp_stream> socket;

 private:
  asio::steady_timer bell_;
  std::deque<std::string> waiting_;
  bool is_over_ = false;
  bool is_lost_ = false;
};

// The way up: what the client sends, as speech of the session.
class Ear {
 public:
  Ear(std::shared_ptr<LiveSession> live, Voice& voice) : live_(std::move(live)), voice_(voice) {}
  ~Ear() { end(); }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  void text(std::string_view message) {
    const auto wish = socket_wish_of(message);
    if (!wish) return complain(wish.error());
    switch (wish->kind) {
      case SocketWish::Kind::format:
        return set_format(wish->format);
      case SocketWish::Kind::end:
        return end();
      case SocketWish::Kind::interrupt:
        live_->interrupt();
        return end();
    }
  }

  void sound(std::span<const std::byte> bytes) {
    if (!reader_) {
      return complain({ErrorKind::invalid, "say {\"sample_rate\":16000,\"channels\":1} before the first sound"});
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - heard_at_ >= kAfterInterruption && !live_->is_open(utterance_)) end();
    heard_at_ = now;
    if (utterance_ == 0) {
      const auto begun = live_->begin();
      if (!begun) return complain(begun.error());
      utterance_ = *begun;
    }
    heard_.clear();
    reader_->add(bytes, heard_);
    hear();
  }

  // What has come of the utterance is all of it.
  void end() {
    if (utterance_ == 0) return;
    heard_.clear();
    reader_->finish(heard_);
    hear();
    live_->end(utterance_);
    utterance_ = 0;
    if (auto fresh = PcmReader::create(format_)) reader_.emplace(std::move(*fresh));  // half a sample may be left
  }

 private:
  void set_format(const PcmFormat& format) {
    end();
    auto reader = PcmReader::create(format);
    if (!reader) return complain(reader.error());
    reader_.emplace(std::move(*reader));
    format_ = format;
  }

  void hear() {
    if (const auto heard = live_->hear(utterance_, heard_); !heard) complain(heard.error());
  }

  void complain(const Error& error) {
    const auto now = std::chrono::steady_clock::now();
    if (error.kind == ErrorKind::busy) {
      if (now - busy_told_ < std::chrono::seconds(1)) return;
      busy_told_ = now;
    }
    voice_.say(error_event_json(error));
  }

  std::shared_ptr<LiveSession> live_;
  Voice& voice_;
  PcmFormat format_;
  std::optional<PcmReader> reader_;
  std::vector<float> heard_;
  uint64_t utterance_ = 0;
  std::chrono::steady_clock::time_point heard_at_{};
  std::chrono::steady_clock::time_point busy_told_{};
};

// While it lives, the session's events go to the voice.
class Watch {
 public:
  Watch(std::shared_ptr<LiveSession> live, const std::shared_ptr<Voice>& voice) : live_(std::move(live)) {
    const auto executor = voice->socket.get_executor();
    const std::weak_ptr<Voice> weak = voice;
    LiveSession::Watcher watcher;
    watcher.speech = [executor, weak](const SpeechEvent& event) {
      asio::post(executor, [weak, text = event_json(event)]() mutable {
        if (const auto v = weak.lock()) v->say(std::move(text));
      });
    };
    // While somebody speaks, and when what was heard of him fades.
    watcher.emotion = [executor, weak, told = Emotion::neutral](const EmotionEstimate& heard) mutable {
      if (!heard.spoken && likeliest(heard.mood) == told) return;
      told = likeliest(heard.mood);
      asio::post(executor, [weak, text = event_json(heard)]() mutable {
        if (const auto v = weak.lock()) v->say(std::move(text));
      });
    };
    watcher.over = [executor, weak] {
      asio::post(executor, [weak] {
        if (const auto v = weak.lock()) v->hang_up();
      });
    };
    number_ = live_->watch(std::move(watcher));
  }
  ~Watch() { live_->forget(number_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  std::shared_ptr<LiveSession> live_;
  uint64_t number_ = 0;
};

}  // namespace

asio::awaitable<void> serve_speech_socket(beast::tcp_stream stream,
                                          beast::http::request<beast::http::empty_body> request,
                                          std::shared_ptr<LiveSession> live) {
  stream.expires_never();  // the WebSocket has deadlines of its own
  const auto voice = std::make_shared<Voice>(std::move(stream));
  auto& socket = voice->socket;
  auto deadlines = websocket::stream_base::timeout::suggested(beast::role_type::server);
  deadlines.idle_timeout = std::chrono::seconds(30);
  deadlines.keep_alive_pings = true;
  socket.set_option(deadlines);
  socket.read_message_max(kMostMessageBytes);
  const auto offered = request[beast::http::field::sec_websocket_protocol];
  if (offered.find("avatar") != beast::string_view::npos) {
    socket.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol, "avatar");
    }));
  }
  boost::system::error_code failed;
  co_await socket.async_accept(request, redirect_error(use_awaitable, failed));
  if (failed) co_return;

  const Watch watch(live, voice);
  asio::co_spawn(socket.get_executor(), voice->speak(), asio::detached);
  {
    Ear ear(live, *voice);
    // Who says goodbye may take its time to go: its last word is spoken now.
    socket.control_callback([&ear](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::close) ear.end();
    });
    beast::flat_buffer buffer;
    while (true) {
      co_await socket.async_read(buffer, redirect_error(use_awaitable, failed));
      if (failed) break;
      const auto data = buffer.data();
      if (socket.got_text()) {
        ear.text({static_cast<const char*>(data.data()), data.size()});
      } else {
        ear.sound({static_cast<const std::byte*>(data.data()), data.size()});
      }
      buffer.clear();
    }
    socket.control_callback({});
  }
  voice->fall_silent();
}

}  // namespace avatar
