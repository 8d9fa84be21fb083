// SPDX-License-Identifier: Apache-2.0
#include "http/multipart.h"

#include <gtest/gtest.h>

namespace avatar {
namespace {

constexpr const char* kType = "multipart/form-data; boundary=XX";

TEST(Multipart, gives_fields_and_files) {
  const std::string file("\x89PNG\r\n\0--X\r\n--Y", 16);
  const std::string body =
      "a preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"room_name\"\r\n\r\nliving room\r\n"
      "--XX  \r\ncontent-disposition: form-data; filename=\"a \\\"b\\\".png\"; name=avatar_image\r\n"
      "Content-Type: image/png\r\n\r\n" +
      file + "\r\n--XX--\r\nan epilogue";
  const auto parts = parse_multipart("multipart/form-data; charset=utf-8; boundary=\"XX\"", body);
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].name, "room_name");
  EXPECT_EQ((*parts)[0].content, "living room");
  EXPECT_EQ((*parts)[0].file_name, "");
  EXPECT_EQ((*parts)[1].name, "avatar_image");
  EXPECT_EQ((*parts)[1].file_name, "a \"b\".png");
  EXPECT_EQ((*parts)[1].content_type, "image/png");
  EXPECT_EQ((*parts)[1].content, file);
}

TEST(Multipart, takes_empty_forms_and_empty_fields) {
  EXPECT_TRUE(parse_multipart(kType, "--XX--")->empty());
  const auto parts = parse_multipart(kType, "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--XX--");
  ASSERT_TRUE(parts);
  EXPECT_EQ((*parts)[0].content, "");
  const auto shortest = parse_multipart(kType, "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--");
  ASSERT_TRUE(shortest);
  EXPECT_EQ((*shortest)[0].content, "");
}

TEST(Multipart, refuses_what_is_broken) {
  for (const char* body :
       {"", "--", "--XX", "--XX\r\n", "--XX\r\n\r\nx\r\n--XX--", "--XX\r\nno colon\r\n\r\nx\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--XX--",
        "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx", "--XXY--",
        "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--XXno--"}) {
    const auto parts = parse_multipart(kType, body);
    ASSERT_FALSE(parts) << body;
    EXPECT_EQ(parts.error().kind, ErrorKind::invalid);
  }
  EXPECT_FALSE(parse_multipart("multipart/form-data", "--XX--"));
  EXPECT_FALSE(parse_multipart("multipart/form-data; boundary=" + std::string(71, 'x'), "--XX--"));
}

TEST(Multipart, refuses_too_much) {
  std::string many;
  for (size_t i = 0; i <= kMostParts; ++i) many += "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
  EXPECT_FALSE(parse_multipart(kType, many + "--XX--"));
  EXPECT_FALSE(parse_multipart(kType, "--XX\r\nX: " + std::string(5000, 'x') + "\r\n\r\nx\r\n--XX--"));
}

}  // namespace
}  // namespace avatar
