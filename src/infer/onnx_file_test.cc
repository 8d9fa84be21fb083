// SPDX-License-Identifier: Apache-2.0
#include "infer/onnx_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "infer/embedded_models.h"

namespace avatar {
namespace {

std::vector<std::byte> made(const std::string& name) {
  std::ifstream in(AVATAR_BINARY_DIR "/neural_graphs/ditto_onnx/" + name, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::byte> bytes(all.size());
  std::memcpy(bytes.data(), all.data(), all.size());
  return bytes;
}

TEST(OnnxFile, tells_what_a_network_takes_and_gives) {
  const auto bytes = made("lmdm_v0.4_hubert.onnx");
  auto file = read_onnx(bytes);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->inputs.size(), 4U);
  EXPECT_EQ(file->inputs[2].name, "cond");
  EXPECT_EQ(file->inputs[2].shape, (std::vector<int64_t>{1, 80, 1103}));
  EXPECT_EQ(file->inputs[3].element, TensorSpec::Element::int64);
  EXPECT_EQ(file->outputs[1].name, "x_start");
  EXPECT_EQ(file->opsets[0].second, 17);
  EXPECT_TRUE(has_operator(*file, "MatMul"));
  EXPECT_FALSE(has_operator(*file, "Mat"));
}

TEST(OnnxFile, a_free_size_is_minus_one) {
  auto file = read_onnx(made("hubert.onnx"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->inputs[0].shape, (std::vector<int64_t>{1, -1}));
  EXPECT_FALSE(file->inputs[0].is_fixed());
}

TEST(OnnxFile, names_operators_of_other_domains) {
  auto file = read_onnx(made("warp_network.onnx"));
  ASSERT_TRUE(file);
  EXPECT_TRUE(has_operator(*file, "GridSample3D"));
  EXPECT_FALSE(has_operator(*file, "GridSample"));
}

TEST(OnnxFile, refuses_what_is_cut_short_or_something_else) {
  const auto whole = made("decoder.onnx");
  ASSERT_GT(whole.size(), 100U);
  for (size_t n = 0; n < whole.size() - 1; n += 13) {
    auto cut = std::span(whole).first(n);
    auto file = read_onnx(cut);
    // A cut between two fields of the model itself still holds a whole graph.
    if (file) {
      EXPECT_GT(n, whole.size() - 40);
    }
  }
  const std::string text = "version https://git-lfs.github.com/spec/v1\noid sha256:12\n";
  EXPECT_FALSE(read_onnx(std::as_bytes(std::span(text))));
  for (size_t i = 0; i < whole.size(); i += 7) {
    auto bad = whole;
    bad[i] ^= std::byte{0xFF};
    (void)read_onnx(bad);
    (void)with_opset_20(bad);
    (void)with_flat_samples(bad);
    (void)with_float32_rim(bad);
  }
}

// What the warp network answers, a tenth of its samples beyond the volume's rim.
std::vector<float> warped(std::span<const std::byte> onnx) {
  auto model = Model::load("warp", onnx);
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  if (!model) return {};
  auto run = (*model)->prepare();
  EXPECT_TRUE(run);
  uint32_t state = 1;
  for (float& v : (*run)->input("feature_3d")) {
    state = state * 1664525 + 1013904223;
    v = static_cast<float>(state >> 8) / (1 << 23) - 1;
  }
  for (size_t i = 0; i < 63; ++i) {
    (*run)->input("kp_source")[i] = i % 3 == 0 ? 0.113F : i % 3 == 1 ? -0.071F : 0.31F;
  }
  auto done = (*run)->run();
  EXPECT_TRUE(done) << (done ? "" : done.error().message);
  const auto out = (*run)->output("out");
  return {out.begin(), out.end()};
}

TEST(OnnxFile, a_newer_opset_changes_not_a_bit) {
  const auto old = made("warp_network_ori.onnx");
  auto newer = with_opset_20(old);
  // The made network's ReduceMean has its axes as an attribute, so it must be refused first.
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message.find("ReduceMean"), std::string::npos);

  const auto plain = made("warp_plain.onnx");
  newer = with_opset_20(plain);
  ASSERT_TRUE(newer) << newer.error().message;
  auto file = read_onnx(*newer);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->opsets[0].second, 20);
  EXPECT_EQ(warped(*newer), warped(plain));
  auto again = with_opset_20(*newer);
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again == *newer);
}

