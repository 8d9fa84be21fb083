// SPDX-License-Identifier: Apache-2.0
// Speech networks that do not answer, and work that does not end.
#include "engine/neural/voice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace avatar::neural {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Networks that take as long as they are held.
struct Slow {
  std::atomic<bool> is_held = true;
  std::atomic<int> asked = 0;
  void wait() {
    ++asked;
    while (is_held) std::this_thread::sleep_for(1ms);
  }
};

std::unique_ptr<Speaker> speaker(const std::shared_ptr<Slow>& slow) {
  const auto hear = [slow](std::span<const float>, std::span<float> rows) -> Result<void> {
    slow->wait();
    std::fill(rows.begin(), rows.end(), 0.0F);
    return {};
  };
  Networks::ClipNetwork diffusion;
  diffusion.set = [](std::span<const float>, std::span<const float>) {};
  diffusion.denoise = [](const Denoising& d) -> Result<void> {
    std::fill(d.noise.begin(), d.noise.end(), 0.0F);
    std::fill(d.clean.begin(), d.clean.end(), 0.0F);
    return {};
  };
  PersonCondition person;
  person.calm = {emotion_row(4)};
  person.eye_open.resize(1);
  person.eye_ball.resize(1);
  SpeakerSettings settings;
  settings.steps = 2;
  return std::make_unique<Speaker>(settings, hear, diffusion, person, MotionVector{});
}

bool becomes(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
  return condition();
}

TEST(Voice, networks_that_do_not_answer_while_so_much_is_said_have_failed) {
  const auto slow = std::make_shared<Slow>();
  Worker worker;
  const auto voice = std::make_shared<Voice>(worker.tasks(), speaker(slow), 500ms);
  const std::vector<float> second(kHearingRate, 0.1F);
  voice->begin();
  voice->say(second, {});
  ASSERT_TRUE(becomes([&] { return slow->asked > 0; }));
  voice->say(std::span(second).first(kHearingRate / 4), {});
  EXPECT_FALSE(voice->failure());
  voice->say(std::span(second).first(kHearingRate / 2), {});
  ASSERT_TRUE(voice->failure());
  EXPECT_EQ(voice->failure()->kind, ErrorKind::internal);
  EXPECT_NE(voice->failure()->message.find("500 ms"), std::string::npos);
  slow->is_held = false;
}

TEST(Voice, without_a_limit_networks_take_their_time) {
  const auto slow = std::make_shared<Slow>();
  Worker worker;
  const auto voice = std::make_shared<Voice>(worker.tasks(), speaker(slow));
  const std::vector<float> second(kHearingRate, 0.1F);
  voice->begin();
  voice->say(second, {});
  ASSERT_TRUE(becomes([&] { return slow->asked > 0; }));
  voice->say(std::span(second).first(kHearingRate / 2), {});
  slow->is_held = false;
  voice->wait();
  EXPECT_FALSE(voice->failure());
  Voice::Motion motion;
  EXPECT_TRUE(voice->motion(10, motion));
}

TEST(Worker, leaves_work_behind_that_does_not_end) {
  const auto slow = std::make_shared<Slow>();
  std::weak_ptr<Voice> left;
  {
    Worker worker(100ms);
    const auto voice = std::make_shared<Voice>(worker.tasks(), speaker(slow));
    left = voice;
    voice->begin();
    voice->say(std::vector<float>(kHearingRate, 0.1F), {});
    ASSERT_TRUE(becomes([&] { return slow->asked > 0; }));
  }
  EXPECT_FALSE(left.expired()) << "it owns what it works with";
  slow->is_held = false;
  EXPECT_TRUE(becomes([&] { return left.expired(); }));
}

TEST(Worker, drops_what_waits_when_it_ends) {
  struct Note final : Task {
    explicit Note(std::atomic<int>& n) : count(n) {}
    void go_on() override { ++count; }
    std::atomic<int>& count;
  };
  std::atomic<int> done = 0;
  std::shared_ptr<Tasks> tasks;
  {
    Worker worker(1s);
    tasks = worker.tasks();
    tasks->post(std::make_shared<Note>(done));
    EXPECT_TRUE(becomes([&] { return done == 1; }));
  }
  const auto late = std::make_shared<Note>(done);
  tasks->post(late);
  EXPECT_EQ(late.use_count(), 1);
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace avatar::neural
