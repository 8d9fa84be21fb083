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

// The prototypes of FACS (Ekman, Friesen, Hager 2002, FACS Investigator's Guide, table 10-1), in action units; the
// strengths are chosen by eye, full intensity being about FACS grade D.
EmotionFace at_full(Emotion emotion) {
  switch (emotion) {
    case Emotion::neutral:  // no action unit; a person who is about to say something kind
      return hold({{mouth_smile_left, mouth_smile_right, 0.10F},
                   {brow_outer_up_left, brow_outer_up_right, 0.06F},
                   {cheek_squint_left, cheek_squint_right, 0.06F}},
                  {});
    case Emotion::happy:  // 6 + 12
      return hold({{mouth_smile_left, mouth_smile_right, 0.85F},
                   {cheek_squint_left, cheek_squint_right, 0.75F},
                   {eye_squint_left, eye_squint_right, 0.22F},
                   {brow_outer_up_left, brow_outer_up_right, 0.15F},
                   {mouth_upper_up_left, mouth_upper_up_right, 0.10F}},
                  {.speed = 1.1F,
                   .reach = 1.2F,
                   .nod = 1.4F,
                   .brow = 1.3F,
                   .articulation = 1.05F,
                   .head_pitch_deg = 0.8F,
                   .head_roll_deg = 1.2F});
    case Emotion::sad:  // 1 + 4 + 15
      return hold({{brow_inner_up, brow_inner_up, 0.85F},
                   {brow_down_left, brow_down_right, 0.25F},
                   {mouth_frown_left, mouth_frown_right, 0.65F},
                   {mouth_shrug_lower, mouth_shrug_lower, 0.25F},
                   {eye_squint_left, eye_squint_right, 0.12F},
                   {eye_blink_left, eye_blink_right, 0.14F}},  // heavy lids
                  {.speed = 0.65F,
                   .reach = 0.7F,
                   .nod = 0.6F,
                   .brow = 0.5F,
                   .articulation = 0.85F,
                   .blink_rate = 0.9F,
                   .head_pitch_deg = -2.2F,
                   .head_roll_deg = 1.5F,
                   .gaze_pitch_deg = -6});
    case Emotion::angry:  // 4 + 5 + 7 + 23
      return hold({{brow_down_left, brow_down_right, 0.90F},
                   {eye_wide_left, eye_wide_right, 0.30F},
                   {eye_squint_left, eye_squint_right, 0.45F},
                   {mouth_press, mouth_press, 0.35F},
                   {mouth_frown_left, mouth_frown_right, 0.18F},
                   {nose_sneer_left, nose_sneer_right, 0.22F},
                   {jaw_forward, jaw_forward, 0.20F}},
                  {.speed = 1.35F,
                   .reach = 1.1F,
                   .nod = 1.3F,
                   .brow = 0.0F,
                   .articulation = 1.1F,
                   .blink_rate = 0.7F,
                   .head_pitch_deg = -1.2F});
    case Emotion::fear:  // 1 + 2 + 4 + 5 + 20 + 26 (26: as for surprise)
      return hold(
          {{brow_inner_up, brow_inner_up, 0.80F},
           {brow_outer_up_left, brow_outer_up_right, 0.40F},
           {brow_down_left, brow_down_right, 0.28F},
           {eye_wide_left, eye_wide_right, 0.70F},
           {mouth_stretch_left, mouth_stretch_right, 0.50F},
           {mouth_frown_left, mouth_frown_right, 0.15F}},
          {.speed = 1.25F, .reach = 0.8F, .nod = 0.6F, .brow = 0.5F, .blink_rate = 1.3F, .head_pitch_deg = 0.6F});
    case Emotion::disgust:  // 9 + 15 (+ 10, which goes with it when strong)
      return hold(
          {{nose_sneer_left, nose_sneer_right, 0.85F},
           {mouth_upper_up_left, mouth_upper_up_right, 0.40F},
           {mouth_frown_left, mouth_frown_right, 0.40F},
           {brow_down_left, brow_down_right, 0.45F},
           {cheek_squint_left, cheek_squint_right, 0.30F},
           {eye_squint_left, eye_squint_right, 0.35F},
           {mouth_shrug_lower, mouth_shrug_lower, 0.20F}},
          {.speed = 0.9F, .reach = 0.9F, .nod = 0.8F, .brow = 0.2F, .head_pitch_deg = 1.0F, .head_roll_deg = -1.5F});
    case Emotion::surprise:  // 1 + 2 + 5 + 26; the jaw of 26 drops only with speech: in silence lips are closed
      return hold({{brow_inner_up, brow_inner_up, 0.75F},
                   {brow_outer_up_left, brow_outer_up_right, 0.85F},
                   {eye_wide_left, eye_wide_right, 0.75F}},
                  {.speed = 1.2F,
                   .reach = 1.1F,
                   .nod = 1.0F,
                   .brow = 1.5F,
                   .articulation = 1.15F,
                   .blink_rate = 0.8F,
                   .head_pitch_deg = 1.0F});
  }
  return {};
}

float between(float neutral, float full, float intensity) { return neutral + intensity * (full - neutral); }

}  // namespace

EmotionFace emotion_face(Emotion emotion, float intensity) {
  const float i = intensity > 0 ? std::min(intensity, 1.0F) : 0;  // NaN is 0
  EmotionFace face = at_full(emotion);
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

}  // namespace avatar
