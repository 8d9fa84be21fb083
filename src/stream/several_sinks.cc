// SPDX-License-Identifier: Apache-2.0
#include "stream/several_sinks.h"

#include <utility>

namespace avatar {
namespace {

class SeveralSinks final : public Sink {
 public:
  explicit SeveralSinks(std::vector<std::unique_ptr<Sink>> sinks) : sinks_(std::move(sinks)) {}

  Result<void> show(const Frame& frame, MediaTime time) override {
    return each([&](Sink& sink) { return sink.show(frame, time); });
  }
  Result<void> play(std::span<const float> sound, MediaTime time) override {
    return each([&](Sink& sink) { return sink.play(sound, time); });
  }
  Result<void> finish() override {
    return each([](Sink& sink) { return sink.finish(); });
  }

 private:
  template <typename Verb>
  Result<void> each(Verb verb) {
    for (const auto& sink : sinks_) {
      if (auto done = verb(*sink); !done) return done;
    }
    return {};
  }
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace

std::unique_ptr<Sink> make_several_sinks(std::vector<std::unique_ptr<Sink>> sinks) {
  return std::make_unique<SeveralSinks>(std::move(sinks));
}

}  // namespace avatar
