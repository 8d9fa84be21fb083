// SPDX-License-Identifier: Apache-2.0
#include "http/picture_fetch.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

namespace avatar {
namespace {

bool is_private(const char* text) {
  sockaddr_storage storage{};
  if (std::strchr(text, ':') != nullptr) {
    auto& in = reinterpret_cast<sockaddr_in6&>(storage);
    in.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text, &in.sin6_addr), 1) << text;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text, &in.sin_addr), 1) << text;
  }
  return is_private_address(reinterpret_cast<const sockaddr*>(&storage));
}

TEST(PictureFetchTest, knows_the_addresses_that_are_nobodys_business) {
  for (const char* address : {"127.0.0.1",
                              "127.255.0.1",
                              "0.0.0.0",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.0.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.127.255.255",
                              "198.18.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::a9fe:a9fe",
                              "2002:7f00:1::",
                              "2001:db8::1",
                              "2001::1",
                              "fec0::1"}) {
    EXPECT_TRUE(is_private(address)) << address;
  }
  for (const char* address : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255",
                              "100.128.0.0", "192.167.255.255", "223.255.255.255", "2606:4700::1111", "2a00::1",
                              "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"}) {
    EXPECT_FALSE(is_private(address)) << address;
  }
}

// A web server that gives the same answer to everybody, on loopback.
class WebServer {
 public:
  explicit WebServer(std::function<std::string(int port)> answer) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer)] {
      int peer = 0;
      while ((peer = accept(socket_, nullptr, nullptr)) >= 0) {
        ++connections;
        char asked[4096];
        if (read(peer, asked, sizeof asked) > 0) {
          const std::string bytes = answer(port_);
          (void)send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        }
        close(peer);
      }
    });
  }
  ~WebServer() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port_) + "/portrait.jpg";
  }
  std::atomic<int> connections = 0;

 private:
  int socket_, port_ = 0;
  std::thread thread_;
};

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

FetchLimits open_limits() {
  FetchLimits limits;
  limits.allow_private = true;
  limits.timeout = std::chrono::milliseconds(3000);
  return limits;
}

TEST(PictureFetchTest, brings_what_is_there) {
  WebServer server([](int) { return ok("picture"); });
  const auto bytes = fetch_picture(server.url(), open_limits());
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(bytes->size(), 7U);
}

TEST(PictureFetchTest, connects_to_no_private_address_however_it_is_written) {
  WebServer server([](int) { return ok("secret"); });
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"}) {
    const auto bytes = fetch_picture(server.url(host), FetchLimits());
    ASSERT_FALSE(bytes) << host;
    EXPECT_EQ(bytes.error().kind, ErrorKind::invalid) << host;
  }
  EXPECT_EQ(server.connections, 0);
}

TEST(PictureFetchTest, follows_three_redirects_and_not_a_fourth) {
  WebServer server([count = 0](int port) mutable {
    return ++count <= 3 ? "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + std::to_string(port) +
                              "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        : ok("picture");
  });
  EXPECT_TRUE(fetch_picture(server.url(), open_limits()));
  WebServer circle([](int port) {
    return "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + std::to_string(port) +
           "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  });
  const auto bytes = fetch_picture(circle.url(), open_limits());
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, ErrorKind::invalid);
  EXPECT_EQ(circle.connections, 4);
}

TEST(PictureFetchTest, a_redirect_to_a_file_is_refused) {
  WebServer server(
      [](int) { return "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"; });
  EXPECT_FALSE(fetch_picture(server.url(), open_limits()));
  EXPECT_FALSE(fetch_picture("file:///etc/passwd", open_limits()));
  EXPECT_FALSE(fetch_picture("gopher://127.0.0.1/", open_limits()));
  EXPECT_FALSE(fetch_picture("no address", open_limits()));
}

TEST(PictureFetchTest, what_is_too_large_ends_with_or_without_a_stated_length) {
  FetchLimits limits = open_limits();
  limits.most_bytes = 1000;
  WebServer stated([](int) { return ok(std::string(1001, 'x')); });
  WebServer open_ended([](int) { return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(5000, 'x'); });
  for (WebServer* server : {&stated, &open_ended}) {
    const auto bytes = fetch_picture(server->url(), limits);
    ASSERT_FALSE(bytes);
    EXPECT_NE(bytes.error().message.find("larger"), std::string::npos) << bytes.error().message;
  }
}

TEST(PictureFetchTest, is_given_up_when_it_is_not_worth_while_any_more) {
  FetchLimits limits = open_limits();
  std::atomic<bool> over = false;
  limits.give_up = [&] { return over.load(); };
  WebServer slow([&](int) {
    over = true;
    std::this_thread::sleep_for(std::chrono::seconds(3));
    return ok("picture");
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto bytes = fetch_picture(slow.url(), limits);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, ErrorKind::busy);
}

TEST(PictureFetchTest, silence_is_a_timeout_and_an_error_is_told) {
  FetchLimits limits = open_limits();
  limits.timeout = std::chrono::milliseconds(300);
  WebServer silent([](int) {
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    return std::string();
  });
  auto bytes = fetch_picture(silent.url(), limits);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, ErrorKind::timeout);
  WebServer missing([](int) { return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; });
  bytes = fetch_picture(missing.url(), open_limits());
  ASSERT_FALSE(bytes);
  EXPECT_NE(bytes.error().message.find("404"), std::string::npos);
}

}  // namespace
}  // namespace avatar
