// SPDX-License-Identifier: Apache-2.0
#include "infer/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

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

}  // namespace
}  // namespace avatar
