// SPDX-License-Identifier: Apache-2.0
// The program from outside: what it says and leaves behind, above all when something is wrong.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "face/picture_file.h"
#include "stream/gstreamer.h"
#include "stream/sound_file.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

const std::string kSpeech = AVATAR_SOURCE_DIR "/assets/speech/hello.flac";
const std::string kPortrait = AVATAR_SOURCE_DIR "/assets/portrait/portrait-1024.png";

struct Outcome {
  int code = -1;  // exit code
  std::string out, err;
};

class RenderCliTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { prepare_gstreamer(); }
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Starts the program in the test's folder; its words go to files beside it.
  pid_t start(const std::vector<std::string>& arguments) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    std::vector<char*> argv{const_cast<char*>(AVATAR_WORKER)};
    for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::dup2(::open((folder_.string() + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open((folder_.string() + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    if (::chdir(folder_.c_str()) == 0) ::execv(AVATAR_WORKER, argv.data());
    ::_exit(127);
  }
  Outcome outcome_of(pid_t child) const {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content(folder_.string() + ".out"),
            content(folder_.string() + ".err")};
  }
  Outcome run(const std::vector<std::string>& arguments) const { return outcome_of(start(arguments)); }
  Outcome render(std::vector<std::string> more) const {
    more.insert(more.begin(), {"render", "--quiet", "--size", "128"});
    return run(more);
  }

  // One sentence that begins with our name, the given exit code, and nothing new in the folder.
  void expect_refusal(const Outcome& o, int code, const std::string& word) const {
    EXPECT_EQ(o.code, code) << o.err;
    EXPECT_EQ(o.err.rfind("avatar-worker: ", 0), 0U) << o.err;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_NE(o.err.find(word), std::string::npos) << o.err;
    EXPECT_TRUE(o.out.empty());
    for (const auto& entry : fs::directory_iterator(folder_)) {
      EXPECT_EQ(entry.path().extension(), ".input") << "left behind: " << entry.path();
    }
  }
  [[nodiscard]] fs::path input(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // A short recording: the first of the sample's frames, as 16-bit WAV.
  [[nodiscard]] fs::path wav(double seconds) const {
    std::vector<float> sound(static_cast<size_t>(seconds * kSampleRate));
    auto file = SoundFile::open(kSpeech);
    EXPECT_TRUE(file);
    for (size_t n = 0; n < sound.size();)
      n += *file->read(std::span(sound).subspan(n, std::min<size_t>(sound.size() - n, 48000)));
    const auto bytes = static_cast<uint32_t>(sound.size() * 2);
    std::string s = "RIFF";
    const auto u = [&](uint32_t v, int size) {
      for (int i = 0; i < size; ++i) s += static_cast<char>(v >> (8 * i));
    };
    u(36 + bytes, 4), s += "WAVEfmt ", u(16, 4), u(1, 2), u(1, 2), u(48000, 4), u(96000, 4), u(2, 2), u(16, 2);
    s += "data", u(bytes, 4);
    for (const float x : sound) u(static_cast<uint32_t>(static_cast<int>(x * 32767)), 2);
    return input("short.input", s);
  }

  fs::path folder_ = fs::path(testing::TempDir()) /
                     ("cli_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(RenderCliTest, makes_a_video_that_can_be_read_again) {
  const Outcome o = render({"--speech", wav(2).string(), "--out", "a.mp4"});
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_TRUE(o.err.empty()) << o.err;
  auto file = SoundFile::open(folder_ / "a.mp4");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_NEAR(file->duration()->seconds(), 2.52, 0.05);  // 2.5 s in whole pictures
}

TEST_F(RenderCliTest, makes_the_same_bytes_again) {
  const std::string speech = wav(2).string();
  ASSERT_EQ(render({"--speech", speech, "--out", "a.mp4", "--seed", "7"}).code, 0);
  ASSERT_EQ(render({"--speech", speech, "--out", "b.mp4", "--seed", "7"}).code, 0);
  ASSERT_EQ(render({"--speech", speech, "--out", "c.mp4", "--seed", "8"}).code, 0);
  EXPECT_EQ(content(folder_ / "a.mp4"), content(folder_ / "b.mp4"));
  EXPECT_NE(content(folder_ / "a.mp4"), content(folder_ / "c.mp4"));
}

TEST_F(RenderCliTest, writes_frames_y4m_and_a_contact_sheet_at_once) {
  const Outcome o = render({"--speech", wav(0.4).string(), "--tail", "0", "--fps", "30", "--frames", "f", "--y4m", "-",
                            "--contact-sheet", "s.png", "--picture", kPortrait, "--emotion", "happy:0.5"});
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "f"), fs::directory_iterator()), 12);
  EXPECT_EQ(o.out.rfind("YUV4MPEG2 W128 H128 F30:1 ", 0), 0U);
  EXPECT_EQ(o.out.size(), o.out.find('\n') + 1 + 12 * (6 + 128 * 128 * 3 / 2));
  EXPECT_GT(fs::file_size(folder_ / "s.png"), 1000U);
}

TEST_F(RenderCliTest, logs_the_mood_that_it_hears) {
  const std::string speech = wav(2).string();
  for (const char* emotion : {"auto", "happy:0.5"}) {
    const Outcome o = render({"--speech", speech, "--out", "a.mp4", "--emotion", emotion, "--emotion-log", "a.jsonl"});
    ASSERT_EQ(o.code, 0) << o.err;
    const std::string log = content(folder_ / "a.jsonl");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 5) << log;
    EXPECT_EQ(log.rfind("{\"t\": 0.49, \"emotion\": {\"angry\": ", 0), 0U) << log;
    for (const char* name : {"disgust", "fear", "happy", "neutral", "sad", "surprise"}) {
      EXPECT_NE(log.find("\"" + std::string(name) + "\": "), std::string::npos) << name;
    }
  }
}

