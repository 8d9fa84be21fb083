// SPDX-License-Identifier: Apache-2.0
#include "app/models.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <system_error>

#include "app/download.h"
#include "base/new_file.h"
#include "engine/engines.h"
#include "engine/neural/model_folder.h"
#include "engine/neural/networks.h"
#include "engine/neural/neural_engine.h"
#include "face/sha256.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;
using neural::Finding;
using neural::Network;

constexpr const char* kSums = "SHA256SUMS";

// Seen at the publisher; a newer release may differ, so that a difference is only told.
constexpr std::pair<std::string_view, std::string_view> kKnownSums[] = {
    {"warp_network_ori.onnx", "132e9cdbf0e208159d4fcea006272c3f24d7db9e5831e91e9b97fe16afcd40d5"},
    {"landmark203.onnx", "babb139e95a783f0df5d296fc069badc4c7fcdacca0d202b21bcd409dfd2f556"}};

void print(const Finding& f) {
  constexpr const char* kMarks[] = {"good ", "note ", "WRONG"};
  std::printf("%s  %s: %s\n", kMarks[static_cast<size_t>(f.kind)], f.file.c_str(), f.words.c_str());
}

std::string sum_of(const fs::path& path) {
  auto file = neural::MappedFile::open(path);
  return file ? sha256_hex(file->bytes()) : std::string();
}

// "<64 digits>  path" a line, as sha256sum writes it; by the file's name alone.
std::map<std::string, std::string> read_sums(const fs::path& path) {
  std::map<std::string, std::string> sums;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string sum, name;
    words >> sum >> name;
    if (sum.size() == 64 && !name.empty()) sums[fs::path(name).filename().string()] = sum;
  }
  return sums;
}

Result<void> write_sums(const fs::path& folder, const std::map<std::string, std::string>& sums) {
  auto file = NewFile::create(folder / kSums);
  if (!file) return file.error();
  for (const auto& [path, sum] : sums) {
    const std::string line = sum + "  " + path + "\n";
    if (auto added = file->append({reinterpret_cast<const uint8_t*>(line.data()), line.size()}); !added) return added;
  }
  return file->commit();
}

// Every file of the bundle that is used, by its place below the folder.
std::vector<fs::path> wanted_files() {
  std::vector<fs::path> files;
  for (const auto& facts : neural::published_networks()) files.push_back(fs::path("ditto_onnx") / facts.files[0]);
  files.emplace_back("ditto_cfg/v0.4_hubert_cfg_trt_online.pkl");
  return files;
}

double ms(std::chrono::nanoseconds t) { return std::chrono::duration<double, std::milli>(t).count(); }

}  // namespace

Result<void> check_models(const ModelsCheckOptions& options) {
  const neural::ModelFolder folder = neural::look_into(options.folder);
  for (const Finding& f : folder.findings) print(f);
  if (!folder.is_complete()) return folder.refusal();
  if (options.only_files) return {};

  auto wanted = neural_options({.name = "neural",
                                .models = options.folder,
                                .cache = options.cache,
                                .providers = options.providers,
                                .device = options.device});
  if (!wanted) return wanted.error();
  std::fflush(stdout);
  const auto networks = neural::Networks::load(folder, wanted->networks, [](const std::string& line) {
    std::printf("note   %s\n", line.c_str());
    std::fflush(stdout);
  });
  if (!networks) return networks.error();
  const neural::Networks& n = **networks;
  std::printf("runs on %s (%s)%s\n", std::string(name(n.provider())).c_str(), n.device_name().c_str(),
              n.can_batch() ? ", several pictures at a time" : ", one picture at a time");
  for (const auto& facts : neural::published_networks()) {
    if (folder.file(facts.network).empty()) continue;
    std::printf("       %-12s %9.2f ms on %s\n", std::string(neural::name(facts.network)).c_str(),
                ms(n.time_of(facts.network)), std::string(name(n.provider())).c_str());
  }
  if (n.memory().session > 0) {
    std::printf("memory of the card: %lld MB, and %lld MB for each session\n",
                static_cast<long long>(n.card_memory() >> 20), static_cast<long long>(n.memory().session >> 20));
  }
  const auto ahead = neural::look_ahead_samples(wanted->speaker.clips) / (neural::kHearingRate / 1000);
  std::printf("looks ahead %d ms; room for %d who speak at once\n", ahead, capacity_of(n, wanted->speaker));
  return {};
}

Result<void> fetch_models(const ModelsFetchOptions& options) {
  std::string base = options.from;
  while (base.ends_with('/')) base.pop_back();
  std::error_code failed;
  for (const fs::path& file : wanted_files()) {
    fs::create_directories(options.folder / file.parent_path(), failed);
    if (failed) return file_error("make", options.folder / file.parent_path(), failed.value());
  }
  const auto progress = [&](int64_t, int64_t) { return !options.go_on || options.go_on(); };

  // The server's sums, if it has some.
  const fs::path server_sums = options.folder / (std::string(kSums) + ".server");
  fs::remove(fs::path(server_sums) += ".part", failed);
  auto got_sums = download(base + "/" + kSums, server_sums, progress);
  if (!got_sums && got_sums.error().kind != ErrorKind::not_found) return got_sums.error();
  const auto promised = read_sums(server_sums);
  fs::remove(server_sums, failed);
  if (promised.empty()) std::printf("note   the server has no %s: what comes is held to the known sums alone\n", kSums);

  const neural::ModelFolder before = neural::look_into(options.folder);
  const auto is_there = [&](const fs::path& path) {
    return path == before.settings || std::find(before.files.begin(), before.files.end(), path) != before.files.end();
  };
  std::map<std::string, std::string> sums;
  for (const fs::path& file : wanted_files()) {
    const fs::path to = options.folder / file;
    const std::string called = file.filename().string();
    const auto promise = promised.find(called);
    std::string sum = is_there(to) ? sum_of(to) : std::string();
    if (!sum.empty() && (promise == promised.end() || promise->second == sum)) {
      std::printf("good   %s: is there\n", called.c_str());
    } else {
      const bool is_needed = called != "landmark203.onnx" && !called.ends_with(".pkl");
      auto size = download(base + "/" + file.generic_string(), to, progress);
      if (!size && size.error().kind == ErrorKind::not_found && !is_needed) {
        std::printf("note   %s: the server has it not\n", called.c_str());
        continue;
      }
      if (!size) return size.error().while_doing("fetching " + called);
      sum = sum_of(to);
      if (promise != promised.end() && promise->second != sum) {
        fs::remove(to, failed);
        return Error{ErrorKind::invalid, called + " came damaged: its SHA-256 is " + sum + ", " + promise->second +
                                             " was promised; try again"};
      }
      std::printf("good   %s: %lld MB fetched\n", called.c_str(),
                  static_cast<long long>((*size + 999'999) / 1'000'000));
    }
    for (const auto& [name, known] : kKnownSums) {
      if (called == name && sum != known)
        std::printf("note   %s: is another release than the known one\n", called.c_str());
    }
    std::fflush(stdout);
    sums[file.generic_string()] = sum;
  }
  if (auto written = write_sums(options.folder, sums); !written) return written;
  const neural::ModelFolder after = neural::look_into(options.folder);
  return after.is_complete() ? Result<void>() : after.refusal();
}

}  // namespace avatar
