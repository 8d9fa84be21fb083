// SPDX-License-Identifier: Apache-2.0
#include "motion/lips.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "motion/test_sounds.h"
#include "motion/voice_gate.h"
#include "speech/resampler.h"

namespace avatar {
namespace {

using namespace sounds;
using enum Articulator;

std::vector<Articulation> articulate(Sound sound) {
  append(sound, silence(0.2));
  Features features;
  Lips lips;
  std::vector<Articulation> said;
  for (const SpeechFrame& f : features.hear(sound)) said.push_back(lips.hear(f));
  said.erase(said.begin(), said.begin() + Lips::kLookAhead);
  return said;
}

/// The mean over the middle of a vowel between two silences.
Articulation middle_of(const Formants& formants, double peak = 0.5) {
  Sound s = silence(0.5);
  append(s, vowel(formants, 0.3, 120, peak));
  append(s, silence(0.5));
  const auto said = articulate(s);
  Articulation mean;
  for (size_t k = 60; k < 72; ++k) {
    for (size_t a = 0; a < kArticulators; ++a) mean.value[a] += said[k].value[a] / 12;
  }
  return mean;
}

struct Phone {
  double start, end;  // s
  std::string name;
};

/// A recording of tests/data/labials, at `rate` on its way, and its phones.
std::pair<Sound, std::vector<Phone>> labials(const std::string& voice, int rate = 16000) {
  const std::string path = AVATAR_SOURCE_DIR "/tests/data/labials/" + voice;
  std::ifstream wav(path + ".wav", std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(wav), {}};
  EXPECT_GT(bytes.size(), 100'000U);
  Sound sound((bytes.size() - 44) / 2);
  for (size_t i = 0; i < sound.size(); ++i) {
    int16_t sample = 0;
    std::memcpy(&sample, &bytes[44 + 2 * i], 2);
    sound[i] = static_cast<float>(sample) / 32768;
  }
  for (int from = 16000; from != 48000;) {
    const int to = from == rate ? 48000 : rate;
    auto resampler = Resampler::create(from, to);
    Sound next;
    resampler->add(sound, next);
    resampler->finish(next);
    sound = next;
    from = to;
  }
  std::vector<Phone> phones;
  std::ifstream text(path + ".phones");
  for (Phone p; text >> p.start >> p.end >> p.name;) phones.push_back(p);
  EXPECT_EQ(phones.size(), 40U);
  return {sound, phones};
}

float most(const std::vector<Articulation>& said, Articulator a, double from, double to) {
  float m = 0;
  for (auto k = static_cast<size_t>(std::max(0.0, from * 100)); k < static_cast<size_t>(to * 100); ++k) {
    m = std::max(m, said[k][a]);
  }
  return m;
}

TEST(Lips, open_wide_for_a_spread_for_i_and_round_for_u) {
  const Articulation a = middle_of(kA), i = middle_of(kI), u = middle_of(kU);
  EXPECT_GT(a[jaw], 0.2F);
  EXPECT_GT(a[jaw], 1.5F * i[jaw]);
  EXPECT_GT(a[jaw], 1.2F * u[jaw]);
  EXPECT_GT(i[stretch], u[stretch] + 0.1F);
  EXPECT_GT(u[pucker], i[pucker] + 0.1F);
  EXPECT_GT(u[pucker], a[pucker] + 0.1F);
}

TEST(Lips, do_not_depend_on_how_loud_the_recording_is) {
  const float loud = middle_of(kA, 0.8)[jaw], quiet = middle_of(kA, 0.04)[jaw];
  EXPECT_NEAR(quiet, loud, 0.25F * loud);
}

TEST(Lips, touch_for_p_b_m_and_bite_for_f_v_of_a_voice) {
  for (const char* voice : {"awb", "slt"}) {
    const auto [sound, phones] = labials(voice);
    const auto said = articulate(sound);
    int labials = 0, touched = 0, bites = 0;
    for (const Phone& p : phones) {
      if (p.name == "p" || p.name == "b" || p.name == "m") {
        ++labials;
        touched += most(said, closure, p.start - 0.02, p.end + 0.02) > 0.7F;
      }
      if (p.name == "f" || p.name == "v") bites += most(said, lip_bite, p.start, p.end) > 0.3F;
      if (p.name == "ae" || p.name == "aa" || p.name == "ay") {
        const double middle = (p.start + p.end) / 2;
        EXPECT_LT(most(said, closure, middle, middle + 0.01), 0.3F) << voice << " " << p.name << " " << p.start;
        EXPECT_GT(most(said, jaw, p.start, p.end), 0.12F) << voice << " " << p.name << " " << p.start;
      }
    }
    EXPECT_GE(labials, 10) << voice;
    EXPECT_GE(touched, labials - 1) << voice;
    EXPECT_GE(bites, 1) << voice << ": of three";
  }
}

TEST(Lips, say_the_same_whatever_the_pieces_in_which_the_sound_comes) {
  const Sound sound = labials("slt").first;
  Features at_once, in_pieces;
  Lips a, b;
  std::vector<Articulation> whole;
  for (const SpeechFrame& f : at_once.hear(sound)) whole.push_back(a.hear(f));
  size_t k = 0;
  for (size_t at = 0, piece = 1; at < sound.size(); at += piece, piece = piece * 7 % 4999 + 1) {
    const size_t n = std::min(piece, sound.size() - at);
    for (const SpeechFrame& f : in_pieces.hear(std::span(sound).subspan(at, n))) {
      ASSERT_EQ(b.hear(f).value, whole[k++].value);
    }
  }
  EXPECT_EQ(k, whole.size());
}

TEST(Lips, stay_bounded_and_smooth_whatever_comes) {
  Random random(5);
  Lips lips;
  Articulation before, last;
  for (int k = 0; k < 5000; ++k) {
    SpeechFrame f;
    for (float& b : f.log_mel) b = static_cast<float>(random.between(-23, 2));
    f.loudness_db = static_cast<float>(random.between(-100, 0));
    f.voicing = static_cast<float>(random.unit());
    const Articulation a = lips.hear(f);
    for (size_t i = 0; i < kArticulators; ++i) {
      ASSERT_GE(a.value[i], 0);
      ASSERT_LE(a.value[i], 1.0001F);
      ASSERT_LE(std::abs(a.value[i] - last.value[i]), 0.34F);
      ASSERT_LE(std::abs(a.value[i] - 2 * last.value[i] + before.value[i]), 0.35F);
    }
    before = last;
    last = a;
  }
}

TEST(Lips, bear_clipped_offset_and_telephone_sound_and_sound_that_is_no_number) {
  const auto [clean, phones] = labials("awb");
  const auto as_clean = articulate(clean);
  const auto agrees = [&](const Sound& sound, const char* what) {
    const auto said = articulate(sound);
    double apart = 0;
    for (size_t k = 0; k < as_clean.size(); ++k) {
      for (const float v : said[k].value) ASSERT_TRUE(v >= 0 && v <= 1.0001F) << what;
      apart += std::abs(said[k][jaw] - as_clean[k][jaw]) / static_cast<double>(as_clean.size());
    }
    EXPECT_LT(apart, 0.035) << what;
  };
  Sound clipped = clean, offset = clean, broken = clean;
  for (float& s : clipped) s = std::clamp(10 * s, -1.0F, 1.0F);
  for (float& s : offset) s = 0.5F * s + 0.4F;
  for (size_t i = 0; i < broken.size(); i += 4801) broken[i] = std::numeric_limits<float>::quiet_NaN();
  agrees(clipped, "clipped");
  agrees(offset, "offset");
  agrees(broken, "not numbers");
  agrees(labials("awb", 8000).first, "telephone");
}

TEST(Lips, are_moved_by_a_network_of_the_users_own) {
  auto model = LipsModel::load(AVATAR_SOURCE_DIR "/src/motion/test_data/own.onnx");
  ASSERT_TRUE(model) << model.error().message;
  Lips lips(model->get());
  std::vector<Articulation> said;
  constexpr std::array kTaps{6 / 24.0F, 5 / 24.0F, 3 / 24.0F, 1 / 24.0F};
  for (int k = 0; k < 60; ++k) {
    SpeechFrame frame = SpeechFrame::silence();
    if (k == 20) frame.log_mel[static_cast<size_t>(pucker)] = 0;  // nearly as loud as can be
    if (k == 40) frame.log_mel[static_cast<size_t>(jaw)] = std::numeric_limits<float>::quiet_NaN();
    said.push_back(lips.hear(frame));
  }
  for (int k = 0; k < 60; ++k) {
    const int apart = std::abs(k - Lips::kLookAhead - 20);
    EXPECT_NEAR(said[k][pucker], apart < 4 ? 0.92F * kTaps[static_cast<size_t>(apart)] : 0, 0.01F) << k;
    EXPECT_NEAR(said[k][jaw], 0, 0.01F) << k;
  }
  lips.hear(SpeechFrame{});
  lips.cut();
  for (int k = 0; k < 20; ++k) EXPECT_LT(lips.hear(SpeechFrame::silence())[jaw], 0.01F) << k;
}

TEST(Lips, refuse_a_network_that_is_not_as_documented) {
  const std::string folder = AVATAR_SOURCE_DIR "/src/motion/test_data/";
  EXPECT_EQ(LipsModel::load(folder + "none.onnx").error().kind, ErrorKind::not_found);
  EXPECT_EQ(LipsModel::load(folder + "make.py").error().kind, ErrorKind::invalid);
  const auto other = LipsModel::load(folder + "other.onnx");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("[1][100][43]"), std::string::npos);
}

TEST(Lips, rest_after_a_cut_as_if_silence_had_come) {
  const auto [sound, phones] = labials("slt");
  Features features;
  const auto frames = features.hear(sound);
  const size_t stop = 120;
  Lips cut, quiet;
  for (size_t k = 0; k < stop; ++k) {
    cut.hear(frames[k]);
    quiet.hear(k + Lips::kLookAhead < stop ? frames[k] : SpeechFrame::silence());
  }
  cut.cut();
  for (int k = 0; k < 100; ++k) {
    const Articulation a = cut.hear(SpeechFrame::silence()), b = quiet.hear(SpeechFrame::silence());
    if (k < 7) continue;  // the smoothing still holds what was read before
    for (size_t i = 0; i < kArticulators; ++i) ASSERT_NEAR(a.value[i], b.value[i], 1e-6F) << k;
  }
}

}  // namespace
}  // namespace avatar
