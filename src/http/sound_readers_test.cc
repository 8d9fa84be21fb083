// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "http/pcm_reader.h"
#include "http/wav_reader.h"

namespace avatar {
namespace {

std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s.data(), s.size())); }

std::string le(uint32_t value, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(value >> (8 * i));
  return s;
}

std::string wav(int kind, int channels, int rate, int bits, const std::string& data, uint32_t data_size) {
  std::string fmt = le(static_cast<uint32_t>(kind), 2) + le(static_cast<uint32_t>(channels), 2) +
                    le(static_cast<uint32_t>(rate), 4) + le(static_cast<uint32_t>(rate * channels * bits / 8), 4) +
                    le(static_cast<uint32_t>(channels * bits / 8), 2) + le(static_cast<uint32_t>(bits), 2);
  return "RIFF" + le(0, 4) + "WAVE" + "LIST" + le(3, 4) + "abc" + std::string(1, '\0') + "fmt " + le(16, 4) + fmt +
         "data" + le(data_size, 4) + data;
}

TEST(PcmReader, reads_every_width_and_both_byte_orders) {
  struct Case {
    PcmFormat format;
    std::string bytes;
  };
  const float half = 0.5F;
  std::string float_bytes(4, '\0');
  std::memcpy(float_bytes.data(), &half, 4);
  for (const Case& c :
       {Case{{48000, 1, 16, false, false}, std::string("\x00\x40", 2)},
        Case{{48000, 1, 16, false, true}, std::string("\x40\x00", 2)}, Case{{48000, 1, 8, false, false}, "\xC0"},
        Case{{48000, 1, 24, false, false}, std::string("\x00\x00\x40", 3)},
        Case{{48000, 1, 32, false, false}, std::string("\x00\x00\x00\x40", 4)},
        Case{{48000, 1, 32, true, false}, float_bytes},
        Case{{48000, 2, 16, false, false}, std::string("\x00\x60\x00\x20", 4)}}) {
    auto reader = PcmReader::create(c.format);
    ASSERT_TRUE(reader);
    std::vector<float> sound;
    for (const char& byte : c.bytes) reader->add(std::as_bytes(std::span(&byte, 1)), sound);  // torn to pieces
    reader->finish(sound);
    ASSERT_EQ(sound.size(), 1U) << c.format.bits;
    EXPECT_EQ(sound[0], 0.5F) << c.format.bits;
  }
}

TEST(PcmReader, takes_8_to_192_kHz) {
  for (const int rate : {8000, 11025, 16000, 22050, 24000, 44100, 96000, 192000}) {
    auto reader = PcmReader::create({rate, 1});
    ASSERT_TRUE(reader) << rate;
    std::vector<float> sound;
    reader->add(bytes_of(std::string(static_cast<size_t>(rate) * 2, '\0')), sound);  // a second
    reader->finish(sound);
    EXPECT_EQ(sound.size(), 48000U) << rate;
  }
  EXPECT_EQ(PcmReader::create({7999, 1}).error().kind, ErrorKind::unsupported);
  EXPECT_FALSE(PcmReader::create({192001, 1}));
  EXPECT_FALSE(PcmReader::create({48000, 0}));
  EXPECT_FALSE(PcmReader::create({48000, 9}));
  EXPECT_FALSE(PcmReader::create({48000, 1, 12}));
}

TEST(WavReader, reads_what_comes_in_pieces_of_any_size) {
  std::string data;
  for (int i = 0; i < 1000; ++i) data += le(static_cast<uint32_t>(i * 30), 2);
  const std::string file = wav(1, 1, 48000, 16, data, 2000) + "LIST junk after the sound";
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{64}, file.size()}) {
    WavReader reader;
    std::vector<float> sound;
    for (size_t at = 0; at < file.size(); at += piece) {
      ASSERT_TRUE(reader.add(bytes_of(file).subspan(at, std::min(piece, file.size() - at)), sound));
    }
    ASSERT_TRUE(reader.finish(sound));
    ASSERT_EQ(sound.size(), 1000U) << piece;
    EXPECT_EQ(sound[999], 999 * 30 / 32768.0F);
  }
}

TEST(WavReader, takes_streams_that_do_not_know_their_length) {
  for (const uint32_t size : {0U, 0xFFFFFFFFU, 0x7FFFFFFFU, 500U}) {
    WavReader reader;
    std::vector<float> sound;
    ASSERT_TRUE(reader.add(bytes_of(wav(1, 2, 48000, 16, std::string(400, '\0'), size)), sound));
    ASSERT_TRUE(reader.finish(sound));
    EXPECT_EQ(sound.size(), 100U) << size;
  }
}

TEST(WavReader, refuses_what_it_cannot_read) {
  const auto kind = [](const std::string& file) {
    WavReader reader;
    std::vector<float> sound;
    if (auto added = reader.add(bytes_of(file), sound); !added) return added.error().kind;
    const auto finished = reader.finish(sound);
    return finished ? ErrorKind::internal : finished.error().kind;
  };
  EXPECT_EQ(kind("this is surely no WAV"), ErrorKind::invalid);
  EXPECT_EQ(kind("RIFF"), ErrorKind::invalid);
  EXPECT_EQ(kind(wav(7, 1, 8000, 8, "x", 1)), ErrorKind::unsupported);  // mu-law
  EXPECT_EQ(kind(wav(1, 0, 8000, 16, "x", 1)), ErrorKind::unsupported);
  EXPECT_EQ(kind(wav(1, 1, -1, 16, "x", 1)), ErrorKind::unsupported);
  EXPECT_EQ(kind("RIFF0000WAVEdata0000"), ErrorKind::invalid);
  EXPECT_EQ(kind("RIFF0000WAVEfmt \x04" + std::string(3, '\0') + "0000"), ErrorKind::invalid);
  EXPECT_EQ(kind("RIFF0000WAVE" + std::string(100000, '\0')), ErrorKind::invalid);  // empty chunks without end
}

}  // namespace
}  // namespace avatar
