// SPDX-License-Identifier: Apache-2.0
#include "infer/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "infer/embedded_models.h"

namespace avatar {
namespace {

TEST(Model, every_embedded_network_loads_and_runs) {
  for (const char* name : {"face_detection_short_range.onnx", "face_detection_full_range.onnx",
                           "face_landmark_with_attention.onnx", "selfie_segmentation.onnx"}) {
    auto model = Model::load(name, embedded_model(name));
    ASSERT_TRUE(model) << model.error().message;
    auto run = (*model)->prepare();
    ASSERT_TRUE(run) << run.error().message;
    for (float& v : (*run)->input("image")) v = 0.5f;
    ASSERT_TRUE((*run)->run());
  }
}

TEST(Model, two_users_of_one_network_do_not_disturb_each_other) {
  auto model = Model::load("segmentation", embedded_model("selfie_segmentation.onnx"));
  ASSERT_TRUE(model);
  auto a = (*model)->prepare();
  auto b = (*model)->prepare();
  for (float& v : (*a)->input("image")) v = 0.2f;
  for (float& v : (*b)->input("image")) v = 0.9f;
  ASSERT_TRUE((*a)->run());
  const std::vector<float> first((*a)->output("person").begin(), (*a)->output("person").end());
  ASSERT_TRUE((*b)->run());
  ASSERT_TRUE((*a)->run());
  EXPECT_EQ(first, std::vector<float>((*a)->output("person").begin(), (*a)->output("person").end()));
  EXPECT_EQ((*a)->output_shape("person").size(), 2u);
  EXPECT_EQ((*a)->output("person").size(), 256u * 256u);
}

TEST(Model, an_inference_outlives_the_handle_of_its_model) {
  std::unique_ptr<Inference> run;
  {
    auto model = Model::load("segmentation", embedded_model("selfie_segmentation.onnx"));
    ASSERT_TRUE(model);
    run = std::move(*(*model)->prepare());
  }
  EXPECT_TRUE(run->run());
}

TEST(Model, bytes_that_are_no_network_are_refused_with_the_name) {
  const char* text = "this is not a network";
  auto model = Model::load("notes.onnx", std::as_bytes(std::span(text, std::strlen(text))));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::invalid);
  EXPECT_NE(model.error().message.find("notes.onnx"), std::string::npos);
}

// Of the stand-ins for the talking-head networks (tools/make_neural_graphs.py).
std::shared_ptr<const Model> made(const std::string& name) {
  std::ifstream in(AVATAR_BINARY_DIR "/neural_graphs/ditto_onnx/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto model = Model::load(name, std::as_bytes(std::span(bytes)));
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return model ? *model : nullptr;
}

TEST(Model, takes_whole_numbers) {
  const auto model = made("lmdm_v0.4_hubert.onnx");
  ASSERT_TRUE(model);
  EXPECT_EQ(model->inputs()[3].element, TensorSpec::Element::int64);
  auto run = model->prepare();
  ASSERT_TRUE(run);
  ASSERT_TRUE((*run)->run());
  const float early = (*run)->output("pred_noise")[0];
  (*run)->integers("time_cond")[0] = 500;
  ASSERT_TRUE((*run)->run());
  EXPECT_NEAR((*run)->output("pred_noise")[0] - early, 0.05, 1e-6);
}

TEST(Model, a_run_that_finds_no_memory_is_busy_and_the_next_one_is_well) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer ends the program there";
#endif
  const auto model = made("stitch_fills_memory.onnx");
  ASSERT_TRUE(model);
  auto run = model->prepare();
  ASSERT_TRUE(run);
  EXPECT_TRUE((*run)->run());
  (*run)->input("kp_driving")[0] = 1;
  const auto full = (*run)->run();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::busy) << full.error().message;
  EXPECT_NE(full.error().message.find("stitch_fills_memory.onnx"), std::string::npos) << full.error().message;
  (*run)->input("kp_driving")[0] = 0;
  EXPECT_TRUE((*run)->run());
}

TEST(Model, free_sizes_must_be_given) {
  const auto model = made("hubert.onnx");
  ASSERT_TRUE(model);
  auto without = model->prepare();
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().message.find("input_values"), std::string::npos);
  auto run = model->prepare({{"input_values", {1, 6480}}, {"encoding_out", {20, 1024}}});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE((*run)->run());
  auto wrong = model->prepare({{"input_values", {1, 6480}}, {"encoding_out", {19, 1024}}});
  ASSERT_TRUE(wrong);
  EXPECT_FALSE((*wrong)->run());
}

TEST(Model, a_kept_output_is_the_next_ones_input) {
  const auto appearance = made("appearance_extractor.onnx"), warp = made("warp_network_ori.onnx");
  ASSERT_TRUE(appearance && warp);
  const auto warped = [&](bool keeps) {
    auto first = *appearance->prepare();
    auto second = *warp->prepare();
    std::shared_ptr<const KeptTensor> kept;
    if (keeps) {
      kept = *first->keep("pred");
      second->take("feature_3d", kept);
    }
    for (size_t i = 0; i < first->input("image").size(); ++i) first->input("image")[i] = static_cast<float>(i % 7);
    EXPECT_TRUE(first->run());
    EXPECT_EQ(first->output("pred").empty(), keeps);
    if (!keeps)
      std::copy(first->output("pred").begin(), first->output("pred").end(), second->input("feature_3d").begin());
    first.reset();  // what was kept lives on
    EXPECT_TRUE(second->run());
    return std::vector<float>(second->output("out").begin(), second->output("out").end());
  };
  EXPECT_TRUE(warped(true) == warped(false));
}

TEST(Model, a_provider_that_cannot_run_here_is_refused_with_the_reason) {
  EXPECT_EQ(built_in_providers().back(), Provider::cpu);
  const auto bytes = embedded_model("selfie_segmentation.onnx");
  for (const Provider provider : {Provider::cuda, Provider::tensorrt}) {
    auto model = Model::load("segmentation", bytes, {.provider = provider});
    if (model) GTEST_SKIP() << "there is a card here";
    EXPECT_EQ(model.error().kind, ErrorKind::unsupported) << model.error().message;
    EXPECT_FALSE(model.error().message.empty());
  }
}

}  // namespace
}  // namespace avatar