TEST_F(RenderCliTest, refuses_a_network_of_the_users_own_that_is_none) {
  const std::string junk = input("junk.input", "not a network").string();
  for (const char* option : {"--emotion-model", "--lips-model"}) {
    expect_refusal(render({"--speech", kSpeech, "--out", "a.mp4", option, "no.onnx"}), 3, "no.onnx");
    expect_refusal(render({"--speech", kSpeech, "--out", "a.mp4", option, junk}), 2, "junk.input");
  }
}

TEST_F(RenderCliTest, reports_times_unless_it_is_quiet) {
  const Outcome o = run({"render", "--size", "128", "--speech", wav(0.4).string(), "--out", "a.mp4"});
  EXPECT_EQ(o.code, 0);
  for (const char* word : {"times real time", "first picture", "hear", "perform", "draw", "encode"}) {
    EXPECT_NE(o.err.find(word), std::string::npos) << word;
  }
}

TEST_F(RenderCliTest, refuses_wrong_options) {
  expect_refusal(run({"dance"}), 2, "--help");
  expect_refusal(render({"--speech", kSpeech}), 2, "--help");
  expect_refusal(render({"--out", "a.mp4"}), 2, "--speech");
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{{"--size", "513"},
                                                                                      {"--size", "100"},
                                                                                      {"--size", "4000"},
                                                                                      {"--size", "512x"},
                                                                                      {"--size", "five"},
                                                                                      {"--fps", "24"},
                                                                                      {"--emotion", "cross"},
                                                                                      {"--emotion", "happy:2"},
                                                                                      {"--emotion", "happy:"},
                                                                                      {"--motion-scale", "3"},
                                                                                      {"--expression-scale", "-1"},
                                                                                      {"--tail", "1000"},
                                                                                      {"--seed", "x"},
                                                                                      {"--nonsense", "1"}}) {
    expect_refusal(render({"--speech", kSpeech, "--out", "a.mp4", option, value}), 2, option);
  }
  expect_refusal(render({"--speech", kSpeech, "--out", "a.mp4", "--engine", "steam"}), 5, "steam");
}

