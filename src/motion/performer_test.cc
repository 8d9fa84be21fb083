// SPDX-License-Identifier: Apache-2.0
#include "motion/performer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "motion/test_sounds.h"

namespace avatar {
namespace {

using namespace sounds;
using enum Muscle;

constexpr Muscle kMouthMuscles[] = {jaw_open,
                                    jaw_sideways,
                                    jaw_forward,
                                    mouth_close,
                                    mouth_pucker,
                                    mouth_funnel,
                                    mouth_sideways,
                                    mouth_smile_left,
                                    mouth_smile_right,
                                    mouth_frown_left,
                                    mouth_frown_right,
                                    mouth_stretch_left,
                                    mouth_stretch_right,
                                    mouth_press,
                                    mouth_roll_upper,
                                    mouth_roll_lower,
                                    mouth_shrug_upper,
                                    mouth_shrug_lower,
                                    mouth_upper_up_left,
                                    mouth_upper_up_right,
                                    mouth_lower_down_left,
                                    mouth_lower_down_right,
                                    lip_bite,
                                    cheek_puff,
                                    tongue_up,
                                    tongue_out};

bool same(const Pose& a, const Pose& b) { return std::memcmp(&a, &b, sizeof(Pose)) == 0; }

bool same_mouth(const Pose& a, const Pose& b) {
  return std::all_of(std::begin(kMouthMuscles), std::end(kMouthMuscles), [&](Muscle m) { return a[m] == b[m]; });
}

TEST(Performer, keeps_the_mouth_still_to_the_bit_while_nobody_speaks) {
  for (const Emotion emotion : {Emotion::neutral, Emotion::happy, Emotion::surprise, Emotion::angry}) {
    for (const Sound& s : {silence(6), breathing(6), keyboard(6), hum(6), noise(6, 0.01)}) {
      const auto poses = perform(s, {.emotion = emotion});
      for (const Pose& p : poses) {
        ASSERT_TRUE(same_mouth(p, poses[0]));
        ASSERT_EQ(p[jaw_open], 0);
      }
      EXPECT_FALSE(same(poses[0], poses[300])) << "yet the face lives";
    }
  }
}

TEST(Performer, closes_the_lips_of_a_smiling_picture_in_silence_and_leaves_a_closed_mouth_alone) {
  const auto shut = perform(silence(1));
  EXPECT_EQ(shut[50][mouth_close], 0);
  const auto smiling = perform(silence(1), {}, {.lip_gap_cm = 0.6F, .teeth_show = true, .smile = 0.8F});
  EXPECT_EQ(smiling[50][mouth_close], 1);
}

TEST(Performer, opens_a_smiling_mouth_no_further_than_a_closed_one) {
  Sound s = silence(0.5);
  append(s, vowel(kA, 0.4));
  append(s, silence(0.5));
  const float gap = 0.6F;
  const auto poses = perform(s, {}, {.lip_gap_cm = gap});
  const float jaw = 2.2F * poses[70][jaw_open];
  EXPECT_GT(jaw, 0.4F);
  EXPECT_LT((gap + jaw) * (1 - poses[70][mouth_close]), jaw + 0.25F) << "lips add a little";
  EXPECT_GT((gap + jaw) * (1 - poses[70][mouth_close]), 0.7F * jaw);
}

TEST(Performer, returns_to_exactly_the_face_it_had_before_the_speech) {
  Sound s = babble(4);
  append(s, silence(1.5));
  const auto poses = perform(s);
  EXPECT_TRUE(same_mouth(poses[5], poses.back()));
  int moving = 0;
  for (const Pose& p : poses) moving += p[jaw_open] > 0.05F;
  EXPECT_GT(moving, 100);
}

TEST(Performer, is_the_same_for_the_same_seed_and_another_for_another) {
  const Sound s = babble(5);
  const auto a = perform(s), b = perform(s), c = perform(s, {.seed = 2});
  bool differs = false;
  for (size_t k = 0; k < a.size(); ++k) {
    ASSERT_TRUE(same(a[k], b[k]));
    differs = differs || !same(a[k], c[k]);
  }
  EXPECT_TRUE(differs);
}

TEST(Performer, does_not_care_in_which_pieces_it_hears_nor_how_far_ahead) {
  const Sound s = babble(4);
  const auto at_once = perform(s, {}, {}, 40);
  Features features;
  const auto heard = features.hear(s);
  Performer performer({}, {});
  size_t next = 0;
  for (size_t k = 0; k < at_once.size(); ++k) {
    const auto t = MediaTime::from_ms(static_cast<int64_t>(k) * 40);
    // Only just as far as it asks for, in pieces of 1, 2, 3 frames.
    const auto need = std::min(heard.size(), static_cast<size_t>((t + Performer::look_ahead()).ms() / 10 + 1));
    for (size_t piece = 1; next < need; ++piece) {
      const size_t n = std::min(piece, need - next);
      performer.hear(heard.subspan(next, n));
      next += n;
    }
    ASSERT_TRUE(same(performer.at(t).pose, at_once[k])) << k;
  }
}

TEST(Performer, gives_the_same_moments_whatever_times_lie_between) {
  const Sound s = babble(3);
  Features features;
  const auto heard = features.hear(s);
  Performer a({}, {}), b({}, {});
  a.hear(heard);
  b.hear(heard);
  for (int64_t picture = 0; picture < 80; ++picture) {  // 30 pictures a second lie off the 10 ms grid
    const auto t = MediaTime::of_picture(picture, 30);
    b.at(t + MediaTime::from_samples(-std::min<int64_t>(t.samples, 700)));
    ASSERT_TRUE(same(a.at(t).pose, b.at(t).pose));
    ASSERT_TRUE(same(a.at(t).pose, b.at(t).pose)) << "asked twice";
  }
}

TEST(Performer, takes_frames_that_come_too_late_for_silence) {
  Features features;
  const Sound s = babble(3);
  const auto heard = features.hear(s);
  Performer in_time({}, {}), late({}, {});
  in_time.hear(heard);
  late.at(MediaTime::from_ms(500));
  late.hear(heard);  // the first 600 ms of it are too late
  // After a second both do nearly the same at the same time: nothing was shifted.
  for (int64_t ms = 1600; ms < 2500; ms += 10) {
    const auto t = MediaTime::from_ms(ms);
    ASSERT_NEAR(late.at(t).pose[jaw_open], in_time.at(t).pose[jaw_open], 0.08F) << ms;
  }
}

TEST(Performer, never_jumps_and_never_leaves_the_ranges) {
  Sound s = babble(20);
  append(s, noise(2, 0.5));
  append(s, keyboard(2));
  append(s, Sound(48000, std::numeric_limits<float>::quiet_NaN()));
  for (size_t i = 0; i < 96000; ++i) s.push_back(i / 97 % 2 ? 1e9F : -1e9F);  // clipped square wave
  append(s, babble(4, 8));
  for (const Performance& performance :
       {Performance{}, Performance{1, Emotion::neutral}, Performance{2, Emotion::angry, 1, 2, 2},
        Performance{3, Emotion::surprise, 1, 2, 2}}) {
    const auto poses = perform(s, performance);
    const float most = performance.expression_scale > 1 ? 0.45F : 0.36F;  // per 10 ms, on garbage; speech moves by 0.1
    for (size_t k = 2; k < poses.size(); ++k) {
      for (size_t m = 0; m < kMuscleCount; ++m) {
        const float a = poses[k].muscle[m], b = poses[k - 1].muscle[m], c = poses[k - 2].muscle[m];
        ASSERT_GE(a, lowest(static_cast<Muscle>(m)));
        ASSERT_LE(a, 1);
        const bool lid = static_cast<Muscle>(m) == eye_blink_left || static_cast<Muscle>(m) == eye_blink_right;
        // A heard mood may hold the lips apart: then the share that closes moves faster than the lips do.
        if (!performance.emotion && static_cast<Muscle>(m) == mouth_close) continue;
        ASSERT_LE(std::abs(a - b), lid ? 0.45F : most) << m << " at " << k;
        ASSERT_LE(std::abs(a - 2 * b + c), lid ? 0.6F : most) << m << " at " << k;
      }
      const Pose& p = poses[k];
      ASSERT_LE(std::abs(p.head_yaw_deg), 10);
      ASSERT_LE(std::abs(p.head_pitch_deg), 6);
      ASSERT_LE(std::abs(p.head_roll_deg), 6);
      ASSERT_LE(std::abs(p.gaze_yaw_deg), 16);
      ASSERT_LE(std::abs(p.gaze_pitch_deg), 14);
      ASSERT_GE(p.breath, 0);
      ASSERT_LE(p.breath, 1);
    }
  }
}

TEST(Performer, closes_the_mouth_within_150_ms_of_a_cut_and_speaks_again) {
  Sound s = silence(0.3);
  append(s, vowel(kA, 2.0));
  Features features;
  Performer performer({}, {});
  const auto heard = features.hear(s);
  performer.hear(heard);
  const auto cut = MediaTime::from_ms(1000);
  EXPECT_GT(performer.at(cut).pose[jaw_open], 0.2F);
  performer.cut(cut);
  float last = performer.at(cut).pose[jaw_open];
  for (int64_t ms = 1010; ms <= 1150; ms += 10) {
    const float jaw = performer.at(MediaTime::from_ms(ms)).pose[jaw_open];
    EXPECT_LE(jaw, last + 0.001F) << ms;
    EXPECT_LE(last - jaw, 0.1F) << "no snap at " << ms;
    last = jaw;
  }
  EXPECT_EQ(last, 0);
  // All heard until then counts as silence; what is heard now is spoken: it begins where the frames left off.
  Features again;
  Sound more = silence(0.3);
  append(more, vowel(kA, 0.5));
  performer.hear(again.hear(more));
  const auto start = static_cast<int64_t>(heard.size()) * 10;
  EXPECT_EQ(performer.at(MediaTime::from_ms(start)).pose[jaw_open], 0);
  EXPECT_GT(performer.at(MediaTime::from_ms(start + 450)).pose[jaw_open], 0.2F);
}

TEST(Performer, blinks_more_when_speaking) {
  const auto blinks = [](const std::vector<Pose>& poses) {
    int n = 0;
    for (size_t k = 1; k < poses.size(); ++k)
      n += poses[k][eye_blink_left] > 0.9F && poses[k - 1][eye_blink_left] <= 0.9F;
    return n / (static_cast<double>(poses.size()) / 6000);
  };
  const double idle = blinks(perform(silence(300))), speaking = blinks(perform(babble(300)));
  EXPECT_GE(idle, 14.5);
  EXPECT_LE(idle, 20.5);
  EXPECT_GE(speaking, 19.5);
  EXPECT_LE(speaking, 27);
}

TEST(Performer, shows_each_emotion_while_lips_still_close) {
  const auto at = [](Emotion e, float intensity) {
    return perform(silence(0.1), {.emotion = e, .emotion_intensity = intensity})[0];
  };
  EXPECT_GT(at(Emotion::happy, 1)[mouth_smile_left], 0.6F);
  EXPECT_GT(at(Emotion::happy, 1)[cheek_squint_left], 0.4F);
  EXPECT_GT(at(Emotion::sad, 1)[brow_inner_up], 0.5F);
  EXPECT_GT(at(Emotion::sad, 1)[mouth_frown_left], 0.4F);
  EXPECT_GT(at(Emotion::angry, 1)[brow_down_left], 0.6F);
  EXPECT_GT(at(Emotion::fear, 1)[eye_wide_left], 0.4F);
  EXPECT_GT(at(Emotion::disgust, 1)[nose_sneer_left], 0.5F);
  EXPECT_GT(at(Emotion::surprise, 1)[brow_outer_up_left], 0.5F);
  EXPECT_GT(at(Emotion::happy, 1)[mouth_smile_left], at(Emotion::happy, 0.6F)[mouth_smile_left]);
  EXPECT_EQ(at(Emotion::neutral, 0.6F)[mouth_frown_left], 0);
  EXPECT_EQ(at(Emotion::neutral, 0.6F)[brow_down_left], 0);
  // A raised upper lip parts the lips: in silence they are held together all the same.
  EXPECT_EQ(at(Emotion::disgust, 1)[mouth_close], 1);
}

TEST(Performer, closes_the_lips_for_m_in_every_mood) {
  // "ama": the murmur of an m has its first formant near 250 Hz and little above (Stevens, "Acoustic Phonetics", 9.1).
  Sound s = silence(0.5);
  for (int i = 0; i < 4; ++i) {
    append(s, vowel(kA, 0.16));
    append(s, vowel({250, 1100, 2200}, 0.10, 120, 0.10));
  }
  append(s, vowel(kA, 0.16));
  append(s, silence(0.5));
  const RestFace closed, smiling{.lip_gap_cm = 0.6F, .teeth_show = true, .smile = 0.9F};
  for (const RestFace& rest : {closed, smiling}) {
    for (int e = 0; e < kEmotionCount; ++e) {
      const auto poses = perform(s, {.emotion = static_cast<Emotion>(e), .emotion_intensity = 1}, rest);
      for (int m = 0; m < 4; ++m) {
        const auto begin = static_cast<size_t>(50 + m * 26 + 16);
        float most = 0;
        for (size_t k = begin; k < begin + 10; ++k) most = std::max(most, poses[k][mouth_close]);
        EXPECT_GT(most, 0.97F) << kEmotionNames[static_cast<size_t>(e)] << ", m " << m;
      }
      // Between them it is open, and a mood that parts the lips parts them here.
      EXPECT_LT(poses[50 + 26 + 8][mouth_close], 0.6F);
      EXPECT_GT(poses[50 + 26 + 8][jaw_open], 0.1F);
    }
  }
}

TEST(Performer, drops_the_jaw_of_surprise_only_while_it_speaks) {
  Sound s = silence(0.5);
  append(s, vowel(kA, 0.5));
  append(s, silence(1));
  const auto surprised = perform(s, {.emotion = Emotion::surprise, .emotion_intensity = 1});
  const auto neutral = perform(s, {.emotion = Emotion::neutral, .emotion_intensity = 1});
  EXPECT_EQ(surprised[10][jaw_open], 0);
  EXPECT_GT(surprised[75][jaw_open], neutral[75][jaw_open] + 0.2F);
  EXPECT_EQ(surprised.back()[jaw_open], 0);
}

TEST(Performer, takes_the_pictures_smile_back_for_every_mood_that_was_asked_for_but_joy) {
  for (int e = 0; e < kEmotionCount; ++e) {
    const auto emotion = static_cast<Emotion>(e);
    const Pose p = perform(silence(0.1), {.emotion = emotion, .emotion_intensity = 1}, {.smile = 0.8F})[0];
    if (emotion == Emotion::happy) {
      EXPECT_GT(p[mouth_smile_left], 0.6F);
    } else {
      EXPECT_LT(p[mouth_smile_left], -0.5F);
    }
  }
  // Nobody asked: the picture smiles on, until the voice says otherwise.
  EXPECT_GE(perform(silence(0.1), {}, {.smile = 0.8F})[0][mouth_smile_left], 0);
}

TEST(Performer, keeps_the_eyes_on_the_viewer_while_the_head_turns) {
  const auto poses = perform(babble(60), {.motion_scale = 2});
  int on_viewer = 0;
  for (const Pose& p : poses)
    on_viewer += std::hypot(p.gaze_yaw_deg + p.head_yaw_deg, p.gaze_pitch_deg + p.head_pitch_deg) < 2.5;
  EXPECT_GT(on_viewer, 0.55 * static_cast<double>(poses.size()));
}

TEST(Performer, takes_nonsense_for_the_usual) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto odd = perform(babble(2), {1, Emotion::neutral, 0.6F, nan, nan}, {.lip_gap_cm = nan, .smile = nan});
  const auto usual = perform(babble(2), {.emotion = Emotion::neutral});
  for (size_t k = 0; k < odd.size(); ++k) ASSERT_TRUE(same(odd[k], usual[k]));
}

}  // namespace
}  // namespace avatar
