// SPDX-License-Identifier: Apache-2.0
#include "motion/performer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "motion/ease.h"
#include "motion/emotion/emotion_ear.h"
#include "motion/emphasis.h"
#include "motion/head.h"
#include "motion/idle.h"
#include "motion/lips.h"
#include "motion/shown_mood.h"
#include "motion/voice_gate.h"

namespace avatar {
namespace {

using enum Muscle;

constexpr int kStepSamples = kSampleRate * kSpeechFrameMs / 1000;
constexpr double kStep = kSpeechFrameMs / 1000.0;  // s
constexpr int kLookAhead = Lips::kLookAhead;
static_assert(VoiceGate::kLookAhead == kLookAhead);
// One frame more than the lips need: a time between two steps is drawn from both.
static_assert(Performer::look_ahead().ms() == (kLookAhead + 1) * kSpeechFrameMs);

constexpr double kCutSeconds = 0.12;

// Lip gap at the middle for each articulator at 1, cm: the engine's muscles (engine/mesh/muscles.cc), by eye.
constexpr float kGapJaw = 2.2F, kGapUpper = 0.45F, kGapLower = 0.55F, kGapFunnel = 0.35F;
// Who guesses from sound guesses too small: the curves are means of what a mouth may do. Opened by this power a mouth
// opens as far as those of four speakers of the GRID corpus on their own sentences, and rounds more as theirs do
// (docs/hearing.md).
constexpr float kReach = 1.75F;
float reach(float x) { return 1 - std::pow(std::max(0.0F, 1 - x), kReach); }
// A gap in the picture below the first counts as closed, from the second on it is one (RestFace).
constexpr float kNoGapCm = 0.08F, kGapCm = 0.16F;
constexpr float kHardlyGapCm = 0.04F;

constexpr Muscle kMouth[] = {mouth_smile_left,    mouth_smile_right,    mouth_frown_left,      mouth_frown_right,
                             mouth_stretch_left,  mouth_stretch_right,  mouth_press,           mouth_shrug_lower,
                             mouth_upper_up_left, mouth_upper_up_right, mouth_lower_down_left, mouth_lower_down_right};

float sane(float x, float low, float high, float otherwise) {
  return std::isfinite(x) ? std::clamp(x, low, high) : otherwise;
}

}  // namespace

struct Performer::State {
  State(const Performance& performance, const RestFace& rest);

  void step();
  SpeechFrame next_frame();
  float listen();
  Articulation speak(const SpeechFrame& frame);
  void mouth(const Articulation& a, Pose& pose) const;
  void face(Pose& pose);

  float motion_scale, expression_scale;
  float rest_gap_cm;
  ShownMood shown;
  float left_side, right_side;  // this person's unevenness: how strong each side is

  std::vector<SpeechFrame> pending;  // heard; from pending_at on not yet taken
  size_t pending_at = 0;
  size_t missed_frames = 0;  // silence was assumed for them: when they come, they come too late

  Lips lips;
  VoiceGate gate;
  EmotionEar ear;
  EmotionEstimate heard;  // the last one
  Emphasis emphasis;
  Blinks blinks;
  Gaze gaze;
  Breath breath;
  Head head;
  Random chance;

  bool was_speaking = false;
  float opened = 0;   // the gate at the present step
  Articulation said;  // at the present step
  Articulation held;  // at the cut
  double since_cut = kCutSeconds;
  double since_flash = 10, flash = 0;  // s, 0..1: the last brow flash

