// SPDX-License-Identifier: Apache-2.0
// Feeds a fuzz target (LLVMFuzzerTestOneInput) where libFuzzer is not at hand: first every file of a corpus, then
// changed copies of them. What reaches code that nothing before it has reached is kept and changed further; the
// compiler reports where it goes (-fsanitize-coverage=trace-pc). The same seed on the same machine tries the same
// inputs.
//
//   fuzz_x [--seconds S] [--seed N] [--found DIR] CORPUS_DIR
//
// Ends with 0, or by the sanitizers' words; the input that did it lies in DIR/fuzz_x.found (default: here). An input
// that takes longer than ten seconds is a finding, too.
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kMostBytes = 1 << 16;
constexpr unsigned kSecondsPerInput = 10;

// How often each way from one place in the code to another was taken, by a hash of both.
std::array<uint8_t, 1 << 16> taken_ways;
uintptr_t last_place = 0;

const Bytes* now_running = nullptr;
std::string found_file;

void keep_finding() {
  if (now_running == nullptr) return;
  if (std::FILE* file = std::fopen(found_file.c_str(), "wb")) {
    std::fwrite(now_running->data(), 1, now_running->size(), file);
    std::fclose(file);
    std::fprintf(stderr, "the input is kept in %s\n", found_file.c_str());
  }
}

void too_slow(int /*signal*/) {
  std::fprintf(stderr, "an input took longer than %u s\n", kSecondsPerInput);
  std::abort();  // the sanitizer calls keep_finding()
}

// Of processor time: the machine may have other work. 0: no more.
void watch(unsigned seconds) {
  const itimerval timer{{0, 0}, {static_cast<time_t>(seconds), 0}};
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

class Fuzzer {
 public:
  explicit Fuzzer(uint64_t seed) : random_(seed) {}

  void run(const Bytes& input) {
    taken_ways.fill(0);
    last_place = 0;
    now_running = &input;
    watch(kSecondsPerInput);
    LLVMFuzzerTestOneInput(input.data(), input.size());
    now_running = nullptr;
    ++runs_;
    if (is_new()) pool_.push_back(input);
  }

  void run_changed() {
    Bytes input = pool_[below(pool_.size())];
    for (size_t n = size_t{1} << below(5); n > 0; --n) change(input);
    input.resize(std::min(input.size(), kMostBytes));
    run(input);
  }

  [[nodiscard]] uint64_t runs() const { return runs_; }
  [[nodiscard]] size_t kept() const { return pool_.size(); }

 private:
  size_t below(size_t n) { return random_() % n; }

  // Ways taken some more times count as new when the number doubles: a loop's tenth round says nothing.
  bool is_new() {
    bool found = false;
    for (size_t i = 0; i < taken_ways.size(); ++i) {
      uint64_t eight = 0;  // nearly all are zero
      std::memcpy(&eight, &taken_ways[i & ~size_t{7}], sizeof eight);
      if (eight == 0) i |= 7;
      if (taken_ways[i] == 0) continue;
      const auto much = static_cast<uint8_t>(1U << (std::bit_width(taken_ways[i]) - 1));
      found = found || (seen_[i] & much) == 0;
      seen_[i] |= much;
    }
    return found;
  }

  void change(Bytes& b) {
    static constexpr std::array<uint32_t, 14> kEdges{0,      1,      0x7F,   0x80,       0xFF,       0x100, 0x7FFF,
                                                     0x8000, 0xFFFF, 0x1000, 0x7FFFFFFF, 0x80000000, 0x20,  0xFFFFFFFF};
    const auto at = [&] { return static_cast<std::ptrdiff_t>(below(b.size() + 1)); };
    if (b.empty()) b.push_back(static_cast<uint8_t>(random_()));
    switch (below(8)) {
      case 0:
        b[below(b.size())] ^= static_cast<uint8_t>(1U << below(8));
        break;
      case 1:
        b[below(b.size())] = static_cast<uint8_t>(random_());
        break;
      case 2: {  // a number at the edge of its range, in either order of bytes
        uint32_t value = kEdges[below(kEdges.size())] + static_cast<uint32_t>(below(3)) - 1;
        if (below(2) == 0) value = __builtin_bswap32(value);
        const size_t from = below(b.size());
        for (size_t i = 0; i < (size_t{1} << below(3)) && from + i < b.size(); ++i) {
          b[from + i] = static_cast<uint8_t>(value >> (8 * i));
        }
        break;
      }
      case 3: {  // something less
        const size_t from = below(b.size()), n = 1 + below(std::min<size_t>(b.size() - from, 1 + below(64)));
        b.erase(b.begin() + static_cast<std::ptrdiff_t>(from), b.begin() + static_cast<std::ptrdiff_t>(from + n));
        break;
      }
      case 4: {  // something twice
        const Bytes part = part_of(b);
        b.insert(b.begin() + at(), part.begin(), part.end());
        break;
      }
      case 5: {  // something of another input
        const Bytes part = part_of(pool_[below(pool_.size())]);
        b.insert(b.begin() + at(), part.begin(), part.end());
        break;
      }
      case 6: {  // the same, in place
        const Bytes part = part_of(pool_[below(pool_.size())]);
        const size_t from = below(b.size());
        std::copy_n(part.begin(), std::min(part.size(), b.size() - from),
                    b.begin() + static_cast<std::ptrdiff_t>(from));
        break;
      }
      default:
        b.insert(b.begin() + at(), 1 + below(16), static_cast<uint8_t>(random_()));
    }
  }

  Bytes part_of(const Bytes& b) {
    if (b.empty()) return {};
    const size_t from = below(b.size()), n = 1 + below(std::min<size_t>(b.size() - from, 1 + below(256)));
    return {b.begin() + static_cast<std::ptrdiff_t>(from), b.begin() + static_cast<std::ptrdiff_t>(from + n)};
  }

  std::mt19937_64 random_;
  std::vector<Bytes> pool_{{}};
  std::array<uint8_t, 1 << 16> seen_{};
  uint64_t runs_ = 0;
};

Bytes content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) * 0x9E3779B97F4A7C15U;
  uint8_t& count = taken_ways[(place ^ last_place) >> 48];
  if (count < 255) ++count;
  last_place = place >> 1;
}

extern "C" const char* __asan_default_options() {
  return "handle_abort=1:allocator_may_return_null=0:hard_rss_limit_mb=3000:detect_stack_use_after_return=0";
}

int main(int argc, char** argv) {
  double seconds = 0;
  uint64_t seed = 1;
  std::filesystem::path corpus, found = ".";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--seconds" && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else if (word == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--found" && i + 1 < argc) {
      found = argv[++i];
    } else {
      corpus = word;
    }
  }
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  found_file = (found / (name + ".found")).string();
  __sanitizer_set_death_callback(keep_finding);
  ::signal(SIGPROF, too_slow);

  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(corpus)) {
    files.push_back(corpus);
  } else {
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  auto fuzzer = std::make_unique<Fuzzer>(seed);
  for (const auto& file : files) fuzzer->run(content_of(file));
  const auto start = std::chrono::steady_clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) fuzzer->run_changed();
  watch(0);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%s: %llu inputs in %.0f s, %zu kept, nothing found\n", name.c_str(),
              static_cast<unsigned long long>(fuzzer->runs()), took.count(), fuzzer->kept());
  return 0;
}
