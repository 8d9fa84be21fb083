// SPDX-License-Identifier: Apache-2.0
#include "face/presets.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>

#include "face/portrait_file.h"
#include "face/sha256.h"

namespace avatar {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A face without networks: the picture file's text decides what is found.
class PresetsTest : public testing::Test {
 protected:
  PresetsTest() : root_(fs::temp_directory_path() / ("presets_test." + std::to_string(::getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "avatars");
  }
  ~PresetsTest() override { fs::remove_all(root_); }

  void put(const std::string& name, const std::string& content) {
    const fs::path path = root_ / "avatars" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }

  Presets make(bool with_folder = true) {
    return {{with_folder ? root_ / "avatars" : fs::path(), root_ / "cache", std::as_bytes(std::span(kBuiltIn)), 2},
            [this](std::span<const std::byte> bytes) -> Result<std::shared_ptr<const Portrait>> {
              ++analysed_;
              const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
              if (text == "no face") return Error{ErrorKind::not_found, "there is no face"};
              auto p = std::make_shared<Portrait>();
              p->picture = Image(64, 96);
              p->picture.rgb[5] = 77;
              p->person = Mask(64, 96);
              p->fit.scale = static_cast<float>(text.size());
              p->rest.smile = 0.25F;
              p->content_hash = sha256_hex(bytes);
              return std::shared_ptr<const Portrait>(p);
            }};
  }

  static constexpr std::array<char, 8> kBuiltIn{'b', 'u', 'i', 'l', 't', ' ', 'i', 'n'};
  const fs::path root_;
  std::atomic<int> analysed_ = 0;
};

TEST_F(PresetsTest, has_the_built_in_portrait_without_a_folder) {
  auto presets = make(false);
  EXPECT_EQ(presets.find("default").error().kind, ErrorKind::busy);
  ASSERT_TRUE(presets.refresh());
  EXPECT_EQ((*presets.find("default"))->fit.scale, 8);
  EXPECT_EQ(presets.picture_of("default")->size(), 8U);
  EXPECT_EQ(presets.find("anna").error().kind, ErrorKind::not_found);
}

TEST_F(PresetsTest, takes_the_first_picture_by_name_and_skips_what_is_bad) {
  put("anna/b.png", "second");
  put("anna/a.JPG", "1st");
  put("anna/0.txt", "no picture");
  put("ben/x.webp", "no face");
  put("empty/readme", "");
  put("bad name/a.png", "good");
  put(".hidden/a.png", "good");
  put("loose.png", "good");
  auto presets = make();
  const auto bad = presets.refresh();
  ASSERT_TRUE(bad);
  EXPECT_THAT(*bad, ElementsAre(HasSubstr("bad name: the folder's name"), "ben: there is no face",
                                HasSubstr("empty: there is no .jpg")));
  EXPECT_EQ((*presets.find("anna"))->fit.scale, 3);
  EXPECT_THAT(presets.find("ben").error().message, HasSubstr("there is no face"));
  std::vector<std::string> ids;
  for (const auto& preset : presets.list()) ids.push_back(preset.id);
  EXPECT_THAT(ids, ElementsAre("anna", "bad name", "ben", "default", "empty"));
  EXPECT_THAT(*presets.refresh(), IsEmpty());  // told once
}

TEST_F(PresetsTest, notices_what_changes_and_analyses_nothing_else) {
  put("anna/a.png", "one");
  auto presets = make();
  ASSERT_TRUE(presets.refresh());
  EXPECT_EQ(analysed_, 2);
  const auto before = *presets.find("anna");
  put("ben/b.png", "another");
  ASSERT_TRUE(presets.refresh());
  EXPECT_EQ(analysed_, 3);
  EXPECT_EQ(*presets.find("anna"), before);
  put("anna/a.png", "longer");
  fs::remove_all(root_ / "avatars/ben");
  ASSERT_TRUE(presets.refresh());
  EXPECT_EQ((*presets.find("anna"))->fit.scale, 6);
  EXPECT_EQ(presets.find("ben").error().kind, ErrorKind::not_found);
  fs::remove_all(root_ / "avatars");
  EXPECT_EQ(presets.refresh().error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(presets.find("anna"));  // what was there stays
}

TEST_F(PresetsTest, knows_a_picture_again_after_a_restart) {
  put("anna/a.png", "one");
  ASSERT_TRUE(make().refresh());
  auto presets = make();
  ASSERT_TRUE(presets.refresh());
  EXPECT_EQ(analysed_, 2);  // both by the first
  const auto anna = *presets.find("anna");
  EXPECT_EQ(anna->picture.rgb[5], 77);
  EXPECT_EQ(anna->picture.height, 96);
  EXPECT_EQ(anna->rest.smile, 0.25F);
  EXPECT_EQ(anna->content_hash, sha256_hex(std::as_bytes(std::span("one", 3))));
  EXPECT_EQ(anna->canonical->triangles.size(), 898U);
}

TEST_F(PresetsTest, analyses_again_when_the_file_on_disk_is_damaged) {
  ASSERT_TRUE(make(false).refresh());
  const fs::path file = fs::directory_iterator(root_ / "cache")->path();
  const auto size = fs::file_size(file);
  for (const uintmax_t at : {uintmax_t{0}, uintmax_t{9}, size / 2, size - 1}) {
    {
      std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
      f.seekp(static_cast<std::streamoff>(at));
      f.put('!');
    }
    EXPECT_EQ(read_portrait(file).error().kind, ErrorKind::invalid) << at;
    const int before = analysed_;
    ASSERT_TRUE(make(false).refresh());  // and writes it anew
    EXPECT_EQ(analysed_, before + 1);
    EXPECT_TRUE(read_portrait(file));
  }
  fs::resize_file(file, size - 1);
  EXPECT_FALSE(read_portrait(file));
  fs::resize_file(file, 0);
  EXPECT_FALSE(read_portrait(file));
}

}  // namespace
}  // namespace avatar
