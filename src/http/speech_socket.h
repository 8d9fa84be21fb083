// SPDX-License-Identifier: Apache-2.0
// Speech over a WebSocket (GET /sessions/{id}/speech): sound up, events down. docs/api.md tells the messages.
//
//   co_await serve_speech_socket(std::move(stream), upgrade_request, live);
//
// An utterance begins with the first sound after the last one ended. A socket that is lost ends its utterance: what has
// come is said. When the session is over, the socket is closed. A client that does not read what it is told is cut off
// after 128 messages. Sound that finds the queue full is dropped and answered with "busy", once a second.
// Threads: the server's own one for sockets; events come from ticks and change over.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <memory>

#include "session/live_session.h"

namespace avatar {

boost::asio::awaitable<void> serve_speech_socket(boost::beast::tcp_stream stream,
                                                 boost::beast::http::request<boost::beast::http::empty_body> request,
                                                 std::shared_ptr<LiveSession> live);

}  // namespace avatar
