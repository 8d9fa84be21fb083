// SPDX-License-Identifier: Apache-2.0
// A stage for the browser tests: draws a moving picture with a white flash and a beep at every full second, and serves
// it by WHEP on loopback. As little HTTP as the tests need; the product's own server is src/http.
//
//   whep_server page.html        prints "http://127.0.0.1:<port>/" and serves until its standard input ends
//
//   GET /               the page
//   POST /whep          SDP offer -> 201, SDP answer, Location
//   DELETE /whep/<id>   200
//   GET /figures        JSON
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "stream/gstreamer.h"
#include "stream/test_moving_picture.h"
#include "stream/whep_sink.h"

namespace avatar {
namespace {

constexpr int kFps = 25;
constexpr int kSize = 512;
constexpr int kTicks = 4;  // a picture, as a live session has them
constexpr int kStep = kSampleRate / kFps / kTicks;
constexpr int kFlashPictures = 2;
constexpr int kBeepSamples = 80 * 48;  // 80 ms, as long as the flash

struct Request {
  std::string method, path, body;
};

// One request of a well-behaved client; an empty method when it is none.
Request read_request(int client) {
  std::string text;
  std::array<char, 4096> some;
  size_t body = std::string::npos, length = 0;
  while (body == std::string::npos || text.size() < body + length) {
    const ssize_t n = ::recv(client, some.data(), some.size(), 0);
    if (n <= 0 || text.size() > 1'000'000) return {};
    text.append(some.data(), static_cast<size_t>(n));
    if (body == std::string::npos && text.find("\r\n\r\n") != std::string::npos) {
      body = text.find("\r\n\r\n") + 4;
      std::string head = text.substr(0, body);
      std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
      const size_t at = head.find("content-length:");
      if (at != std::string::npos) length = static_cast<size_t>(std::atol(&head[at + 15]));
    }
  }
  const size_t first = text.find(' '), second = text.find(' ', first + 1);
  return {text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(body)};
}

void reply(int client, const std::string& status, const std::string& type, const std::string& body,
           const std::string& more = {}) {
  const std::string text = "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n" + more +
                           "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  static_cast<void>(::send(client, text.data(), text.size(), MSG_NOSIGNAL));
}

void answer(int client, WhepSink& sink, const std::string& page) {
  const Request request = read_request(client);
  if (request.method == "GET" && request.path == "/") {
    reply(client, "200 OK", "text/html", page);
  } else if (request.method == "POST" && request.path == "/whep") {
    auto viewer = sink.add_viewer(request.body);
    if (viewer)
      reply(client, "201 Created", "application/sdp", viewer->answer, "Location: /whep/" + viewer->id + "\r\n");
    else
      reply(client, "400 Bad Request", "text/plain", viewer.error().message);
  } else if (request.method == "DELETE" && request.path.starts_with("/whep/")) {
    reply(client, sink.remove_viewer(request.path.substr(6)) ? "200 OK" : "404 Not Found", "text/plain", "");
  } else if (request.method == "GET" && request.path == "/figures") {
    const auto f = sink.figures();
    reply(client, "200 OK", "application/json",
          "{\"viewers\":" + std::to_string(f.viewers) + ",\"watching\":" + std::to_string(f.watching) +
              ",\"bitrate\":" + std::to_string(f.bitrate_bps) + ",\"pictures\":" + std::to_string(f.pictures) +
              ",\"keys\":" + std::to_string(f.key_pictures) + "}");
  } else {
    reply(client, "404 Not Found", "text/plain", "");
  }
}

int serve(const char* page_file) {
  std::ifstream in(page_file);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  prepare_gstreamer();
  const SteadyClock clock;
  auto transport = WebrtcTransport::start({}, clock);
  if (!transport) {
    std::fprintf(stderr, "%s\n", transport.error().message.c_str());
    return 1;
  }
  if (auto rehearsed = (*transport)->rehearse(); !rehearsed) return 1;
  WhepSink sink({.width = kSize, .height = kSize, .fps = kFps}, **transport);

  const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(door, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(door, 16) != 0 ||
      ::getsockname(door, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 1;
  }
  std::printf("http://127.0.0.1:%d/\n", ntohs(address.sin_port));
  std::fflush(stdout);

  std::atomic<bool> ending = false;
  std::thread http([&] {
    while (!ending) {
      std::array<pollfd, 2> wait{{{door, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
      ::poll(wait.data(), wait.size(), 200);
      char byte;
      if (wait[1].revents != 0 && ::read(STDIN_FILENO, &byte, 1) <= 0) ending = true;
      if ((wait[0].revents & POLLIN) == 0) continue;
      const int client = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      answer(client, sink, page);
      ::close(client);
    }
  });

  std::vector<Frame> pictures(kFps, Frame(kSize, kSize));
  for (size_t i = 0; i < pictures.size(); ++i) {
    paint_moving_picture(pictures[i], static_cast<int64_t>(i));
    // A patch for the flash and its detector: black, and white for the first pictures of each second.
    for (int y = 0; y < kSize / 4; ++y) {
      std::fill_n(pictures[i].y() + static_cast<ptrdiff_t>(y) * kSize, kSize,
                  static_cast<uint8_t>(i < kFlashPictures ? 235 : 16));
    }
  }
  std::vector<float> sound(kStep);
  std::chrono::nanoseconds longest{0};
  auto due = std::chrono::steady_clock::now();
  for (int64_t tick = 0; !ending; ++tick) {
    const MediaTime time = MediaTime::of_picture(tick, kFps * kTicks);
    for (int i = 0; i < kStep; ++i) {
      const int64_t in_second = (time.samples + i) % kSampleRate;
      // Speech-like quiet under it, so that a level is always there.
      const float hum = 0.01F * std::sin(static_cast<float>(in_second) * 0.02618F);
      const float beep = in_second < kBeepSamples ? 0.5F * std::sin(static_cast<float>(in_second) * 0.1309F) : 0;
      sound[static_cast<size_t>(i)] = hum + beep;
    }
    const auto start = std::chrono::steady_clock::now();
    if (!sink.play(sound, time)) return 1;
    const int64_t picture = tick / kTicks;
    if (tick == picture * kTicks + kTicks - 1) {
      const MediaTime seen = MediaTime::of_picture(picture, kFps);
      static_assert(WhepSink::kPictureLag == MediaTime::from_samples((kTicks - 1) * kStep));
      if (!sink.show(pictures[static_cast<size_t>(picture % kFps)], seen)) return 1;
    }
    longest = std::max<std::chrono::nanoseconds>(longest, std::chrono::steady_clock::now() - start);
    due += std::chrono::milliseconds(1000 / kFps / kTicks);
    std::this_thread::sleep_until(due);
  }
  http.join();
  ::close(door);
  std::fprintf(stderr, "longest tick: %.1f ms\n", std::chrono::duration<double, std::milli>(longest).count());
  return 0;
}

}  // namespace
}  // namespace avatar

int main(int count, char** arguments) { return count == 2 ? avatar::serve(arguments[1]) : 2; }
