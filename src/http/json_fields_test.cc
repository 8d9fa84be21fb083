// SPDX-License-Identifier: Apache-2.0
#include "http/json_fields.h"

#include <gtest/gtest.h>

#include <string>

namespace avatar {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(JsonFields, are_the_plain_values_of_an_object) {
  const auto object =
      json_fields(R"({"s":"x","n":-1,"u":7,"f":0.5,"t":true,"z":null,"deep":{"s":"y","a":[1]},"end":[]})");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->dump(), R"({"s":"x","n":-1,"u":7,"f":0.5,"t":true,"z":null})");
}

TEST(JsonFields, the_last_value_of_a_name_counts) { EXPECT_EQ(json_fields(R"({"a":1,"a":2})")->dump(), R"({"a":2})"); }

TEST(JsonFields, what_is_no_object_is_invalid) {
  for (const char* text : {"", "1", "\"x\"", "null", "[]", "[{\"a\":1}]", "{", "{\"a\":}", "{\"a\":1}x",
                           "{\"a\":1e999}", "{\"\\ud800\":1}", "{\"a\":\"\xff\"}"}) {
    const auto object = json_fields(text);
    ASSERT_FALSE(object) << text;
    EXPECT_EQ(object.error().kind, ErrorKind::invalid);
  }
}

TEST(JsonFields, depth_and_number_are_bounded) {
  const auto nested = [](int depth) { return R"({"a":)" + repeated("[", depth) + repeated("]", depth) + "}"; };
  EXPECT_TRUE(json_fields(nested(kMostDepth - 1)));
  EXPECT_FALSE(json_fields(nested(kMostDepth)));
  EXPECT_FALSE(json_fields(R"({"a":)" + repeated("[", 10'000'000)));
  std::string names = "{";
  for (int i = 0; i < 1'000'000; ++i) names += '"' + std::to_string(i) + "\":1,";
  const auto many = json_fields(names + "\"end\":1}");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().message, "the JSON has too many fields");
}

}  // namespace
}  // namespace avatar
