// SPDX-License-Identifier: Apache-2.0
#include "app/download.h"

#include <curl/curl.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <mutex>
#include <system_error>

#include "base/new_file.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

constexpr long kConnectSeconds = 20;
constexpr long kStallSeconds = 60, kStallBytesPerSecond = 100;  // slower than this for so long: given up

struct Close {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

struct Transfer {
  std::FILE* file = nullptr;
  int64_t before = 0;  // bytes of an earlier try
  const DownloadProgress* progress = nullptr;
  bool is_stopped = false;
  int disk_error = 0;
};

size_t write(char* data, size_t /*one*/, size_t size, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const size_t written = std::fwrite(data, 1, size, t.file);
  if (written != size) t.disk_error = errno;
  return written;
}

int tell(void* user, curl_off_t all, curl_off_t have, curl_off_t /*sent*/, curl_off_t /*to_send*/) {
  auto& t = *static_cast<Transfer*>(user);
  t.is_stopped = !(*t.progress)(t.before + have, all == 0 ? 0 : t.before + all);
  return t.is_stopped ? 1 : 0;
}

}  // namespace

Result<int64_t> download(const std::string& url, const fs::path& to, const DownloadProgress& progress) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (curl == nullptr) return Error{ErrorKind::internal, "the HTTP client could not be made"};

  fs::path part = to;
  part += ".part";
  for (int attempt = 0;; ++attempt) {
    std::error_code ignored;
    const auto before =
        attempt > 0 ? 0 : static_cast<int64_t>(fs::exists(part, ignored) ? fs::file_size(part, ignored) : 0);
    std::unique_ptr<std::FILE, Close> file(std::fopen(part.c_str(), before > 0 ? "ab" : "wb"));
    if (!file) return file_error("write", part, errno);
    Transfer transfer{file.get(), before, &progress, false, 0};
    const auto set = [&](auto option, auto value) { CHECK(curl_easy_setopt(curl.get(), option, value) == CURLE_OK); };
    curl_easy_reset(curl.get());
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, 10L);
    set(CURLOPT_FAILONERROR, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "avatar-worker");
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_LOW_SPEED_TIME, kStallSeconds);
    set(CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
    set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(before));
    set(CURLOPT_WRITEFUNCTION, &write);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &tell);
    set(CURLOPT_XFERINFODATA, &transfer);
    const CURLcode code = curl_easy_perform(curl.get());
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    const bool is_flushed = std::fflush(file.get()) == 0;
    if (!is_flushed && transfer.disk_error == 0) transfer.disk_error = errno;
    file.reset();

    if (transfer.disk_error != 0) return file_error("write", part, transfer.disk_error);
    if (transfer.is_stopped) return Error{ErrorKind::cancelled, "stopped; the next try goes on from here"};
    // What we have is not a beginning of what the server has: from the start.
    const bool cannot_resume = code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME || status == 416;
    if (before > 0 && cannot_resume) continue;
    switch (code) {
      case CURLE_OK:
        break;
      case CURLE_HTTP_RETURNED_ERROR:
        fs::remove(part, ignored);
        return Error{status == 404 ? ErrorKind::not_found : ErrorKind::unavailable,
                     url + ": the server answered with status " + std::to_string(status)};
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return Error{ErrorKind::invalid, url + " is not an http:// or https:// address"};
      case CURLE_PARTIAL_FILE:
        return Error{ErrorKind::unavailable, url + ": the connection was cut; the next try goes on from there"};
      default:
        return Error{ErrorKind::unavailable, url + ": " + curl_easy_strerror(code)};
    }
    std::error_code failed;
    fs::rename(part, to, failed);
    if (failed) return file_error("write", to, failed.value());
    return static_cast<int64_t>(fs::file_size(to, ignored));
  }
}

}  // namespace avatar
