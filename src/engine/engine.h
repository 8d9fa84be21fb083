// SPDX-License-Identifier: Apache-2.0
// The narrow waist for drawing: a Portrait and a Moment in, a picture out. Everything above (speech, motion, session)
// knows only this; every engine (mesh, neural) is only this.
//
//   auto engine = make_engine(...);                       // engine/engines.h
//   auto avatar = engine->make_avatar(portrait, {512, 512});
//   (*avatar)->draw(moment, frame);                       // once a tick
//
// An Engine is constant and shared; an Avatar belongs to one session and holds what changes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "types/image.h"
#include "types/moment.h"
#include "types/portrait.h"

namespace avatar {

struct FrameSize {
  int width = 512;   ///< px, even, 128..2048
  int height = 512;  ///< px, even, 128..2048
};

class Avatar {
 public:
  virtual ~Avatar() = default;

  /// Draws the moment. `frame` has the size the avatar was made for. The same moments in the same order give the
  /// same bytes. Poses beyond their ranges are clamped, NaN counts as 0. Does not allocate.
  /// [tick]
  virtual Result<void> draw(const Moment& moment, Frame& frame) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// "mesh", "neural". [any thread]
  [[nodiscard]] virtual const char* name() const = 0;

  /// How much sound beyond a moment's time the engine would like (Moment::sound); with less it draws, but its lips are
  /// poorer. [any thread]
  [[nodiscard]] virtual MediaTime look_ahead() const { return {}; }

  /// "loading models", or what else the engine still waits for; empty: it is ready. Avatars may be made before.
  /// [any thread]
  [[nodiscard]] virtual std::string_view waits_for() const { return {}; }

  /// Who draws now and why, for people: "neural on cuda", "mesh, because the card's memory is full". [any thread]
  [[nodiscard]] virtual std::string description() const { return name(); }

  /// How many sessions at once the engine can draw, as far as it measured; 0: it does not know. [any thread]
  [[nodiscard]] virtual int capacity() const { return 0; }

  /// Prepares to draw this person at this size (tens of milliseconds). invalid: the size is out of range.
  /// [any thread]
  virtual Result<std::unique_ptr<Avatar>> make_avatar(std::shared_ptr<const Portrait> portrait,
                                                      FrameSize size) const = 0;

  /// What all avatars of this person at this size share, made if need be: while somebody holds it, the next avatar is
  /// there at once. null: they share nothing. `size`: in range. [any thread]
  [[nodiscard]] virtual std::shared_ptr<const void> what_avatars_share(
      const std::shared_ptr<const Portrait>& /*portrait*/, FrameSize /*size*/) const {
    return nullptr;
  }
};

}  // namespace avatar
