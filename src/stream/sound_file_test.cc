// SPDX-License-Identifier: Apache-2.0
#include "stream/sound_file.h"

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "stream/gstreamer.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;

constexpr double kToneHz = 440;

class SoundFileTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    prepare_gstreamer();
    ASSERT_TRUE(start_gstreamer());
    // Only the test writes MP3.
    if (GstPlugin* lame = gst_plugin_load_file(AVATAR_GST_PLUGINS "/libgstlame.so", nullptr)) gst_object_unref(lame);
  }
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // One second of a tone of amplitude 0.5 on the left channel; the others are silent.
  [[nodiscard]] fs::path write_wav(int rate, int channels, double seconds = 1) const {
    const auto samples = static_cast<uint32_t>(rate * seconds);
    const uint32_t bytes = samples * static_cast<uint32_t>(channels) * 2;
    const fs::path path = folder_ / ("tone" + std::to_string(rate) + "_" + std::to_string(channels) + ".wav");
    std::ofstream out(path, std::ios::binary);
    const auto u32 = [&](uint32_t v) { out.write(reinterpret_cast<const char*>(&v), 4); };
    const auto u16 = [&](uint32_t v) { out.write(reinterpret_cast<const char*>(&v), 2); };
    out << "RIFF", u32(36 + bytes), out << "WAVEfmt ", u32(16), u16(1), u16(static_cast<uint32_t>(channels));
    u32(static_cast<uint32_t>(rate)), u32(static_cast<uint32_t>(rate * channels * 2));
    u16(static_cast<uint32_t>(channels) * 2), u16(16), out << "data", u32(bytes);
    for (uint32_t i = 0; i < samples; ++i) {
      const double x = 0.5 * std::sin(2 * 3.14159265358979 * kToneHz * i / rate);
      u16(static_cast<uint16_t>(static_cast<int16_t>(std::lrint(x * 32767))));
      for (int c = 1; c < channels; ++c) u16(0);
    }
    return path;
  }

  [[nodiscard]] fs::path encode(const std::string& encoder, const std::string& name) const {
    const fs::path wav = write_wav(44100, 1), target = folder_ / name;
    GstElement* pipeline =
        gst_parse_launch(("filesrc location=" + wav.string() + " ! wavparse ! audioconvert ! audioresample ! " +
                          encoder + " ! filesink location=" + target.string())
                             .c_str(),
                         nullptr);
    if (pipeline == nullptr) return {};
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline);
    GstMessage* message = gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND,
                                                     static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    const bool done = message != nullptr && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (message != nullptr) gst_message_unref(message);
    gst_object_unref(bus);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return done ? target : fs::path();
  }

  static std::vector<float> all_of(const fs::path& path) {
    auto file = SoundFile::open(path);
    EXPECT_TRUE(file) << file.error().message;
    std::vector<float> all;
    if (!file) return all;
    std::vector<float> block(1000);
    for (;;) {
      auto n = file->read(block);
      EXPECT_TRUE(n) << n.error().message;
      if (!n || *n == 0) return all;
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*n));
    }
  }

  // Amplitude of the tone in the middle half of the sound.
  static double tone_in(const std::vector<float>& sound) {
    std::complex<double> sum;
    const size_t from = sound.size() / 4, to = sound.size() * 3 / 4;
    for (size_t i = from; i < to; ++i) {
      sum += static_cast<double>(sound[i]) *
             std::polar(1.0, -2 * 3.14159265358979 * kToneHz * static_cast<double>(i) / kSampleRate);
    }
    return 2 * std::abs(sum) / static_cast<double>(to - from);
  }
  void expect_the_tone(const fs::path& path, double amplitude, double tolerance_samples) const {
    const auto sound = all_of(path);
    EXPECT_NEAR(static_cast<double>(sound.size()), kSampleRate, tolerance_samples) << path;
    EXPECT_NEAR(tone_in(sound), amplitude, 0.02) << path;
  }
  ErrorKind refusal_of(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    auto file = SoundFile::open(folder_ / name);
    EXPECT_FALSE(file) << name;
    return file ? ErrorKind::internal : file.error().kind;
  }

  fs::path folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SoundFileTest, reads_wav_of_any_rate_and_mixes_channels) {
  for (const int rate : {8000, 11025, 16000, 22050, 44100, 48000, 96000}) {
    expect_the_tone(write_wav(rate, 1), 0.5, 48);  // a millisecond of resampling at the end
  }
  expect_the_tone(write_wav(44100, 2), 0.25, 48);
}

TEST_F(SoundFileTest, reads_flac_mp3_ogg_and_opus) {
  expect_the_tone(encode("flacenc", "a.flac"), 0.5, 48);
  expect_the_tone(encode("vorbisenc ! oggmux", "a.ogg"), 0.5, 200);
  expect_the_tone(encode("opusenc ! oggmux", "a.opus"), 0.5, 2000);
  const fs::path mp3 = encode("lamemp3enc", "a.mp3");
  if (mp3.empty()) GTEST_SKIP() << "no MP3 encoder on this machine";
  expect_the_tone(mp3, 0.5, 2500);  // an MP3 begins and ends with the codec's own padding
}

TEST_F(SoundFileTest, tells_the_duration) {
  auto file = SoundFile::open(write_wav(16000, 1, 2.5));
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->duration());
  EXPECT_NEAR(static_cast<double>(file->duration()->ms()), 2500, 1);
}

TEST_F(SoundFileTest, can_be_left_in_the_middle_of_a_long_file) {
  auto file = SoundFile::open(write_wav(8000, 1, 600));
  ASSERT_TRUE(file);
  std::vector<float> block(kSampleRate);
  auto n = file->read(block);
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, block.size());
}

TEST_F(SoundFileTest, refuses_what_is_no_sound_with_the_reason) {
  EXPECT_EQ(SoundFile::open(folder_ / "no.wav").error().kind, ErrorKind::not_found);
  EXPECT_EQ(SoundFile::open(folder_).error().kind, ErrorKind::invalid);
  EXPECT_EQ(refusal_of("empty.wav", ""), ErrorKind::invalid);
  EXPECT_EQ(refusal_of("text.wav", "The quick brown fox jumps over the lazy dog.\n"), ErrorKind::unsupported);
  EXPECT_EQ(refusal_of("bytes.mp3", std::string(5000, '\x01')), ErrorKind::unsupported);
  EXPECT_EQ(refusal_of("list.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\nhttp://localhost/a.ts\n"), ErrorKind::unsupported);
}

TEST_F(SoundFileTest, refuses_a_file_of_zero_seconds) {
  auto file = SoundFile::open(write_wav(16000, 1, 0));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::invalid) << file.error().message;
}

}  // namespace
}  // namespace avatar
