// SPDX-License-Identifier: Apache-2.0
#include "speech/synthesiser.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <sstream>

namespace avatar {
namespace {

constexpr off_t kMostOutput = 64 << 20;  // 20 minutes
constexpr int kPatienceMs = 15'000;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

// What a program writes to standard output when it reads `input`. Both are files in memory: flite wants to seek.
Result<std::vector<std::byte>> output_of(const std::vector<std::string>& arguments, std::string_view input) {
  const Error no_memory{ErrorKind::unavailable, "there is no memory for speech"};
  const File in(::memfd_create("text", MFD_CLOEXEC)), out(::memfd_create("speech", MFD_CLOEXEC));
  if (in.get() < 0 || out.get() < 0) return no_memory;
  if (::write(in.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) return no_memory;
  ::lseek(in.get(), 0, SEEK_SET);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Error{ErrorKind::unavailable, arguments[0] + " cannot be run"};

  const File life(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd end{life.get(), POLLIN, 0};
  const bool late = ::poll(&end, 1, kPatienceMs) == 0;
  if (late) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (late) return Error{ErrorKind::timeout, arguments[0] + " takes too long; say less at once"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Error{ErrorKind::unavailable, arguments[0] + " failed"};

  const off_t size = ::lseek(out.get(), 0, SEEK_END);
  if (size < 0 || size > kMostOutput) return Error{ErrorKind::invalid, "this text makes too much speech; say less"};
  std::vector<std::byte> result(static_cast<size_t>(size));
  if (::pread(out.get(), result.data(), result.size(), 0) != static_cast<ssize_t>(size)) return no_memory;
  return result;
}

std::string lines_of(const std::vector<std::string>& arguments) {
  const auto bytes = output_of(arguments, {});
  return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : std::string();
}

// "Voices available: kal awb_time slt": the clustergen voices sound best; "time" knows only the clock.
void add_flite(std::vector<Synthesiser::Voice>& voices) {
  std::istringstream words(lines_of({"flite", "-lv"}));
  std::string word;
  std::vector<std::string> found;
  while (words >> word) found.push_back(word);
  for (const char* voice : {"slt", "rms", "awb", "kal16"}) {
    if (std::find(found.begin(), found.end(), voice) == found.end()) continue;
    voices.push_back(
        {std::string("English, ") + voice, {"flite", "-voice", voice, "-o", "/dev/stdout", "-f", "/dev/stdin"}});
  }
}

// A table with a heading: " 5  en-gb           --/M      English_(Great_Britain) gmw/en     (en 2)"
void add_espeak(std::vector<Synthesiser::Voice>& voices) {
  std::istringstream table(lines_of({"espeak-ng", "--voices"}));
  std::string line;
  std::getline(table, line);
  std::vector<Synthesiser::Voice> found;
  while (std::getline(table, line)) {
    std::istringstream row(line);
    std::string priority, language, gender, name, file;
    if (!(row >> priority >> language >> gender >> name >> file)) continue;
    std::replace(name.begin(), name.end(), '_', ' ');
    found.push_back({name, {"espeak-ng", "-v", language, "-s", "160", "--stdin", "--stdout"}});
  }
  const auto is_english = [](const auto& voice) { return voice.name.substr(0, 7) == "English"; };
  std::stable_partition(found.begin(), found.end(), is_english);
  std::move(found.begin(), found.end(), std::back_inserter(voices));
}

std::vector<Synthesiser::Voice> installed_voices() {
  std::vector<Synthesiser::Voice> voices;
  add_flite(voices);
  add_espeak(voices);
  return voices;
}

}  // namespace

Synthesiser::Synthesiser() : voices_(std::async(std::launch::async, installed_voices).share()) {}

std::string_view Synthesiser::next_sentence(std::string_view& text) {
  constexpr size_t kLong = 300;
  constexpr std::string_view kEnds = ".!?;:\n", kSpaces = " \t\r\n";
  size_t end = 0, space = 0;
  while (end < text.size()) {
    const char c = text[end++];
    const bool before_space = end == text.size() || kSpaces.find(text[end]) != std::string_view::npos;
    if (before_space && kEnds.find(c) != std::string_view::npos) break;
    // Of scripts without spaces: the full stop, question and exclamation marks (U+3002, U+FF1F, U+FF01).
    const std::string_view seen = text.substr(0, end);
    if (seen.ends_with("\u3002") || seen.ends_with("\uFF1F") || seen.ends_with("\uFF01")) break;
    if (before_space) space = end;
    if (end < kLong) continue;
    if (space > 0) end = space;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;  // within a character
    break;
  }
  const std::string_view sentence = text.substr(0, end);
  text.remove_prefix(end);
  return sentence;
}

Result<std::vector<std::byte>> Synthesiser::say(std::string_view text, std::string_view voice) const {
  const auto& all = voices();
  if (all.empty()) {
    return Error{ErrorKind::unsupported, "no synthesiser is installed; install espeak-ng or flite and start again"};
  }
  const auto found = voice.empty()
                         ? all.begin()
                         : std::find_if(all.begin(), all.end(), [&](const Voice& v) { return v.name == voice; });
  if (found == all.end()) {
    return Error{ErrorKind::not_found, "there is no voice of this name; GET /health lists the voices"};
  }
  return output_of(found->arguments, text);
}

}  // namespace avatar
