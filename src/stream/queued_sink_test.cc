// SPDX-License-Identifier: Apache-2.0
#include "stream/queued_sink.h"

#include <gtest/gtest.h>

#include <string>

#include "stream/several_sinks.h"

namespace avatar {
namespace {

// Writes down what it gets: "p<time>:<first luma> s<time>:<samples> f".
class Diary final : public Sink {
 public:
  explicit Diary(std::string& pages, int fail_at = -1) : pages_(pages), fail_at_(fail_at) {}
  Result<void> show(const Frame& frame, MediaTime t) override {
    if (pictures_++ == fail_at_) return Error{ErrorKind::unavailable, "no ink"};
    pages_ += 'p' + std::to_string(t.samples) + ':' + std::to_string(frame.y()[0]) + ' ';
    return {};
  }
  Result<void> play(std::span<const float> sound, MediaTime t) override {
    pages_ += 's' + std::to_string(t.samples) + ':' + std::to_string(sound.size()) + ' ';
    return {};
  }
  Result<void> finish() override {
    pages_ += "f ";
    return {};
  }

 private:
  std::string& pages_;
  int fail_at_;
  int pictures_ = 0;
};

Result<void> play_a_hundred(Sink& sink) {
  Frame frame(128, 128);
  const std::vector<float> sound(1920);
  for (int i = 0; i < 100; ++i) {
    frame.y()[0] = static_cast<uint8_t>(i);
    const MediaTime t = MediaTime::of_picture(i, 25);
    if (auto shown = sink.show(frame, t); !shown) return shown;
    if (auto played = sink.play(sound, t); !played) return played;
  }
  return sink.finish();
}

TEST(QueuedSink, passes_everything_on_in_order) {
  SteadyClock clock;
  std::string direct, queued;
  Diary diary(direct);
  ASSERT_TRUE(play_a_hundred(diary));
  QueuedSink sink(std::make_unique<Diary>(queued), clock);
  ASSERT_TRUE(play_a_hundred(sink));
  EXPECT_EQ(queued, direct);
}

TEST(QueuedSink, reports_a_failure_by_one_of_the_next_calls) {
  SteadyClock clock;
  std::string pages;
  QueuedSink sink(std::make_unique<Diary>(pages, 50), clock);
  auto done = play_a_hundred(sink);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "no ink");
}

TEST(QueuedSink, can_be_given_up_with_work_inside) {
  SteadyClock clock;
  std::string pages;
  {
    QueuedSink sink(std::make_unique<Diary>(pages), clock);
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(sink.show(Frame(128, 128), MediaTime::of_picture(i, 25)));
  }
  EXPECT_EQ(pages.find('f'), std::string::npos);
}

TEST(SeveralSinks, tell_everyone_the_same) {
  std::string a, b;
  std::vector<std::unique_ptr<Sink>> two;
  two.push_back(std::make_unique<Diary>(a));
  two.push_back(std::make_unique<Diary>(b));
  auto sink = make_several_sinks(std::move(two));
  ASSERT_TRUE(play_a_hundred(*sink));
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.substr(a.size() - 2), "f ");
}

}  // namespace
}  // namespace avatar