  int64_t steps = 0;  // done: `now` is the pose at (steps - 1) * 10 ms
  Pose before, now;
};

Performer::State::State(const Performance& p, const RestFace& rest)
    : motion_scale(sane(p.motion_scale, 0, 2, 1)),
      expression_scale(sane(p.expression_scale, 0, 2, 1)),
      shown(p.emotion, p.emotion_intensity),
      lips(p.networks.lips.get()),
      ear(p.networks.emotion.get()),
      blinks(p.seed),
      gaze(p.seed),
      breath(p.seed),
      head(p.seed),
      chance(p.seed, 6) {
  const float gap = sane(rest.lip_gap_cm, 0, 5, 0);
  rest_gap_cm = gap * static_cast<float>(ease((gap - kNoGapCm) / (kGapCm - kNoGapCm)));
  const auto uneven = static_cast<float>(chance.between(-0.06, 0.06));
  left_side = 1 + uneven;
  right_side = 1 - uneven;
}

SpeechFrame Performer::State::next_frame() {
  if (pending_at == pending.size()) {
    ++missed_frames;
    return SpeechFrame::silence();
  }
  const SpeechFrame frame = pending[pending_at++];
  if (pending_at == pending.size()) {
    pending.clear();
    pending_at = 0;
  }
  return frame;
}

Articulation Performer::State::speak(const SpeechFrame& frame) {
  Articulation a = lips.hear(frame);
  opened = gate.hear(frame);
  if (const auto estimate = ear.hear(frame)) {
    heard = *estimate;
    shown.hear(heard);
  }
  for (float& v : a.value) v *= opened;
  if (since_cut < kCutSeconds) {
    since_cut += kStep;
    const auto s = static_cast<float>(ease(since_cut / kCutSeconds));
    for (size_t i = 0; i < kArticulators; ++i) a.value[i] = (1 - s) * held.value[i] + s * a.value[i];
  }
  return a;
}

// The next frame; answers how much the voice leans on it.
float Performer::State::listen() {
  const SpeechFrame frame = next_frame();
  said = speak(frame);
  return emphasis.hear(frame, gate.is_open());
}

void Performer::State::mouth(const Articulation& a, Pose& pose) const {
  using enum Articulator;
  const float size = (0.4F + 0.6F * expression_scale) * shown.face().manner.articulation;
  const float held_jaw = pose[jaw_open] * opened;  // a jaw drops only with speech: in silence lips are closed
  const float opening = reach(a[jaw]) * size + held_jaw;
  const float upper = reach(a[upper_raise]) * size, lower = reach(a[lower_depress]) * size;

  // What the emotion holds gives way while the mouth speaks, and to rounding most.
  const float give = 1 - opened * (1 - shown.face().mouth_when_speaking);
  const float round = 1 - 0.6F * std::max(a[pucker], a[funnel]);
  for (Muscle m : kMouth) pose[m] *= give * round;
  const float gap_held = rest_gap_cm + kGapUpper * pose[mouth_upper_up_left] + kGapLower * pose[mouth_lower_down_left];

  pose[jaw_open] = opening;
  pose[mouth_pucker] += reach(a[pucker]) * size;
  pose[mouth_funnel] += a[funnel] * size;
  pose[mouth_press] += a[press];
  pose[mouth_stretch_left] += a[stretch] * size * left_side;
  pose[mouth_stretch_right] += a[stretch] * size * right_side;
  pose[mouth_upper_up_left] += upper * left_side;
  pose[mouth_upper_up_right] += upper * right_side;
  pose[mouth_lower_down_left] += lower * left_side;
  pose[mouth_lower_down_right] += lower * right_side;
  pose[Muscle::lip_bite] += a[Articulator::lip_bite];
  pose[Muscle::tongue_up] += a[Articulator::tongue_up];

  // The gap shall be what this speech would open in a closed mouth, G, whatever gap g the picture and the emotion
  // already have: of g + G there remains G. In silence G is 0 and the lips meet.
  // A gap that is hardly one, as a mood begins to hold the lips apart, counts in part, or the closure would jump.
  const float g = gap_held, hardly = std::max(0.0F, kHardlyGapCm - g);
  const float speech_gap = kGapJaw * opening + kGapUpper * upper + kGapLower * lower + kGapFunnel * a[funnel] * size;
  // What the mood parts stays parted between the closures while the mouth speaks.
  const float mood_gap = opened * (g - rest_gap_cm);
  const float remains = (speech_gap + mood_gap + hardly) / (g + speech_gap + hardly);
  pose[mouth_close] = 1 - remains * (1 - a[closure]);
}

void Performer::State::face(Pose& pose) {
  const bool speaking = gate.is_open();
  const Manner& manner = shown.face().manner;

  if (was_speaking && !speaking) blinks.invite(0.35F);
  was_speaking = speaking;

  // A brow flash: up in an eighth of a second, gone in half of one.
  since_flash += kStep;
  const auto raised = static_cast<float>(flash * pulse(since_flash, 0.14, 0.10, 0.34)) * expression_scale;
  pose[brow_inner_up] += 0.6F * raised;
  pose[brow_outer_up_left] += raised * left_side;
  pose[brow_outer_up_right] += raised * right_side;

  const HeadAngles angles = head.step(speaking, manner, motion_scale);
  pose.head_yaw_deg = static_cast<float>(angles.yaw);
  pose.head_pitch_deg = static_cast<float>(angles.pitch);
  pose.head_roll_deg = static_cast<float>(angles.roll);

  const Gaze::Direction look = gaze.step(speaking, manner.gaze_pitch_deg);
  if (gaze.jumped_deg() > 4) blinks.invite(0.2F);
  // The eyes stay on what they look at while the head turns (vestibulo-ocular reflex).
  pose.gaze_yaw_deg = static_cast<float>(std::min(1.0F, motion_scale) * look.yaw_deg - angles.yaw);
  pose.gaze_pitch_deg = static_cast<float>(std::min(1.0F, motion_scale) * look.pitch_deg - angles.pitch);

  pose.breath = breath.step(speaking) * std::min(1.0F, motion_scale);
  pose.head_y_cm = 0.05F * pose.breath;

  // Upper lids go with the eyes: down with a look down, up with a look up (Becker and Fuchs 1988: nearly one for one).
  const float down = std::max(0.0F, -pose.gaze_pitch_deg), up = std::max(0.0F, pose.gaze_pitch_deg);
  const float shut = blinks.step(speaking, manner.blink_rate);
  for (Muscle m : {eye_blink_left, eye_blink_right}) {
    const float lid = std::min(0.5F, pose[m] + 0.022F * down);
    pose[m] = lid + (1 - lid) * shut;
  }
  for (Muscle m : {eye_wide_left, eye_wide_right}) pose[m] += 0.02F * up;
}

void Performer::State::step() {
  if (steps == 0) {
    for (int i = 0; i < kLookAhead; ++i) listen();
  }
  if (const float strength = listen(); strength > 0) {
    const Manner& manner = shown.face().manner;
    if (chance.chance(0.85)) head.nod(strength, manner);
    if (since_flash > 1.1 && chance.chance(0.35 + 0.5 * strength)) {
      since_flash = 0;
      flash = (0.16 + 0.38 * strength) * manner.brow;
    }
  }

  shown.step();
  Pose pose = shown.face().held;
  for (float& m : pose.muscle) m *= expression_scale;
  mouth(said, pose);
  face(pose);
  for (size_t m = 0; m < kMuscleCount; ++m) {
    pose.muscle[m] = std::clamp(pose.muscle[m], lowest(static_cast<Muscle>(m)), 1.0F);
  }
  before = now;
  now = pose;
  ++steps;
}

Performer::Performer(const Performance& performance, const RestFace& rest)
    : state_(std::make_unique<State>(performance, rest)) {}
Performer::~Performer() = default;
Performer::Performer(Performer&&) noexcept = default;

void Performer::hear(std::span<const SpeechFrame> frames) {
  State& s = *state_;
  const size_t late = std::min(s.missed_frames, frames.size());
  s.missed_frames -= late;
  // What was taken goes first: the look-ahead always waits, so `pending` is never empty and would only grow.
  s.pending.erase(s.pending.begin(), s.pending.begin() + static_cast<std::ptrdiff_t>(s.pending_at));
  s.pending_at = 0;
  s.pending.insert(s.pending.end(), frames.begin() + static_cast<std::ptrdiff_t>(late), frames.end());
}

Moment Performer::at(MediaTime t) {
  State& s = *state_;
  const int64_t index = t.samples / kStepSamples;
  const auto part = static_cast<float>(t.samples % kStepSamples) / kStepSamples;
  while (s.steps <= index + (part > 0 ? 1 : 0)) s.step();
  Moment moment;
  moment.time = t;
  moment.mood = s.shown.mood();
  moment.motion_scale = s.motion_scale;
  moment.expression_scale = s.expression_scale;
  if (part == 0) {
    moment.pose = s.steps - 1 == index ? s.now : s.before;
    return moment;
  }

  Pose& pose = moment.pose;
  const Pose &a = s.before, &b = s.now;
  const auto mix = [part](float x, float y) { return x == y ? x : x + part * (y - x); };
  for (size_t m = 0; m < kMuscleCount; ++m) pose.muscle[m] = mix(a.muscle[m], b.muscle[m]);
  pose.gaze_yaw_deg = mix(a.gaze_yaw_deg, b.gaze_yaw_deg);
  pose.gaze_pitch_deg = mix(a.gaze_pitch_deg, b.gaze_pitch_deg);
  pose.head_yaw_deg = mix(a.head_yaw_deg, b.head_yaw_deg);
  pose.head_pitch_deg = mix(a.head_pitch_deg, b.head_pitch_deg);
  pose.head_roll_deg = mix(a.head_roll_deg, b.head_roll_deg);
  pose.head_x_cm = mix(a.head_x_cm, b.head_x_cm);
  pose.head_y_cm = mix(a.head_y_cm, b.head_y_cm);
  pose.breath = mix(a.breath, b.breath);
  return moment;
}

bool Performer::is_quiet() const { return state_->opened == 0 && state_->since_cut >= kCutSeconds; }

void Performer::skip(int frames) {
  State& s = *state_;
  for (int i = 0; i < frames; ++i) s.listen();
}

const EmotionEstimate& Performer::heard() const { return state_->heard; }

void Performer::cut(MediaTime t) {
  State& s = *state_;
  at(t);
  s.held = s.said;
  s.since_cut = 0;
  s.lips.cut();
  s.gate.cut();
  std::fill(s.pending.begin() + static_cast<std::ptrdiff_t>(s.pending_at), s.pending.end(), SpeechFrame::silence());
}

}  // namespace avatar
