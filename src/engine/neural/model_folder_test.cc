// SPDX-License-Identifier: Apache-2.0
// Folders as users have them: whole, flat, incomplete, damaged, of something else.
#include "engine/neural/model_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "engine/engines.h"
#include "engine/neural/engine_cache.h"

namespace avatar::neural {
namespace {

namespace fs = std::filesystem;

const fs::path kMade = AVATAR_BINARY_DIR "/neural_graphs";

class ModelFolderTest : public testing::Test {
 protected:
  ModelFolderTest() : root_(fs::temp_directory_path() / ("avatar_models_" + std::to_string(::getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "ditto_onnx");
    fs::create_directories(root_ / "ditto_cfg");
    for (const NetworkFacts& facts : published_networks()) {
      const fs::path file = fs::path("ditto_onnx") / facts.files[0];
      fs::copy_file(kMade / file, root_ / file);
    }
    const fs::path settings = "ditto_cfg/v0.4_hubert_cfg_trt_online.pkl";
    fs::copy_file(kMade / settings, root_ / settings);
  }
  ~ModelFolderTest() override { fs::remove_all(root_); }

  [[nodiscard]] fs::path onnx(const std::string& name) const { return root_ / "ditto_onnx" / name; }
  void write(const fs::path& path, const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
  // The words about one file, of that kind; empty: none.
  static std::string words(const ModelFolder& folder, const std::string& file, Finding::Kind kind) {
    for (const Finding& f : folder.findings) {
      if (f.file == file && f.kind == kind) return f.words;
    }
    return {};
  }
  void expect_wrong(const std::string& file, const std::string& word) const {
    const ModelFolder folder = look_into(root_);
    EXPECT_FALSE(folder.is_complete());
    EXPECT_NE(words(folder, file, Finding::Kind::wrong).find(word), std::string::npos)
        << words(folder, file, Finding::Kind::wrong);
    EXPECT_NE(folder.refusal().message.find(file), std::string::npos);
  }
  fs::path root_;
};

TEST_F(ModelFolderTest, as_published_is_good) {
  const ModelFolder folder = look_into(root_);
  EXPECT_TRUE(folder.is_complete());
  for (const Finding& f : folder.findings) EXPECT_EQ(f.kind, Finding::Kind::good) << f.file << " " << f.words;
  EXPECT_EQ(folder.findings.size(), kNetworks + 1);
}

TEST_F(ModelFolderTest, may_be_flat_and_lack_what_is_only_wanted) {
  const fs::path flat = root_ / "flat";
  fs::create_directories(flat);
  for (const auto& entry : fs::directory_iterator(root_ / "ditto_onnx")) {
    if (entry.path().filename() != "landmark203.onnx") fs::copy_file(entry.path(), flat / entry.path().filename());
  }
  const ModelFolder folder = look_into(flat);
  EXPECT_TRUE(folder.is_complete());
  EXPECT_FALSE(words(folder, "landmark203.onnx", Finding::Kind::note).empty());
  EXPECT_FALSE(words(folder, "v0.4_hubert_cfg_trt_online.pkl", Finding::Kind::note).empty());
}

TEST_F(ModelFolderTest, says_what_is_missing_and_how_to_get_it) {
  fs::remove(onnx("decoder.onnx"));
  expect_wrong("decoder.onnx", "222 MB");
  fs::rename(onnx("warp_network_ori.onnx"), onnx("warp_network.onnx"));
  expect_wrong("warp_network_ori.onnx", "plugin");
  EXPECT_NE(look_into(root_).refusal().message.find("1 more"), std::string::npos);
}

TEST_F(ModelFolderTest, knows_a_pointer_a_piece_and_a_stranger) {
  write(onnx("hubert.onnx"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1463000000\n");
  expect_wrong("hubert.onnx", "git lfs pull");
  fs::copy_file(kMade / "ditto_onnx/hubert.onnx", onnx("hubert.onnx"), fs::copy_options::overwrite_existing);
  fs::resize_file(onnx("hubert.onnx"), 10000);
  expect_wrong("hubert.onnx", "cut short");
  write(onnx("hubert.onnx"), "");
  expect_wrong("hubert.onnx", "cut short");
  write(onnx("hubert.onnx"), "<html>not found</html>");
  expect_wrong("hubert.onnx", "no ONNX file");
  fs::copy_file(kMade / "ditto_onnx/decoder.onnx", onnx("hubert.onnx"), fs::copy_options::overwrite_existing);
  expect_wrong("hubert.onnx", "no input input_values");
}

TEST_F(ModelFolderTest, refuses_the_warp_that_needs_a_plugin_under_any_name) {
  fs::copy_file(kMade / "ditto_onnx/warp_network.onnx", onnx("warp_network_ori.onnx"),
                fs::copy_options::overwrite_existing);
  expect_wrong("warp_network_ori.onnx", "warp_network_ori.onnx is needed");
}

TEST_F(ModelFolderTest, says_what_shape_is_there_and_what_is_published) {
  fs::copy_file(kMade / "ditto_onnx/decoder_small.onnx", onnx("decoder.onnx"), fs::copy_options::overwrite_existing);
  expect_wrong("decoder.onnx", "an output output of float32 1x3x256x256 where float32 1x3x512x512 is published");
}

TEST_F(ModelFolderTest, a_network_that_gives_no_numbers_is_refused_when_it_is_tried) {
  fs::copy_file(kMade / "ditto_onnx/decoder_nan.onnx", onnx("decoder.onnx"), fs::copy_options::overwrite_existing);
  EXPECT_TRUE(look_into(root_).is_complete()) << "it looks as published";
  const EngineOptions options{.name = "auto", .models = root_, .providers = {"cpu"}};
  auto choice = choose_engine(options);
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_STREQ(choice->engine->name(), "mesh");
  EXPECT_NE(choice->reason.find("decoder.onnx gives what is no number on cpu"), std::string::npos) << choice->reason;
}

TEST_F(ModelFolderTest, goes_on_without_settings_that_cannot_be_read) {
  write(root_ / "ditto_cfg/v0.4_hubert_cfg_trt_online.pkl", "not a pickle");
  const ModelFolder folder = look_into(root_);
  EXPECT_TRUE(folder.is_complete());
  EXPECT_TRUE(folder.settings.empty());
  EXPECT_NE(words(folder, "v0.4_hubert_cfg_trt_online.pkl", Finding::Kind::note).find("left out"), std::string::npos);
}

TEST_F(ModelFolderTest, notes_what_must_not_be_used) {
  write(onnx("insightface_det.onnx"), "x");
  EXPECT_NE(words(look_into(root_), "insightface_det.onnx", Finding::Kind::note).find("research"), std::string::npos);
}

TEST_F(ModelFolderTest, compiled_engines_are_kept_by_card_versions_and_every_byte) {
  const Gpu card{0, "NVIDIA L4", "550.1", 89, 0, 0};
  const auto folder = look_into(root_);
  const auto place = engine_cache("/cache", card, folder, "10.9.0");
  EXPECT_EQ(place.parent_path(), "/cache/tensorrt");
  EXPECT_EQ(place.filename().string().find("NVIDIA-L4-sm89-ort" + runtime_version() + "-trt10.9.0-"), 0U) << place;
  EXPECT_EQ(engine_cache("/cache", card, folder, "10.9.0"), place);
  EXPECT_NE(engine_cache("/cache", card, folder, "10.10.0"), place);
  EXPECT_NE(engine_cache("/cache", {0, "NVIDIA L40", "550.1", 89, 0, 0}, folder, "10.9.0"), place);
  EXPECT_NE(engine_cache("/cache", {0, "NVIDIA L4", "550.1", 90, 0, 0}, folder, "10.9.0"), place);
  EXPECT_TRUE(engine_cache({}, card, folder, "10.9.0").empty());
  std::fstream(onnx("decoder.onnx"), std::ios::in | std::ios::out | std::ios::binary).seekp(-9, std::ios::end).put('!');
  EXPECT_NE(engine_cache("/cache", card, folder, "10.9.0"), place);
}

TEST_F(ModelFolderTest, no_folder_is_one_sentence) {
  const ModelFolder folder = look_into(root_ / "nowhere");
  EXPECT_FALSE(folder.is_complete());
  EXPECT_EQ(folder.findings.size(), 1U);
}

TEST_F(ModelFolderTest, auto_chooses_mesh_with_the_reason_and_neural_by_name_refuses) {
  fs::remove(onnx("decoder.onnx"));
  for (const bool is_live : {false, true}) {
    EngineOptions options{.name = "auto", .models = root_, .providers = {"cpu"}, .is_live = is_live};
    auto choice = choose_engine(options);
    ASSERT_TRUE(choice) << choice.error().message;
    EXPECT_STREQ(choice->engine->name(), "mesh");
    EXPECT_NE(choice->reason.find("decoder.onnx"), std::string::npos) << choice->reason;
    options.name = "neural";
    EXPECT_FALSE(choose_engine(options));
  }
}

TEST_F(ModelFolderTest, auto_without_a_card_says_so) {
  auto choice = choose_engine({.name = "auto", .models = root_});
  ASSERT_TRUE(choice);
  if (choice->engine->name() == std::string("mesh")) {
    EXPECT_NE(choice->reason.find("mesh, because"), std::string::npos);
  }
  auto none = choose_engine({.name = "auto"});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->reason, "mesh, because no folder of models is set");
}

TEST_F(ModelFolderTest, options_that_make_no_sense_are_refused) {
  for (const auto& wrong : {EngineOptions{.name = "nerual"}, EngineOptions{.name = "neural"},
                            EngineOptions{.name = "neural", .models = root_, .providers = {"tpu"}},
                            EngineOptions{.name = "neural", .models = root_, .providers = {"cpu"}, .overlap = 80},
                            EngineOptions{.name = "auto", .models = root_, .steps = 1}}) {
    auto choice = choose_engine(wrong);
    ASSERT_FALSE(choice);
    EXPECT_FALSE(choice.error().message.empty());
  }
}

TEST_F(ModelFolderTest, a_provider_that_is_not_there_is_passed_over_by_name) {
  EngineOptions options{.name = "neural", .models = root_, .providers = {"cuda"}};
  auto choice = choose_engine(options);
  if (!choice) {
    EXPECT_NE(choice.error().message.find("cuda"), std::string::npos) << choice.error().message;
  }
  options.providers = {"cuda", "cpu"};
  choice = choose_engine(options);
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_STREQ(choice->engine->name(), "neural");
}

}  // namespace
}  // namespace avatar::neural
