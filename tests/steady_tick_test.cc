// SPDX-License-Identifier: Apache-2.0
// Nothing is allocated in a steady tick, whoever asks: operator new and malloc are both counted here.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

#include "app/picture_source.h"
#include "engine/engines.h"
#include "session/session.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/tone_speech.h"

namespace {

std::atomic<bool> counting = false;
std::atomic<int> allocations = 0;

void count() {
  if (counting) ++allocations;
}

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// glibc's own; operator new comes by here as well. The sanitizers bring their own and must not be stood in the way of.
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(size_t n, size_t size) {
  count();
  return __libc_calloc(n, size);
}
void* realloc(void* old, size_t size) {
  count();
  return __libc_realloc(old, size);
}
}
constexpr bool kCounts = true;
#else
constexpr bool kCounts = false;
#endif

namespace avatar {
namespace {

// Counts pictures and touches nothing.
class QuietSink final : public Sink {
 public:
  explicit QuietSink(int& pictures) : pictures_(pictures) {}
  Result<void> show(const Frame&, MediaTime) override {
    ++pictures_;
    return {};
  }
  Result<void> play(std::span<const float>, MediaTime) override { return {}; }
  Result<void> finish() override { return {}; }

 private:
  int& pictures_;
};

TEST(SteadyTick, allocates_nothing) {
  if (!kCounts) GTEST_SKIP() << "a sanitizer counts for itself";
  auto portrait = portrait_from({});
  ASSERT_TRUE(portrait) << portrait.error().message;
  auto avatar = (*make_engine({}))->make_avatar(*portrait, {256, 256});
  ASSERT_TRUE(avatar);
  const FakeClock clock;
  int pictures = 0;
  Session session(std::move(*avatar), (*portrait)->rest, {{256, 256}, 25, {}}, std::make_unique<QuietSink>(pictures),
                  clock);
  const uint64_t id = session.speech().begin();
  ASSERT_TRUE(session.speech().add(id, tone_speech(20'000)));
  session.speech().end(id);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(session.tick());

  counting = true;
  bool all_went_well = true;
  for (int i = 0; i < 600; ++i) all_went_well = session.tick().has_value() && all_went_well;  // into the silence
  counting = false;
  EXPECT_TRUE(all_went_well);
  EXPECT_EQ(allocations, 0) << "in 600 ticks";
  EXPECT_EQ(pictures, 650);
}

TEST(SteadyTick, would_be_caught_if_it_did) {
  if (!kCounts) GTEST_SKIP() << "a sanitizer counts for itself";
  allocations = 0;
  counting = true;
  auto* volatile something = new std::vector<int>(100);
  counting = false;
  delete something;
  EXPECT_GE(allocations, 2);
}

}  // namespace
}  // namespace avatar
