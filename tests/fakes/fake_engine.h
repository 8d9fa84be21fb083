// SPDX-License-Identifier: Apache-2.0
// An engine without models: paints the Moment as flat colours, so that a test can read the pose back from a picture.
// Luma of the middle half of the frame: how far the jaw is open; its chroma: blink and head. The outer part stays grey.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/engine.h"

namespace avatar {

class FakeEngine final : public Engine {
 public:
  /// Luma of the middle for a jaw this far open.
  static uint8_t luma_of(float jaw_open) { return level(jaw_open, 16, 219); }

  [[nodiscard]] const char* name() const override { return "fake"; }
  Result<std::unique_ptr<Avatar>> make_avatar(std::shared_ptr<const Portrait> portrait, FrameSize size) const override {
    if (portrait == nullptr) return Error{ErrorKind::invalid, "no portrait"};
    if (size.width < 128 || size.height < 128 || size.width > 2048 || size.height > 2048 || size.width % 2 != 0 ||
        size.height % 2 != 0) {
      return Error{ErrorKind::invalid, "the size must be even and within 128..2048"};
    }
    return std::unique_ptr<Avatar>(new FakeAvatar);
  }

 private:
  static uint8_t level(float value, int low, int range) {
    if (!std::isfinite(value)) value = 0;
    return static_cast<uint8_t>(static_cast<float>(low) + std::clamp(value, 0.0F, 1.0F) * static_cast<float>(range));
  }

  class FakeAvatar final : public Avatar {
   public:
    Result<void> draw(const Moment& moment, Frame& frame) override {
      const float yaw = std::isnan(moment.pose.head_yaw_deg) ? 0 : moment.pose.head_yaw_deg;
      paint(frame.y(), frame.width(), frame.height(), level(moment.pose[Muscle::jaw_open], 16, 219), 126);
      paint(frame.u(), frame.width() / 2, frame.height() / 2, level(moment.pose[Muscle::eye_blink_left], 16, 224), 128);
      paint(frame.v(), frame.width() / 2, frame.height() / 2, level(yaw / 24 + 0.5F, 16, 224), 128);
      return {};
    }

   private:
    static void paint(uint8_t* plane, int width, int height, uint8_t middle, uint8_t outside) {
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const bool inside = x >= width / 4 && x < width * 3 / 4 && y >= height / 4 && y < height * 3 / 4;
          *plane++ = inside ? middle : outside;
        }
      }
    }
  };
};

}  // namespace avatar
