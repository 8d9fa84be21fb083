// SPDX-License-Identifier: Apache-2.0
#include "motion/emotion_face.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace avatar {
namespace {

using enum Muscle;

// Both sides of a face. People's faces are nearly even when they feel what they show; the performer adds the person's
// own small unevenness.
struct Pull {
  Muscle left, right;
  float value;
};

EmotionFace hold(std::initializer_list<Pull> pulls, const Manner& manner) {
  EmotionFace face;
  face.manner = manner;
  for (const Pull& p : pulls) face.held[p.left] = face.held[p.right] = p.value;
  return face;
}

// A smile that the picture has gives way to every mood but joy.
constexpr Pull kNoSmile{mouth_smile_left, mouth_smile_right, -1};

// The prototypes of FACS (Ekman, Friesen, Hager 2002, FACS Investigator's Guide, table 10-1), in action units; the
// strengths are chosen by eye, full intensity being about FACS grade D to E.
EmotionFace at_full(Emotion emotion) {
  switch (emotion) {
    case Emotion::neutral:  // no action unit
      return hold({kNoSmile}, {});
    case Emotion::happy:  // 6 + 12, and 25 as soon as it speaks
      return hold({{mouth_smile_left, mouth_smile_right, 1.0F},
                   {cheek_squint_left, cheek_squint_right, 0.90F},
                   {eye_squint_left, eye_squint_right, 0.40F},
                   {brow_outer_up_left, brow_outer_up_right, 0.15F},
                   {mouth_upper_up_left, mouth_upper_up_right, 0.20F},
                   {jaw_open, jaw_open, 0.07F}},
                  {.speed = 1.15F,
                   .reach = 1.3F,
                   .nod = 1.4F,
                   .brow = 1.3F,
                   .articulation = 1.05F,
                   .head_pitch_deg = 1.0F,
                   .head_roll_deg = 2.0F});
    case Emotion::sad:  // 1 + 4 + 15 + 17, heavy lids
      return hold({kNoSmile,
                   {brow_inner_up, brow_inner_up, 1.0F},
                   {brow_down_left, brow_down_right, 0.30F},
                   {mouth_frown_left, mouth_frown_right, 0.75F},
                   {mouth_shrug_lower, mouth_shrug_lower, 0.45F},
                   {eye_squint_left, eye_squint_right, 0.15F},
                   {eye_blink_left, eye_blink_right, 0.20F}},
                  {.speed = 0.6F,
                   .reach = 0.6F,
                   .nod = 0.5F,
                   .brow = 0.3F,
                   .articulation = 0.8F,
                   .blink_rate = 0.9F,
                   .head_pitch_deg = -3.2F,
                   .head_roll_deg = 2.0F,
                   .gaze_pitch_deg = -7});
    case Emotion::angry:  // 4 + 5 + 7 + 23, with some of 10 and 16: teeth show between hard words
      return hold({kNoSmile,
                   {brow_down_left, brow_down_right, 1.0F},
                   {eye_wide_left, eye_wide_right, 0.50F},
                   {eye_squint_left, eye_squint_right, 0.60F},
                   {mouth_press, mouth_press, 0.45F},
                   {mouth_frown_left, mouth_frown_right, 0.30F},
                   {nose_sneer_left, nose_sneer_right, 0.30F},
                   {mouth_upper_up_left, mouth_upper_up_right, 0.20F},
                   {mouth_lower_down_left, mouth_lower_down_right, 0.35F},
                   {jaw_forward, jaw_forward, 0.35F}},
                  {.speed = 1.4F,
                   .reach = 1.1F,
                   .nod = 1.4F,
                   .brow = 0.0F,
                   .articulation = 1.15F,
                   .blink_rate = 0.6F,
                   .head_pitch_deg = -2.0F});
    case Emotion::fear:  // 1 + 2 + 4 + 5 + 20 + 26
      return hold({kNoSmile,
                   {brow_inner_up, brow_inner_up, 1.0F},
                   {brow_outer_up_left, brow_outer_up_right, 0.75F},
                   {brow_down_left, brow_down_right, 0.18F},
                   {eye_wide_left, eye_wide_right, 1.0F},
                   {mouth_stretch_left, mouth_stretch_right, 1.0F},
                   {mouth_frown_left, mouth_frown_right, 0.40F},
                   {mouth_lower_down_left, mouth_lower_down_right, 0.60F},
                   {jaw_open, jaw_open, 0.28F}},
                  {.speed = 1.3F,
                   .reach = 0.8F,
                   .nod = 0.5F,
                   .brow = 0.3F,
                   .blink_rate = 1.3F,
                   .head_pitch_deg = 1.8F,
                   .head_roll_deg = -1.0F});
    case Emotion::disgust:  // 9 + 10 + 15 + 17, with the brows that 9 pulls down
      return hold(
          {kNoSmile,
           {nose_sneer_left, nose_sneer_right, 1.0F},
           {mouth_upper_up_left, mouth_upper_up_right, 0.80F},
           {mouth_frown_left, mouth_frown_right, 0.55F},
           {brow_down_left, brow_down_right, 0.25F},
           {cheek_squint_left, cheek_squint_right, 0.50F},
           {eye_squint_left, eye_squint_right, 0.55F},
           {mouth_shrug_lower, mouth_shrug_lower, 0.30F}},
          {.speed = 0.9F, .reach = 0.9F, .nod = 0.7F, .brow = 0.1F, .head_pitch_deg = 2.0F, .head_roll_deg = -2.5F});
    case Emotion::surprise:  // 1 + 2 + 5 + 26
      return hold({kNoSmile,
                   {brow_inner_up, brow_inner_up, 1.0F},
                   {brow_outer_up_left, brow_outer_up_right, 1.0F},
                   {eye_wide_left, eye_wide_right, 1.0F},
                   {jaw_open, jaw_open, 0.48F}},
                  {.speed = 1.2F,
                   .reach = 1.1F,
                   .nod = 1.0F,
                   .brow = 1.0F,
                   .articulation = 1.15F,
                   .blink_rate = 0.7F,
                   .head_pitch_deg = 1.5F});
  }
  return {};
}

float between(float neutral, float full, float intensity) { return neutral + intensity * (full - neutral); }

EmotionFace at(EmotionFace face, float intensity) {
  const float i = intensity > 0 ? std::min(intensity, 1.0F) : 0;  // NaN is 0
  for (float& m : face.held.muscle) m *= i;
  const Manner full = face.manner;
  face.manner = {.speed = between(1, full.speed, i),
                 .reach = between(1, full.reach, i),
                 .nod = between(1, full.nod, i),
                 .brow = between(1, full.brow, i),
                 .articulation = between(1, full.articulation, i),
                 .blink_rate = between(1, full.blink_rate, i),
                 .head_pitch_deg = i * full.head_pitch_deg,
                 .head_roll_deg = i * full.head_roll_deg,
                 .gaze_pitch_deg = i * full.gaze_pitch_deg};
  return face;
}

}  // namespace

EmotionFace emotion_face(Emotion emotion, float intensity) { return at(at_full(emotion), intensity); }

EmotionFace friendly_face(float intensity) {
  return at(hold({{mouth_smile_left, mouth_smile_right, 0.10F},
                  {brow_outer_up_left, brow_outer_up_right, 0.06F},
                  {cheek_squint_left, cheek_squint_right, 0.06F}},
                 {}),
            intensity);
}

}  // namespace avatar