TEST_F(RenderCliTest, refuses_pictures_that_are_none) {
  const auto with = [&](const fs::path& picture) {
    return render({"--picture", picture.string(), "--speech", kSpeech, "--out", "a.mp4"});
  };
  const std::string portrait = content(kPortrait);
  expect_refusal(with("nowhere.jpg"), 3, "nowhere.jpg");
  expect_refusal(with(folder_), 2, "folder");
  expect_refusal(with(input("empty.input", "")), 2, "empty.input");
  expect_refusal(with(input("text.input", "This is not a picture, whatever its name says.\n")), 5, "text.input");
  expect_refusal(with(input("cut.input", portrait.substr(0, portrait.size() / 2))), 2, "cut.input");
  expect_refusal(with(input("large.input", portrait + std::string(11 << 20, 'x'))), 2, "large.input");
  Image tiny(1, 1), grey(256, 256);
  std::fill(grey.rgb.begin(), grey.rgb.end(), uint8_t{128});
  ASSERT_TRUE(write_png(folder_ / "tiny.input", tiny));
  ASSERT_TRUE(write_png(folder_ / "grey.input", grey));
  expect_refusal(with("tiny.input"), 2, "tiny.input");
  expect_refusal(with("grey.input"), 3, "no face");
  // A PNG of 40,000 x 40,000 by its header, and nothing behind it.
  std::string huge = portrait.substr(0, 64);
  for (const size_t at : {16U, 20U}) huge.replace(at, 4, std::string("\x00\x00\x9c\x40", 4));
  expect_refusal(with(input("huge.input", huge)), 2, "huge.input");
}

TEST_F(RenderCliTest, refuses_sound_that_is_none) {
  const auto with = [&](const fs::path& speech) { return render({"--speech", speech.string(), "--out", "a.mp4"}); };
  expect_refusal(with("nowhere.wav"), 3, "nowhere.wav");
  expect_refusal(with(input("empty.input", "")), 2, "empty");
  expect_refusal(with(input("text.input", "This is not sound, whatever its name says.\n")), 5, "text.input");
  expect_refusal(with(kPortrait), 5, "portrait-1024.png");
}

TEST_F(RenderCliTest, refuses_places_where_nothing_can_be_written_before_any_work) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* option : {"--out", "--frames", "--y4m", "--contact-sheet"}) {
    expect_refusal(render({"--speech", kSpeech, option, "no/such/folder/a"}), 3, "no/such/folder");
  }
  expect_refusal(render({"--speech", kSpeech, "--out", "/dev/null"}), 2, "/dev/null");
  expect_refusal(render({"--speech", kSpeech, "--out", folder_.string()}), 2, "folder");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST_F(RenderCliTest, says_so_when_the_disk_is_full) {
  expect_refusal(render({"--speech", kSpeech, "--y4m", "/dev/full"}), 4, "/dev/full");
  // A limit on the size of files stands in for a full disk.
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string command = "ulimit -f 64; exec " AVATAR_WORKER " render --quiet --speech " + kSpeech + " --out " +
                                (folder_ / "a.mp4").string() + " 2>" + folder_.string() + ".err >" + folder_.string() +
                                ".out";
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  expect_refusal(outcome_of(child), 4, "a.mp4");
}

TEST_F(RenderCliTest, stops_at_ctrl_c_and_leaves_nothing) {
  const pid_t child = start(
      {"render", "--quiet", "--size", "1024", "--fps", "60", "--speech", kSpeech, "--out", "a.mp4", "--frames", "f"});
  // Wait until it writes: the temporary file grows.
  const auto grows = [&] {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.is_regular_file() && entry.file_size(ignored) > 10'000) return true;
    }
    return false;
  };
  for (int i = 0; i < 1000 && !grows(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(grows());
  ::kill(child, SIGINT);
  expect_refusal(outcome_of(child), 130, "stopped");
}

TEST_F(RenderCliTest, analyses_a_picture) {
  const Outcome o = run({"analyze", "--picture", kPortrait, "--overlay", "o.png", "--json"});
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("\"faces\":1,"), std::string::npos);
  EXPECT_GT(fs::file_size(folder_ / "o.png"), 1000U);
}

}  // namespace
}  // namespace avatar
