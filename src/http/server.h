// SPDX-License-Identifier: Apache-2.0
// The front door: sockets, limits and keys. Understands HTTP/1.1 and WebSockets, and leaves the answers to Routes.
//
//   auto server = Server::listen(settings, routes, metrics);   // unavailable: the port is taken
//   (*server)->run();                                          // returns at once; works on threads of its own
//   (*server)->stop();                                         // cuts every connection
//
// Limits, so that a broken or unkind client costs little: a header within 10 s and 16 kB, a body within its size and
// 30 s (speech: 30 s for each piece), 256 MB for all bodies at once, 1,024 connections, idle ones for 60 s. A body that
// is refused is read for a while and thrown away, so that the client sees the answer and not a reset.
// Keys: with a token every request but the public ones needs "Authorization: Bearer <token>" or "api-secret: <token>";
// a WebSocket of a browser, which can set no header, the subprotocol "bearer.<token in base64url>". Compared in
// constant time. Browsers' requests from other sites (header Origin) are refused unless configured. Threads: one for
// all sockets, four for answers that take a while, two for the others; the methods [start]. Errors: of listen:
// unavailable (the port is taken, or may not be had), invalid (not an address of this machine).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "http/routes.h"

namespace avatar {

struct ServerSettings {
  std::string host = "127.0.0.1";    ///< an IP address, or "localhost"
  int port = 8089;                   ///< 0: any that is free
  std::string token;                 ///< empty: none is asked
  std::vector<std::string> origins;  ///< sites whose pages may call: "https://example.com", or "*"; empty: only our own
  int most_connections = 1024;
  int header_seconds = 10, body_seconds = 30, idle_seconds = 60;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> listen(const ServerSettings& settings, const Routes& routes, Metrics& metrics);
  virtual ~Server() = default;
  [[nodiscard]] virtual int port() const = 0;
  virtual void run() = 0;
  virtual void stop() = 0;
};

}  // namespace avatar
