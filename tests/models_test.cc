// SPDX-License-Identifier: Apache-2.0
// avatar-worker models: what is fetched from a server on this machine is whole, continued and held to its sums.
#include "app/models.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "engine/neural/model_folder.h"
#include "face/sha256.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Serves a folder, one connection after the other; understands "Range: bytes=N-".
class FileServer {
 public:
  explicit FileServer(fs::path root)
      : root_(std::move(root)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FileServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/bundle"; }

  std::atomic<size_t> cut_after{SIZE_MAX};  ///< bytes of each answer
  std::atomic<int> requests{0}, ranges{0};

 private:
  void serve() {
    for (int client; (client = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::string request;
      char block[2048];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::recv(client, block, sizeof block, 0);
        if (n <= 0) break;
        request.append(block, static_cast<size_t>(n));
      }
      ++requests;
      const size_t begin = request.find("/bundle/") + 8;
      const fs::path path = root_ / request.substr(begin, request.find(' ', begin) - begin);
      std::string head = "HTTP/1.1 404 Not Found\r\n", body;
      if (fs::is_regular_file(path)) {
        body = read(path);
        head = "HTTP/1.1 200 OK\r\n";
        if (const size_t at = request.find("Range: bytes="); at != std::string::npos) {
          ++ranges;
          const size_t from = std::stoul(request.substr(at + 13));
          head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(from) + "-" +
                 std::to_string(body.size() - 1) + "/" + std::to_string(body.size()) + "\r\n";
          body = body.substr(from);
        }
      }
      head += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
      const std::string answer = head + body.substr(0, cut_after);
      for (size_t sent = 0; sent < answer.size();) {
        const ssize_t n = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<size_t>(n);
      }
    }
  }
  fs::path root_;
  int socket_;
  int port_ = 0;
  std::thread thread_;
};

class ModelsTest : public testing::Test {
 protected:
  ModelsTest() : root_(fs::temp_directory_path() / ("avatar_fetch_" + std::to_string(::getpid()))) {
    fs::remove_all(root_);
    for (const char* folder : {"ditto_onnx", "ditto_cfg"}) {
      fs::copy(fs::path(AVATAR_BINARY_DIR "/neural_graphs") / folder, served() / folder, fs::copy_options::recursive);
    }
  }
  ~ModelsTest() override { fs::remove_all(root_); }
  [[nodiscard]] fs::path served() const {
    fs::create_directories(root_ / "served");
    return root_ / "served";
  }
  [[nodiscard]] fs::path got() const { return root_ / "got"; }
  void promise(const std::string& file, const std::string& sum) const {
    std::ofstream(served() / "SHA256SUMS", std::ios::app) << sum << "  " << file << "\n";
  }
  [[nodiscard]] std::string sum_of(const std::string& file) const {
    const std::string bytes = read(served() / file);
    return sha256_hex(std::as_bytes(std::span(bytes)));
  }
  fs::path root_;
};

TEST_F(ModelsTest, fetches_all_that_is_needed_and_nothing_twice) {
  FileServer server(served());
  promise("ditto_onnx/decoder.onnx", sum_of("ditto_onnx/decoder.onnx"));
  auto done = fetch_models({got(), server.url() + "/", {}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(neural::look_into(got()).is_complete());
  EXPECT_FALSE(fs::exists(got() / "ditto_onnx/warp_network.onnx"));
  EXPECT_NE(read(got() / "SHA256SUMS").find(sum_of("ditto_onnx/hubert.onnx") + "  ditto_onnx/hubert.onnx"),
            std::string::npos);
  EXPECT_TRUE(check_models({got(), {}, {"cpu"}, 0, false}));
  const int before = server.requests;
  ASSERT_TRUE(fetch_models({got(), server.url(), {}}));
  EXPECT_EQ(server.requests, before + 1) << "only the sums are asked for again";
}

TEST_F(ModelsTest, goes_on_where_the_connection_was_cut) {
  FileServer server(served());
  server.cut_after = 30000;
  auto done = fetch_models({got(), server.url(), {}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::unavailable);
  EXPECT_NE(done.error().message.find("warp_network_ori.onnx"), std::string::npos) << done.error().message;
  server.cut_after = SIZE_MAX;
  done = fetch_models({got(), server.url(), {}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(server.ranges, 1);
  EXPECT_EQ(read(got() / "ditto_onnx/warp_network_ori.onnx"), read(served() / "ditto_onnx/warp_network_ori.onnx"));
}

TEST_F(ModelsTest, what_came_damaged_is_thrown_away) {
  FileServer server(served());
  promise("decoder.onnx", std::string(64, '0'));
  auto done = fetch_models({got(), server.url(), {}});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("damaged"), std::string::npos) << done.error().message;
  EXPECT_FALSE(fs::exists(got() / "ditto_onnx/decoder.onnx"));
}

TEST_F(ModelsTest, says_what_the_server_lacks_and_stops_when_asked) {
  FileServer server(served());
  fs::remove(served() / "ditto_onnx/landmark203.onnx");
  EXPECT_TRUE(fetch_models({got(), server.url(), {}})) << "that one is only wanted";
  fs::remove(served() / "ditto_onnx/hubert.onnx");
  fs::remove_all(got());
  auto done = fetch_models({got(), server.url(), {}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::not_found);
  done = fetch_models({got(), server.url(), [] { return false; }});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::cancelled);
}

TEST_F(ModelsTest, refuses_what_is_no_address) {
  for (const char* url : {"", "ftp://127.0.0.1/x", "/etc", "http://127.0.0.1:1/x"}) {
    EXPECT_FALSE(fetch_models({got(), url, {}})) << url;
  }
}

TEST_F(ModelsTest, check_says_what_is_wrong) {
  EXPECT_TRUE(check_models({served(), {}, {"cpu"}, 0, true}));
  fs::resize_file(served() / "ditto_onnx/hubert.onnx", 500);
  auto done = check_models({served(), {}, {"cpu"}, 0, false});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("hubert.onnx"), std::string::npos);
}

}  // namespace
}  // namespace avatar
