// SPDX-License-Identifier: Apache-2.0
// What the face does at one moment: muscles, gaze, head, breath. The performer writes it, an engine draws it.
// Names follow ARKit's blend shapes where they fit (Apple, ARFaceAnchor.BlendShapeLocation); "left" and "right" are the
// person's own. All zero is the face as it is in the picture.
// Threads: a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace avatar {

/// Each 0..1 unless the comment says otherwise.
enum class Muscle : uint8_t {
  jaw_open,      ///< 1: about 2.6 cm between the incisors
  jaw_sideways,  ///< -1..1, positive to the person's left
  jaw_forward,
  mouth_close,        ///< lips meet whatever the jaw and the picture's own gap do; 1 = they touch
  mouth_pucker,       ///< "oo": small and pushed forward
  mouth_funnel,       ///< "sh", "o": lips forward, open ring
  mouth_sideways,     ///< -1..1
  mouth_smile_left,   ///< lip corner up and out (zygomaticus; AU12). -1..1: below 0, the smile that the picture has is
  mouth_smile_right,  ///< taken back, at -1 wholly
  mouth_frown_left,   ///< lip corner down (AU15)
  mouth_frown_right,
  mouth_stretch_left,  ///< lip corner outwards, flat (AU20), "ee"
  mouth_stretch_right,
  mouth_press,       ///< lips pressed and thinned against each other (AU24), p b m
  mouth_roll_upper,  ///< lip rolled inwards over the teeth
  mouth_roll_lower,
  mouth_shrug_upper,    ///< upper lip pushed up by the lower one
  mouth_shrug_lower,    ///< chin raised (AU17)
  mouth_upper_up_left,  ///< upper lip raised, teeth show (AU10)
  mouth_upper_up_right,
  mouth_lower_down_left,  ///< lower lip depressed (AU16)
  mouth_lower_down_right,
  lip_bite,  ///< lower lip under the upper teeth: f, v
  cheek_puff,
  cheek_squint_left,  ///< cheek raised (AU6)
  cheek_squint_right,
  nose_sneer_left,  ///< nose wrinkled (AU9)
  nose_sneer_right,
  brow_inner_up,       ///< AU1
  brow_outer_up_left,  ///< AU2
  brow_outer_up_right,
  brow_down_left,  ///< down and together (AU4)
  brow_down_right,
  eye_blink_left,  ///< 1 = shut
  eye_blink_right,
  eye_wide_left,  ///< upper lid raised (AU5)
  eye_wide_right,
  eye_squint_left,  ///< lower lid raised, tense (AU7)
  eye_squint_right,
  tongue_up,   ///< tip to the ridge behind the upper teeth: l, n, t, d
  tongue_out,  ///< tip between the teeth: th
  count,
};

inline constexpr size_t kMuscleCount = static_cast<size_t>(Muscle::count);

/// Lowest value of a muscle.
[[nodiscard]] constexpr float lowest(Muscle m) {
  const bool both_ways = m == Muscle::jaw_sideways || m == Muscle::mouth_sideways || m == Muscle::mouth_smile_left ||
                         m == Muscle::mouth_smile_right;
  return both_ways ? -1.0F : 0.0F;
}

struct Pose {
  std::array<float, kMuscleCount> muscle{};

  float gaze_yaw_deg = 0;    ///< both eyes, relative to the picture; positive: to the image's right
  float gaze_pitch_deg = 0;  ///< positive: up
  float head_yaw_deg = 0;    ///< relative to the picture; within +-12; positive: to the image's right
  float head_pitch_deg = 0;  ///< within +-8; positive: up
  float head_roll_deg = 0;   ///< within +-8; positive: clockwise in the image
  float head_x_cm = 0;       ///< shift of the head in the picture plane, right
  float head_y_cm = 0;       ///< up
  float breath = 0;          ///< 0 = out, 1 = in: shoulders and chest rise

  [[nodiscard]] float operator[](Muscle m) const { return muscle[static_cast<size_t>(m)]; }
  [[nodiscard]] float& operator[](Muscle m) { return muscle[static_cast<size_t>(m)]; }
};

}  // namespace avatar
