// SPDX-License-Identifier: Apache-2.0
// The converter of the face networks (tools/convert_models.py) against right answers from elsewhere
// (tools/operator_cases.py): every operator alone, and whole networks where the portraits for them are at hand.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "infer/model.h"

namespace avatar {
namespace {

std::vector<char> read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One .case file: see operator_cases.py.
struct Case {
  std::vector<float> input, right;
  float tolerance = 0;

  explicit Case(const std::vector<char>& bytes) {
    size_t at = 0;
    for (auto* numbers : {&input, &right}) {
      int32_t n = 0;
      std::memcpy(&n, &bytes.at(at), sizeof(n));
      numbers->resize(static_cast<size_t>(n));
      std::memcpy(numbers->data(), &bytes.at(at + sizeof(n)), numbers->size() * sizeof(float));
      at += sizeof(n) + numbers->size() * sizeof(float);
    }
    std::memcpy(&tolerance, &bytes.at(at), sizeof(tolerance));
  }
};

TEST(Conversion, every_case_gives_the_right_answer) {
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(AVATAR_BINARY_DIR "/operator_cases")) {
    if (entry.path().extension() != ".case") continue;
    const std::string name = entry.path().stem().string();
    SCOPED_TRACE(name);
    ++cases;
    const Case c(read(entry.path()));
    auto path = entry.path();
    const auto onnx = read(path.replace_extension(".onnx"));
    auto model = Model::load(name, std::as_bytes(std::span(onnx)));
    ASSERT_TRUE(model) << model.error().message;
    auto run = (*model)->prepare();
    ASSERT_TRUE(run) << run.error().message;
    const auto input = (*run)->input("image");
    ASSERT_EQ(input.size(), c.input.size());
    std::copy(c.input.begin(), c.input.end(), input.begin());
    ASSERT_TRUE((*run)->run());

    const char* output_name = name.starts_with("mesh_") ? "landmarks" : name.starts_with("boxes_") ? "boxes" : "out";
    const auto output = (*run)->output(output_name);
    ASSERT_EQ(output.size(), c.right.size());
    float worst = 0;
    for (size_t i = 0; i < output.size(); ++i) worst = std::max(worst, std::abs(output[i] - c.right[i]));
    EXPECT_LE(worst, c.tolerance);
  }
  EXPECT_GE(cases, 39);  // an empty folder proves nothing
}

}  // namespace
}  // namespace avatar
