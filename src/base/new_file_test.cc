// SPDX-License-Identifier: Apache-2.0
#include "base/new_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace avatar {
namespace {

namespace fs = std::filesystem;

class NewFileTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  static std::vector<uint8_t> bytes(const std::string& s) { return {s.begin(), s.end()}; }
  [[nodiscard]] static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] int files_in_folder() const {
    return static_cast<int>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(NewFileTest, appears_only_when_it_is_committed) {
  {
    auto file = NewFile::create(folder_ / "a.txt");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append(bytes("hello")));
    EXPECT_FALSE(fs::exists(folder_ / "a.txt"));
    ASSERT_TRUE(file->commit());
  }
  EXPECT_EQ(content(folder_ / "a.txt"), "hello");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST_F(NewFileTest, leaves_an_older_file_alone_when_it_is_given_up) {
  std::ofstream(folder_ / "a.txt") << "old";
  {
    auto file = NewFile::create(folder_ / "a.txt");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append(bytes("new")));
  }
  EXPECT_EQ(content(folder_ / "a.txt"), "old");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST_F(NewFileTest, inserts_in_front_of_more_than_one_chunk) {
  std::vector<uint8_t> body((3 << 20) + 17);
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<uint8_t>(i * 31 >> 3);
  auto file = NewFile::create(folder_ / "a.bin");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->append(bytes("head")));
  ASSERT_TRUE(file->append(body));
  ASSERT_TRUE(file->insert(4, bytes("inserted")));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(content(folder_ / "a.bin"), "headinserted" + std::string(body.begin(), body.end()));
}

TEST_F(NewFileTest, refuses_folders_devices_and_places_that_are_not_there) {
  EXPECT_EQ(NewFile::create(folder_).error().kind, ErrorKind::invalid);
  EXPECT_EQ(NewFile::create("/dev/null").error().kind, ErrorKind::invalid);
  EXPECT_EQ(NewFile::create(folder_ / "no" / "a.txt").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace avatar
