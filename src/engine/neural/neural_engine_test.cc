// SPDX-License-Identifier: Apache-2.0
// The whole engine on made networks and the CPU: from sound and a portrait to pictures.
#include "engine/neural/neural_engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/engines.h"
#include "engine/neural/painter.h"
#include "engine/neural/paste.h"
#include "engine/neural/person.h"
#include "face/analysis.h"

namespace avatar {
namespace {

constexpr FrameSize kSize{128, 128};
constexpr int64_t kTick = kSampleRate / 25;
const std::filesystem::path kMade = AVATAR_BINARY_DIR "/neural_graphs";

std::shared_ptr<const Portrait> portrait() {
  static const auto one = [] {
    std::ifstream in(AVATAR_SOURCE_DIR "/assets/portrait/portrait-1024.png", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    auto analysis = FaceAnalysis::load();
    return *(*analysis)->analyse(std::as_bytes(std::span(bytes)));
  }();
  return one;
}

EngineOptions options(bool is_live = false) {
  EngineOptions o{.name = "neural", .models = kMade, .providers = {"cpu"}, .is_live = is_live};
  o.steps = 3;
  return o;
}

std::unique_ptr<Engine> engine(const EngineOptions& o) {
  auto made = make_engine(o);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : nullptr;
}

// Silence, a second of something like a voice from 0.4 s on, silence.
std::vector<float> speech(int64_t ticks = 80) {
  std::vector<float> sound(static_cast<size_t>(ticks * kTick));
  for (size_t i = 10 * kTick; i < 35 * kTick; ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    sound[i] = static_cast<float>(0.3 * std::sin(900 * t) * (1 + std::sin(30 * t)) + 0.1 * std::sin(5000 * t));
  }
  return sound;
}

// What a session gives its avatar, tick by tick.
struct Stage {
  explicit Stage(const Engine& e, FrameSize s = kSize) : avatar(std::move(*e.make_avatar(portrait(), s))), size(s) {
    ahead = e.look_ahead().samples;
  }
  std::vector<uint8_t> draw(const std::vector<float>& sound, int64_t at, const Pose& pose = {}) {
    Moment m;
    m.time = MediaTime::from_samples(at);
    m.pose = pose;
    m.cuts = cuts;
    const int64_t end = std::min<int64_t>(at + ahead, static_cast<int64_t>(sound.size()));
    if (end > at) m.sound = std::span(sound).subspan(static_cast<size_t>(at), static_cast<size_t>(end - at));
    Frame frame(size.width, size.height);
    auto done = avatar->draw(m, frame);
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return frame.bytes();
  }
  std::unique_ptr<Avatar> avatar;
  FrameSize size;
  int64_t ahead = 0;
  uint32_t cuts = 0;
};

TEST(NeuralEngine, looks_ahead_by_the_sound_that_a_block_needs) {
  EXPECT_EQ(engine(options())->look_ahead(), MediaTime::from_samples(7760 * 3 + 48));
}

TEST(NeuralEngine, moves_in_speech_and_is_still_to_the_bit_in_silence) {
  const auto e = engine(options());
  Stage speaks(*e), silent(*e);
  const auto sound = speech();
  const std::vector<float> nothing(sound.size());
  int moved = 0;
  for (int64_t n = 0; n < 80; ++n) {
    const bool same = speaks.draw(sound, n * kTick) == silent.draw(nothing, n * kTick);
    if (n < 9) {
      EXPECT_TRUE(same) << "before the speech, picture " << n;
    }
    if (n >= 12 && n < 35) moved += same ? 0 : 1;
    if (n >= 35 + 22 + 13) {
      EXPECT_TRUE(same) << "after the speech, picture " << n;
    }
  }
  EXPECT_EQ(moved, 23);
}

TEST(NeuralEngine, the_same_seed_gives_the_same_bytes_and_another_one_does_not) {
  const auto sound = speech();
  const auto all = [&](const EngineOptions& o) {
    const auto e = engine(o);
    Stage stage(*e);
    std::vector<uint8_t> bytes;
    for (int64_t n = 0; n < 40; ++n) {
      const auto frame = stage.draw(sound, n * kTick);
      bytes.insert(bytes.end(), frame.begin(), frame.end());
    }
    return bytes;
  };
  const auto once = all(options());
  EXPECT_TRUE(once == all(options()));
  auto other = options();
  other.seed = 2;
  EXPECT_FALSE(once == all(other));
}

TEST(NeuralEngine, after_an_interruption_it_is_as_if_nothing_had_been_said) {
  const auto e = engine(options());
  Stage cut(*e), silent(*e);
  const auto sound = speech();
  const std::vector<float> nothing(sound.size());
  for (int64_t n = 0; n < 60; ++n) {
    if (n == 20) cut.cuts = 1;
    const auto a = cut.draw(n < 20 ? sound : nothing, n * kTick);
    const auto b = silent.draw(nothing, n * kTick);
    if (n == 19) {
      EXPECT_FALSE(a == b);
    }
    if (n >= 20 + 12) {
      EXPECT_TRUE(a == b) << n;
    }
  }
}

TEST(NeuralEngine, speaks_again_after_an_interruption) {
  const auto e = engine(options());
  Stage cut(*e), silent(*e);
  const auto sound = speech();
  const std::vector<float> nothing(sound.size());
  int moved = 0;
  for (int64_t n = 0; n < 40; ++n) {
    if (n == 15) cut.cuts = 1;  // and at once the next utterance, which is the rest of the same sound
    const auto a = cut.draw(sound, n * kTick);
    const auto b = silent.draw(nothing, n * kTick);
    if (n >= 28 && n < 35) moved += a == b ? 0 : 1;
  }
  EXPECT_EQ(moved, 7);
}

TEST(NeuralEngine, with_too_little_sound_ahead_the_lips_of_the_pose_go_on) {
  const auto e = engine(options());
  Stage late(*e), silent(*e);
  late.ahead = 5 * kTick / 2;  // 100 ms
  const auto sound = speech();
  Pose pose;
  pose[Muscle::jaw_open] = 0.5F;
  for (int64_t n = 0; n < 30; ++n) {
    EXPECT_TRUE(late.draw(sound, n * kTick, pose) == silent.draw({}, n * kTick, pose)) << n;
  }
}

TEST(NeuralEngine, draws_at_every_rate_and_after_skipped_pictures) {
  const auto e = engine(options());
  const auto sound = speech();
  for (const int fps : {30, 50, 60}) {
    Stage stage(*e);
    int changes = 0;
    std::vector<uint8_t> last;
    for (int64_t n = 0; n < fps; ++n) {
      if (n % 7 == 3) continue;  // came too late to be drawn
      auto frame = stage.draw(sound, n * kSampleRate / fps);
      changes += frame == last ? 0 : 1;
      last = std::move(frame);
    }
    EXPECT_GT(changes, fps / 3) << fps;
  }
}

TEST(NeuralEngine, an_avatar_outlives_its_engine) {
  auto e = engine(options());
  Stage stage(*e);
  e.reset();
  const auto sound = speech();
  for (int64_t n = 0; n < 20; ++n) stage.draw(sound, n * kTick);
}

TEST(NeuralEngine, works_without_settings_and_landmarks) {
  const auto dir = std::filesystem::temp_directory_path() / ("avatar_bare_" + std::to_string(::getpid()));
  std::filesystem::create_directories(dir);
  for (const auto& entry : std::filesystem::directory_iterator(kMade / "ditto_onnx")) {
    if (entry.path().filename() != "landmark203.onnx") {
      std::filesystem::copy_file(entry.path(), dir / entry.path().filename(),
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  auto o = options();
  o.models = dir;
  const auto e = engine(o);
  Stage stage(*e);
  const auto sound = speech();
  const auto first = stage.draw(sound, 0);
  std::vector<uint8_t> later;
  for (int64_t n = 1; n < 25; ++n) later = stage.draw(sound, n * kTick);
  EXPECT_FALSE(first == later);
  std::filesystem::remove_all(dir);
}

// The networks of a made folder, but for one, in whose place `file` lies.
class ChangedFolder {
 public:
  ChangedFolder(const std::filesystem::path& made, const std::string& network, const std::filesystem::path& file)
      : path_(std::filesystem::temp_directory_path() /
              ("avatar_" + file.stem().string() + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
    for (const auto& entry : std::filesystem::directory_iterator(made / "ditto_onnx")) {
      const auto name = entry.path().filename();
      std::filesystem::copy_file(name == network ? file : entry.path(), path_ / name,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  ChangedFolder(const std::string& network, const std::string& file)
      : ChangedFolder(kMade, network, kMade / "ditto_onnx" / file) {}
  ChangedFolder(const ChangedFolder&) = delete;
  ChangedFolder& operator=(const ChangedFolder&) = delete;
  ~ChangedFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] EngineOptions options() const {
    auto o = avatar::options();
    o.models = path_;
    return o;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(NeuralEngine, the_mesh_goes_on_when_a_network_fails) {
  const ChangedFolder folder("hubert.onnx", "hubert_breaks.onnx");
  const auto e = engine(folder.options());
  const auto mesh = make_engine({});
  Stage stage(*e), stand_in(**mesh);
  const auto sound = speech();  // up to 0.7: more than it bears
  EXPECT_FALSE(stage.draw(sound, 0) == stand_in.draw(sound, 0));
  std::vector<uint8_t> last, right;
  for (int64_t n = 1; n < 40; ++n) {
    last = stage.draw(sound, n * kTick);
    right = stand_in.draw(sound, n * kTick);
  }
  EXPECT_TRUE(last == right);
}

// ONNX Runtime itself finds no memory here, for whoever moves far aside.
TEST(NeuralEngine, a_session_that_finds_no_memory_ends_and_nobody_else) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer ends the program there";
#endif
  const ChangedFolder folder("stitch_network.onnx", "stitch_fills_memory.onnx");
  const auto e = engine(folder.options());
  Stage wild(*e), calm(*e);
  const auto before = calm.draw({}, 0);
  wild.draw({}, 0);
  Moment m;
  m.time = MediaTime::from_samples(kTick);
  m.pose.head_x_cm = 3;
  Frame frame(kSize.width, kSize.height);
  const auto done = wild.avatar->draw(m, frame);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::busy);
  EXPECT_NE(done.error().message.find("the memory is full"), std::string::npos) << done.error().message;
  wild.avatar.reset();
  EXPECT_TRUE(calm.draw({}, kTick) == before);
  Stage next(*e);
  EXPECT_TRUE(next.draw({}, 0) == before);
  EXPECT_NE(e->description().find("neural on cpu"), std::string::npos) << e->description();
}

TEST(NeuralEngine, a_voice_that_finds_no_memory_ends_one_session_and_the_others_speak) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer ends the program there";
#endif
  const ChangedFolder folder("hubert.onnx", "hubert_fills_memory.onnx");
  const auto e = engine(folder.options());
  Stage loud(*e), soft(*e), silent(*e);
  const auto sound = speech();  // up to 0.7: more than there is memory for
  auto softly = sound;
  for (float& s : softly) s *= 0.2F;
  int64_t ended = 0;
  int moved = 0;
  Frame frame(kSize.width, kSize.height);
  for (int64_t n = 0; n < 35; ++n) {
    if (!ended) {
      Moment m;
      m.time = MediaTime::from_samples(n * kTick);
      m.sound = std::span(sound).subspan(static_cast<size_t>(n * kTick), static_cast<size_t>(loud.ahead));
      if (const auto done = loud.avatar->draw(m, frame); !done) {
        EXPECT_EQ(done.error().kind, ErrorKind::busy) << done.error().message;
        EXPECT_NE(done.error().message.find("hubert.onnx"), std::string::npos) << done.error().message;
        loud.avatar.reset();
        ended = n;
      }
    }
    moved += soft.draw(softly, n * kTick) == silent.draw({}, n * kTick) ? 0 : 1;
  }
  EXPECT_GT(ended, 0);
  EXPECT_GT(moved, 15);
  EXPECT_NE(e->description().find("neural on cpu"), std::string::npos) << e->description();
}

// ---- live ----

bool becomes(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST(NeuralEngineLive, begins_as_the_mesh_and_fades_into_the_networks) {
  const auto e = engine(options(true));
  const auto mesh = make_engine({});
  Stage live(*e), stand_in(**mesh);
  EXPECT_TRUE(live.draw({}, 0) == stand_in.draw({}, 0)) << "the first picture waits for nothing";
  ASSERT_TRUE(becomes([&] { return e->waits_for().empty(); }));
  EXPECT_NE(e->description().find("neural on cpu"), std::string::npos) << e->description();
  EXPECT_GE(e->capacity(), 1);
  int64_t n = 1;
  // Once the person was met the pictures differ, more and more, until they are the networks' alone.
  ASSERT_TRUE(becomes([&] { return live.draw({}, n * kTick) != stand_in.draw({}, n * kTick) || (++n, false); }));
  std::vector<uint8_t> last, now;
  for (int i = 0; i < 30; ++i) now = live.draw({}, ++n * kTick);
  last = live.draw({}, ++n * kTick);
  EXPECT_TRUE(now == last);
  const auto e2 = engine(options());
  EXPECT_TRUE(last == Stage(*e2).draw({}, 0));
}

TEST(NeuralEngineLive, many_avatars_on_many_threads_come_and_go) {
  const auto e = engine(options(true));
  ASSERT_TRUE(becomes([&] { return e->waits_for().empty(); }));
  const auto sound = speech();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 2; ++round) {
        Stage stage(*e);
        for (int64_t n = 0; n < 30; ++n) stage.draw(sound, n * kTick);
      }
    });
  }
  for (auto& t : threads) t.join();
}

TEST(NeuralEngineLive, may_end_while_it_still_loads) {
  auto e = engine(options(true));
  Stage stage(*e);
  e.reset();
}

TEST(NeuralEngineLive, a_folder_that_will_not_do_is_refused_at_once) {
  auto o = options(true);
  o.models = kMade / "pickles";
  auto made = make_engine(o);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("appearance_extractor.onnx"), std::string::npos) << made.error().message;
}

// ---- many pictures at a time ----

TEST(Painter, pictures_in_one_run_are_the_same_as_alone) {
  const auto folder = neural::look_into(kMade / "batch");
  auto networks = neural::Networks::load(folder, {.providers = {Provider::cpu}}, [](const std::string&) {});
  ASSERT_TRUE(networks) << networks.error().message;
  ASSERT_TRUE((*networks)->can_batch());
  auto person = neural::meet_person(**networks, portrait());
  ASSERT_TRUE(person) << person.error().message;

  constexpr int kSessions = 4, kPictures = 6;
  constexpr size_t kNumbers = static_cast<size_t>(3) * neural::kDrawnSide * neural::kDrawnSide;
  const auto draw_all = [&](neural::Painter& painter, int session) {
    std::vector<std::vector<float>> drawn;
    for (int n = 0; n < kPictures; ++n) {
      neural::Points driving = (*person)->at_rest;
      for (float& v : driving) v += 0.01F * static_cast<float>(session) + 0.002F * static_cast<float>(n);
      std::vector<float> picture(kNumbers);
      EXPECT_TRUE(painter.draw({(*person)->seen.features, (*person)->at_rest, driving}, picture));
      drawn.push_back(std::move(picture));
    }
    return drawn;
  };
  auto alone = neural::Painter::make(*networks, {.most = 1});
  ASSERT_TRUE(alone);
  auto together = neural::Painter::make(*networks, {.most = 4, .patience = std::chrono::seconds(1)});
  ASSERT_TRUE(together);
  std::vector<std::vector<std::vector<float>>> drawn(kSessions);
  std::vector<std::thread> threads;
  for (int s = 0; s < kSessions; ++s) (*together)->join();
  for (int s = 0; s < kSessions; ++s)
    threads.emplace_back([&, s] { drawn[static_cast<size_t>(s)] = draw_all(**together, s); });
  for (auto& t : threads) t.join();
  for (int s = 0; s < kSessions; ++s) {
    const auto right = draw_all(**alone, s);
    for (size_t n = 0; n < right.size(); ++n) {
      // Not to the bit: a matrix of another size is summed in another order.
      float largest = 0;
      for (size_t i = 0; i < kNumbers; ++i) {
        largest = std::max(largest, std::fabs(right[n][i] - drawn[static_cast<size_t>(s)][n][i]));
      }
      EXPECT_LT(largest, 1e-5F) << "session " << s << ", picture " << n;
    }
  }
  EXPECT_EQ((*together)->figures().pictures, kSessions * kPictures);
  EXPECT_LT((*together)->figures().runs, kSessions * kPictures);
}

TEST(Networks, those_in_half_precision_draw_nearly_the_same) {
  const auto folder = neural::look_into(kMade / "half");
  ASSERT_TRUE(folder.is_complete()) << folder.refusal().message;
  EXPECT_NE(folder.findings[0].words.find("half precision"), std::string::npos) << folder.findings[0].words;
  std::vector<std::vector<float>> drawn;
  for (const auto& dir : {kMade, kMade / "half"}) {
    auto networks = neural::Networks::load(neural::look_into(dir), {.providers = {Provider::cpu}}, [](const auto&) {});
    ASSERT_TRUE(networks) << networks.error().message;
    auto person = neural::meet_person(**networks, portrait());
    ASSERT_TRUE(person) << person.error().message;
    auto painter = neural::Painter::make(*networks, {});
    ASSERT_TRUE(painter);
    std::vector<float> picture(static_cast<size_t>(3) * neural::kDrawnSide * neural::kDrawnSide);
    neural::Points driving = (*person)->at_rest;
    for (float& v : driving) v += 0.03F;
    ASSERT_TRUE((*painter)->draw({(*person)->seen.features, (*person)->at_rest, driving}, picture));
    drawn.push_back(std::move(picture));
  }
  float largest = 0;
  double sum = 0;
  for (size_t i = 0; i < drawn[0].size(); ++i) {
    const float d = std::fabs(drawn[0][i] - drawn[1][i]);
    largest = std::max(largest, d);
    sum += d;
  }
  EXPECT_GT(largest, 0) << "they are another precision";
  EXPECT_LT(sum / static_cast<double>(drawn[0].size()), 2.0 / 255);
}

TEST(Networks, room_is_what_sessions_take_of_the_free_memory) {
  auto networks = neural::Networks::load(neural::look_into(kMade), {.providers = {Provider::cpu}}, [](const auto&) {});
  ASSERT_TRUE(networks);
  EXPECT_EQ((*networks)->memory().session, 0) << "nothing is measured on the CPU";
  int64_t free = int64_t{8} << 30;  // a card that gives 100 MB to eight people
  const auto memory = (*networks)->measure_memory([&] { return std::exchange(free, free - (int64_t{100} << 20)); });
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->session, (int64_t{100} << 20) / 8);
  EXPECT_EQ(memory->free, (int64_t{8} << 30) - (int64_t{100} << 20));
  EXPECT_EQ(capacity_by_memory(*memory), 550);
  EXPECT_EQ(capacity_by_memory({int64_t{1} << 23, int64_t{1} << 20}), 1);
  EXPECT_EQ(capacity_by_memory({}), 0);
}

// ---- when the card has no memory, or is lost ----

// Fails with `error` whenever `fails` says so.
class Faulty final : public neural::Networks::PictureChain {
 public:
  using Fails = std::function<bool(std::span<const Order>)>;
  Faulty(std::unique_ptr<PictureChain> chain, Fails fails, Error error)
      : chain_(std::move(chain)), fails_(std::move(fails)), error_(std::move(error)) {}
  Result<void> draw(std::span<const Order> orders) override {
    return fails_(orders) ? Result<void>(error_) : chain_->draw(orders);
  }
  [[nodiscard]] std::span<const float> picture(size_t index) const override { return chain_->picture(index); }

 private:
  std::unique_ptr<PictureChain> chain_;
  Fails fails_;
  Error error_;
};

std::unique_ptr<Engine> faulty_engine(const Faulty::Fails& fails, const Error& error) {
  auto wanted = neural_options(options());
  EXPECT_TRUE(wanted);
  wanted->wrap = [=](std::unique_ptr<neural::Networks::PictureChain> chain) {
    return std::make_unique<Faulty>(std::move(chain), fails, error);
  };
  auto made = make_neural_engine(*wanted, std::move(*make_engine({})));
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(NeuralEngine, full_memory_ends_one_session_and_the_others_go_on) {
  bool is_full = false;
  const auto e = faulty_engine([&](auto) { return is_full; }, {ErrorKind::busy, "the memory is full"});
  std::vector<std::unique_ptr<Avatar>> sessions;
  for (int i = 0; i < 3; ++i) sessions.push_back(std::move(*e->make_avatar(portrait(), kSize)));
  Frame frame(kSize.width, kSize.height);
  int64_t n = 0;
  const auto tick = [&] {
    int ended = 0;
    Moment m;
    m.time = MediaTime::from_samples(n++ * kTick);
    for (auto& session : sessions) {
      if (!session) continue;
      auto done = session->draw(m, frame);
      if (done) continue;
      EXPECT_EQ(done.error().kind, ErrorKind::busy);
      EXPECT_EQ(done.error().message, "the memory is full");
      session.reset();  // as a session that failed does
      is_full = false;  // which gave its memory back
      ++ended;
    }
    return ended;
  };
  EXPECT_EQ(tick(), 0);
  is_full = true;
  EXPECT_EQ(tick(), 1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(tick(), 0);
  EXPECT_NE(e->description().find("neural on cpu"), std::string::npos) << e->description();
}

TEST(NeuralEngine, nobody_else_ends_while_one_makes_room) {
  bool is_full = false;
  const auto e = faulty_engine([&](auto) { return is_full; }, {ErrorKind::busy, "the memory is full"});
  Stage a(*e), b(*e);
  const auto b_before = (a.draw({}, 0), b.draw({}, 0));
  is_full = true;
  Moment m;
  m.time = MediaTime::from_samples(kTick);
  Frame frame(kSize.width, kSize.height);
  EXPECT_FALSE(a.avatar->draw(m, frame));
  EXPECT_TRUE(b.draw({}, kTick) == b_before) << "its last picture stays";
  a.avatar.reset();
  EXPECT_FALSE(b.avatar->draw(m, frame)) << "still no room: now it is the one";
}

TEST(NeuralEngine, a_card_that_is_lost_leaves_everybody_to_the_mesh) {
  bool is_lost = false;
  const auto e = faulty_engine([&](auto) { return is_lost; }, {ErrorKind::internal, "CUDA failure 719"});
  const auto mesh = make_engine({});
  Stage a(*e), b(*e), mesh_stage(**mesh);
  a.draw({}, 0);
  b.draw({}, 0);
  mesh_stage.draw({}, 0);
  is_lost = true;
  std::vector<uint8_t> last_a, last_b, right;
  for (int64_t n = 1; n < 20; ++n) {
    last_a = a.draw({}, n * kTick);
    last_b = b.draw({}, n * kTick);
    right = mesh_stage.draw({}, n * kTick);
  }
  EXPECT_TRUE(last_a == right);
  EXPECT_TRUE(last_b == right);
  EXPECT_NE(e->description().find("mesh, because"), std::string::npos) << e->description();
  EXPECT_NE(e->description().find("CUDA failure 719"), std::string::npos) << e->description();
  EXPECT_EQ(e->capacity(), 0);
  EXPECT_EQ(e->look_ahead(), (*mesh)->look_ahead()) << "nor does anybody wait for it";
  Stage later(*e);
  Stage fresh(**mesh);
  EXPECT_TRUE(later.draw({}, 0) == fresh.draw({}, 0)) << "who comes later is the mesh's at once";
}

// Does not come back from a run while it is held, as under a driver that hangs.
class Hanging final : public neural::Networks::PictureChain {
 public:
  struct Switch {
    std::atomic<bool> is_held = false, has_ended = false;
  };
  Hanging(std::unique_ptr<PictureChain> chain, std::shared_ptr<Switch> hold)
      : chain_(std::move(chain)), hold_(std::move(hold)) {}
  ~Hanging() override { hold_->has_ended = true; }
  Result<void> draw(std::span<const Order> orders) override {
    while (hold_->is_held) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return chain_->draw(orders);
  }
  [[nodiscard]] std::span<const float> picture(size_t index) const override { return chain_->picture(index); }

 private:
  std::unique_ptr<PictureChain> chain_;
  std::shared_ptr<Switch> hold_;
};

TEST(NeuralEngineLive, a_card_that_hangs_is_given_up_and_holds_nobody) {
  auto wanted = neural_options(options(true));
  ASSERT_TRUE(wanted);
  wanted->limit = std::chrono::milliseconds(500);
  wanted->lanes = 1;
  const auto hold = std::make_shared<Hanging::Switch>();
  wanted->wrap = [hold](std::unique_ptr<neural::Networks::PictureChain> chain) {
    return std::make_unique<Hanging>(std::move(chain), hold);
  };
  auto e = std::move(*make_neural_engine(*wanted, std::move(*make_engine({}))));
  const auto mesh = make_engine({});
  ASSERT_TRUE(becomes([&] { return e->waits_for().empty(); }));
  {
    Stage a(*e), b(*e), stand_in(**mesh);
    int64_t n = 0;
    ASSERT_TRUE(becomes([&] {
      const auto mesh_picture = stand_in.draw({}, n * kTick);
      const bool both = a.draw({}, n * kTick) != mesh_picture && b.draw({}, n * kTick) != mesh_picture;
      ++n;
      return both;
    }));
    hold->is_held = true;
    std::thread other([&] {
      for (int64_t i = n; i < n + 20; ++i) b.draw({}, i * kTick);
    });
    for (int64_t i = n; i < n + 20; ++i) a.draw({}, i * kTick);
    other.join();
    for (int64_t i = n; i < n + 20; ++i) stand_in.draw({}, i * kTick);
    const auto right = stand_in.draw({}, (n + 20) * kTick);
    EXPECT_TRUE(a.draw({}, (n + 20) * kTick) == right);
    EXPECT_TRUE(b.draw({}, (n + 20) * kTick) == right);
    EXPECT_NE(e->description().find("a picture did not come for 500 ms"), std::string::npos) << e->description();
    EXPECT_EQ(e->capacity(), 0);
  }
  const auto before = std::chrono::steady_clock::now();
  e.reset();  // still hangs
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
  EXPECT_FALSE(hold->has_ended);
  hold->is_held = false;
  EXPECT_TRUE(becomes([&] { return hold->has_ended.load(); })) << "what was left behind ends when it can";
}

TEST(Painter, graphs_that_only_say_they_take_several_are_given_one) {
  const ChangedFolder folder(kMade / "batch", "decoder.onnx", kMade / "ditto_onnx/decoder_of_one.onnx");
  auto networks =
      neural::Networks::load(neural::look_into(folder.path()), {.providers = {Provider::cpu}}, [](const auto&) {});
  ASSERT_TRUE(networks) << networks.error().message;
  EXPECT_TRUE((*networks)->can_batch());
  auto person = neural::meet_person(**networks, portrait());
  ASSERT_TRUE(person);
  auto painter = neural::Painter::make(*networks, {.most = 4, .patience = std::chrono::milliseconds(100)});
  ASSERT_TRUE(painter) << painter.error().message;
  std::vector<std::thread> threads;
  for (int s = 0; s < 3; ++s) (*painter)->join();
  for (int s = 0; s < 3; ++s) {
    threads.emplace_back([&] {
      std::vector<float> picture(static_cast<size_t>(3) * neural::kDrawnSide * neural::kDrawnSide);
      EXPECT_TRUE((*painter)->draw({(*person)->seen.features, (*person)->at_rest, (*person)->at_rest}, picture));
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ((*painter)->figures().runs, 3);
}

TEST(NeuralEngine, fades_for_half_a_second_at_every_rate) {
  for (const int fps : {25, 50}) {
    bool is_lost = false;
    const auto e = faulty_engine([&](auto) { return is_lost; }, {ErrorKind::internal, "CUDA failure 719"});
    const auto mesh = make_engine({});
    Stage stage(*e), stand_in(**mesh);
    stage.draw({}, 0);
    stand_in.draw({}, 0);
    is_lost = true;
    for (int64_t n = 1; n <= fps; ++n) {
      const int64_t at = n * kSampleRate / fps;
      const bool is_mesh = stage.draw({}, at) == stand_in.draw({}, at);
      if (at < kSampleRate / 5 || at >= kSampleRate / 2) {
        EXPECT_EQ(is_mesh, at >= kSampleRate / 2) << fps << ", picture " << n;
      }
    }
  }
}

TEST(Painter, a_run_that_found_no_memory_is_tried_again_one_by_one) {
  const auto folder = neural::look_into(kMade / "batch");
  auto networks = neural::Networks::load(folder, {.providers = {Provider::cpu}}, [](const std::string&) {});
  ASSERT_TRUE(networks);
  auto person = neural::meet_person(**networks, portrait());
  ASSERT_TRUE(person);
  // There is room for one picture at a time, but none for those whose first point lies to the right.
  std::atomic<bool> is_full = false;
  const auto fails = [&](std::span<const Faulty::Order> orders) {
    return is_full && (orders.size() > 1 || orders[0].driving[0] > 1);
  };
  const auto chains = [&](int batch) -> Result<std::unique_ptr<neural::Networks::PictureChain>> {
    return std::unique_ptr<neural::Networks::PictureChain>(
        std::make_unique<Faulty>(std::move(*(*networks)->pictures(batch)), fails, Error{ErrorKind::busy, "full"}));
  };
  auto painter = neural::Painter::make(*networks, {.lanes = 2, .most = 4, .patience = std::chrono::seconds(1)}, chains);
  ASSERT_TRUE(painter);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0, busy = 0, later = 0;
  is_full = true;
  for (int s = 0; s < 4; ++s) (*painter)->join();
  for (int s = 0; s < 4; ++s) {
    threads.emplace_back([&, s] {
      neural::Points driving = (*person)->at_rest;
      if (s >= 2) driving[0] = 2;
      std::vector<float> picture(static_cast<size_t>(3) * neural::kDrawnSide * neural::kDrawnSide);
      const auto done = (*painter)->draw({(*person)->seen.features, (*person)->at_rest, driving}, picture);
      ++(done ? good : done.error().kind == ErrorKind::busy ? busy : later);
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 2);
  EXPECT_EQ(busy, 1) << "one makes room";
  EXPECT_EQ(later, 1);
}

TEST(Painter, graphs_for_one_picture_run_side_by_side) {
  const auto folder = neural::look_into(kMade);
  auto networks = neural::Networks::load(folder, {.providers = {Provider::cpu}}, [](const std::string&) {});
  ASSERT_TRUE(networks);
  EXPECT_FALSE((*networks)->can_batch());
  auto person = neural::meet_person(**networks, portrait());
  ASSERT_TRUE(person);
  auto painter = neural::Painter::make(*networks, {.lanes = 2});
  ASSERT_TRUE(painter);
  std::vector<std::thread> threads;
  for (int s = 0; s < 3; ++s) {
    threads.emplace_back([&] {
      std::vector<float> picture(static_cast<size_t>(3) * neural::kDrawnSide * neural::kDrawnSide);
      for (int n = 0; n < 5; ++n) {
        EXPECT_TRUE((*painter)->draw({(*person)->seen.features, (*person)->at_rest, (*person)->at_rest}, picture));
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ((*painter)->figures().runs, 15);
}

}  // namespace
}  // namespace avatar