TEST(OnnxFile, flat_samples_are_the_same_but_for_rounding) {
  const auto plain = made("warp_network_ori.onnx");
  auto flat = with_flat_samples(plain);
  ASSERT_TRUE(flat) << flat.error().message;
  const auto a = warped(plain), b = warped(*flat);
  ASSERT_EQ(a.size(), b.size());
  float largest = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(a[i] - b[i]));
    size = std::max(size, std::fabs(a[i]));
  }
  EXPECT_GT(size, 0.1F);
  EXPECT_LT(largest, 5e-4F * std::max(1.0F, size));
}

TEST(OnnxFile, half_precision_gets_a_rim_of_float32) {
  std::ifstream in(AVATAR_BINARY_DIR "/neural_graphs/half/ditto_onnx/decoder.onnx", std::ios::binary);
  const std::string half{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(half));
  auto file = read_onnx(bytes);
  ASSERT_TRUE(file);
  EXPECT_TRUE(has_half_rim(*file));
  EXPECT_EQ(file->inputs[0].element, TensorSpec::Element::float16);
  auto model = Model::load("decoder", bytes);
  ASSERT_TRUE(model);
  EXPECT_FALSE((*model)->prepare()) << "as it is, it cannot be used";

  auto rimmed = with_float32_rim(bytes);
  ASSERT_TRUE(rimmed) << rimmed.error().message;
  EXPECT_FALSE(has_half_rim(*read_onnx(*rimmed)));
  std::vector<float> pictures[2];
  const auto whole = made("decoder.onnx");
  for (size_t i = 0; i < 2; ++i) {
    model = Model::load("decoder", i == 0 ? std::span<const std::byte>(whole) : *rimmed);
    ASSERT_TRUE(model) << model.error().message;
    auto run = (*model)->prepare();
    ASSERT_TRUE(run) << run.error().message;
    const auto features = (*run)->input("feature");
    for (size_t k = 0; k < features.size(); ++k) features[k] = 0.1F * static_cast<float>(k % 11);
    ASSERT_TRUE((*run)->run());
    const auto out = (*run)->output("output");
    pictures[i].assign(out.begin(), out.end());
  }
  float largest = 0;
  for (size_t k = 0; k < pictures[0].size(); ++k) {
    largest = std::max(largest, std::fabs(pictures[0][k] - pictures[1][k]));
  }
  EXPECT_GT(largest, 0);
  EXPECT_LT(largest, 0.02F);
}

TEST(OnnxFile, the_probe_samples_between_eight_numbers) {
  const auto probe = sample_probe();
  auto model = Model::load("probe", probe, {.is_strict = true});
  ASSERT_TRUE(model) << model.error().message;
  auto run = (*model)->prepare();
  ASSERT_TRUE(run);
  for (size_t i = 0; i < 8; ++i) (*run)->input("x")[i] = static_cast<float>(i);
  ASSERT_TRUE((*run)->run());
  EXPECT_FLOAT_EQ((*run)->output("y")[0], 3.5F);
}

TEST(OnnxFile, joins_what_other_networks_kept) {
  const auto bytes = join_network(3, {1, 2, 2});
  auto model = Model::load("join", bytes);
  ASSERT_TRUE(model) << model.error().message;
  auto run = (*model)->prepare();
  ASSERT_TRUE(run);
  for (const char* name : {"x0", "x1", "x2"}) {
    for (size_t i = 0; i < 4; ++i)
      (*run)->input(name)[i] = static_cast<float>(10 * (name[1] - '0')) + static_cast<float>(i);
  }
  ASSERT_TRUE((*run)->run());
  const auto joined = (*run)->output("y");
  EXPECT_EQ(std::vector<float>(joined.begin(), joined.end()),
            (std::vector<float>{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}));
}

TEST(OnnxFile, reads_the_networks_in_the_program) {
  auto file = read_onnx(embedded_model("face_landmark_with_attention.onnx"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->inputs[0].name, "image");
}

}  // namespace
}  // namespace avatar
