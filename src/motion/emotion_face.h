// SPDX-License-Identifier: Apache-2.0
// What an emotion does to a face: which muscles it holds, how far, and in what manner the face then moves.
// Threads: constant.
#pragma once

#include "types/emotion.h"
#include "types/pose.h"

namespace avatar {

/// How the moving parts differ from the neutral speaker.
struct Manner {
  float speed = 1;         ///< of head movements
  float reach = 1;         ///< of head movements
  float nod = 1;           ///< how readily syllables are nodded
  float brow = 1;          ///< how readily brows flash
  float articulation = 1;  ///< how far the mouth opens
  float blink_rate = 1;
  float head_pitch_deg = 0;  ///< carriage
  float head_roll_deg = 0;
  float gaze_pitch_deg = 0;  ///< where the eyes rest when they leave the viewer
};

struct EmotionFace {
  /// Held muscles at full intensity times intensity. The jaw's share counts only while the mouth speaks.
  Pose held;
  Manner manner;
  /// Part of the mouth's held muscles that remains while the mouth speaks, 0..1.
  float mouth_when_speaking = 0.85F;
};

/// intensity 0..1; at 0.6 plain to see and believable, at 1 unmistakable.
[[nodiscard]] EmotionFace emotion_face(Emotion emotion, float intensity);

/// A person of whom nothing is asked and who is about to say something kind: the picture, with a trace of a smile.
[[nodiscard]] EmotionFace friendly_face(float intensity);

}  // namespace avatar
