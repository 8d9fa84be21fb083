// SPDX-License-Identifier: Apache-2.0
// The settings file and the pickles that it comes in. The cases are written by Python itself (make_neural_graphs.py).
#include "engine/neural/settings.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/neural/noise.h"
#include "engine/neural/pickle.h"

namespace avatar::neural {
namespace {

const std::filesystem::path kCases = AVATAR_BINARY_DIR "/neural_graphs/pickles";

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s)); }

class PickleProtocol : public testing::TestWithParam<const char*> {};

TEST_P(PickleProtocol, gives_back_what_python_wrote) {
  const std::string file = read(kCases / (std::string("values_") + GetParam() + ".pkl"));
  auto pickle = Pickle::read(bytes_of(file));
  ASSERT_TRUE(pickle) << pickle.error().message;
  const auto& root = pickle->root();
  EXPECT_EQ(root.find("small")->integer, -5);
  EXPECT_EQ(root.find("large")->integer, -(int64_t{1} << 40));
  EXPECT_EQ(root.find("real")->real, 0.1);
  EXPECT_EQ(root.find("yes")->number(7), 1);
  EXPECT_EQ(root.find("nothing")->number(7), 7);
  EXPECT_EQ(root.find("text")->text, "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(root.find("scalar")->number(0), 2.5);
  ASSERT_EQ(root.find("list")->items.size(), 3U);
  EXPECT_EQ(root.find("list")->items[2]->items[0]->integer, 300);
  for (const char* name : {"f4", "f8", "i4", "i8", "fortran"}) {
    const auto* array = root.find(name);
    ASSERT_NE(array, nullptr) << name;
    EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 3})) << name;
    EXPECT_EQ(array->numbers, (std::vector<float>{-1, 0, 1, 2, 3, 200})) << name;
  }
  EXPECT_EQ(root.find("b1")->numbers, (std::vector<float>{1, 0}));
  EXPECT_EQ(root.find("empty")->numbers.size(), 0U);
  EXPECT_EQ(root.find("missing"), nullptr);
  EXPECT_EQ(root.find("list")->find("no dict"), nullptr);
}
INSTANTIATE_TEST_SUITE_P(Protocols, PickleProtocol, testing::Values("2", "3", "4", "5", "2_numpy2", "4_numpy2"));

TEST(PickleTest, refuses_what_would_run_with_its_name) {
  const std::pair<const char*, const char*> cases[] = {
      {"system", "posix system"}, {"eval", "builtins eval"}, {"object_array", "O8"}, {"big_endian", "big-endian"}};
  for (const auto& [name, word] : cases) {
    const std::string file = read(kCases / (std::string(name) + ".pkl"));
    ASSERT_FALSE(file.empty()) << name;
    auto pickle = Pickle::read(bytes_of(file));
    ASSERT_FALSE(pickle) << name;
    EXPECT_EQ(pickle.error().kind, ErrorKind::invalid);
    EXPECT_NE(pickle.error().message.find(word), std::string::npos) << pickle.error().message;
  }
}

TEST(PickleTest, takes_a_list_that_holds_itself) {
  const std::string file = read(kCases / "recursive.pkl");
  auto pickle = Pickle::read(bytes_of(file));
  ASSERT_TRUE(pickle) << pickle.error().message;
  EXPECT_EQ(pickle->root().items[0], &pickle->root());
  EXPECT_FALSE(read_settings(bytes_of(file)));
}

TEST(PickleTest, refuses_sizes_that_are_not_there) {
  using namespace std::string_literals;
  for (const std::string& bad : {""s,
                                 "\x80"s,
                                 "\x80\x09."s,
                                 "."s,
                                 "N"s,
                                 "NN."s,
                                 "(N."s,
                                 "X\xff\xff\xff\xffxx"s,
                                 "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"s,
                                 "h\x05."s,
                                 "]a."s,
                                 "Na."s,
                                 "}K\x01."s,
                                 "}(K\x01u."s,
                                 "r\xff\xff\xff\xff."s,
                                 "t."s,
                                 "b."s,
                                 "R."s,
                                 "NNR."s,
                                 "cnumpy\ndtype\n)R."s,
                                 "\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01."s,
                                 "i"s,
                                 "\x8a\xff."s}) {
    EXPECT_FALSE(Pickle::read(bytes_of(bad))) << testing::PrintToString(bad);
  }
}

TEST(PickleTest, every_cut_and_every_flipped_byte_is_a_result) {
  const std::string file = read(kCases / "values_4.pkl");
  for (size_t n = 0; n + 1 < file.size(); ++n) EXPECT_FALSE(Pickle::read(bytes_of(file.substr(0, n)))) << n;
  for (uint64_t round = 0; round < 3; ++round) {
    for (size_t i = 0; i < file.size(); ++i) {
      std::string bad = file;
      bad[i] = static_cast<char>(philox({static_cast<uint32_t>(i), 0, 0, 0}, {static_cast<uint32_t>(round), 0})[0]);
      auto read = Pickle::read(bytes_of(bad));  // must answer, whatever it says
      (void)read_settings(bytes_of(bad));
      if (!read) {
        EXPECT_FALSE(read.error().message.empty());
      }
    }
  }
}

TEST(SettingsTest, reads_the_published_shapes) {
  const std::string file = read(AVATAR_BINARY_DIR "/neural_graphs/ditto_cfg/v0.4_hubert_cfg_trt_online.pkl");
  auto s = read_settings(bytes_of(file));
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_TRUE(s->lost.empty());
  ASSERT_TRUE(s->character);
  EXPECT_FLOAT_EQ(s->character->source.scale, 1.2F);
  EXPECT_EQ(s->character->eye_open.size(), 3U);
  EXPECT_FLOAT_EQ(s->character->eye_ball[2][0], 0.2F);
  EXPECT_EQ(s->calm.size(), 600U);
  EXPECT_NEAR(s->calm[0][4], 0.997657, 1e-6);
  ASSERT_TRUE(s->blink);
  EXPECT_NEAR((*s->blink)[34], 0.03, 1e-6);  // the middle of 15 rows
  EXPECT_EQ(s->low[0], -100);
  EXPECT_EQ(s->high[264], 100);
  EXPECT_EQ(s->pitch_bias_deg, 2);
}

TEST(SettingsTest, goes_on_without_what_has_another_shape_and_says_so) {
  const std::string file = read(kCases / "other_shapes.pkl");
  auto s = read_settings(bytes_of(file));
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->lost.size(), 4U);
  EXPECT_FALSE(s->character);
  EXPECT_EQ(s->calm.size(), 1U);
}

TEST(SettingsTest, refuses_a_pickle_of_something_else) {
  const std::string file = read(kCases / "values_4.pkl");
  auto s = read_settings(bytes_of(file));
  ASSERT_FALSE(s);
  EXPECT_NE(s.error().message.find("default_kwargs"), std::string::npos);
}

}  // namespace
}  // namespace avatar::neural
