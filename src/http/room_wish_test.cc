// SPDX-License-Identifier: Apache-2.0
// POST /launch as its clients say it (docs/api.md).
#include <gtest/gtest.h>

#include "http/messages.h"

namespace avatar {
namespace {

// {"alg":"HS256"}.{"sub":"avatar-1","video":{"roomJoin":true}}.x
constexpr const char* kToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhdmF0YXItMSIsInZpZGVvIjp7InJvb21Kb2luIjp0cnVlfX0.x";

Request json(std::string body, std::string query = "") {
  Request request;
  request.method = "POST";
  request.path = "/launch";
  request.query = std::move(query);
  request.content_type = "application/json";
  request.body = std::move(body);
  return request;
}

Request form(std::initializer_list<std::pair<const char*, const char*>> fields, const char* picture = nullptr) {
  Request request = json("");
  request.content_type = "multipart/form-data; boundary=b";
  for (const auto& [name, value] : fields) {
    request.body +=
        "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" + value + "\r\n";
  }
  if (picture != nullptr) {
    request.body +=
        "--b\r\nContent-Disposition: form-data; name=\"avatar_image\"; filename=\"avatar.jpg\"\r\n"
        "Content-Type: image/jpeg\r\n\r\n" +
        std::string(picture) + "\r\n";
  }
  request.body += "--b--\r\n";
  return request;
}

TEST(RoomWishTest, the_form_of_the_agents_plugin) {
  const auto wish = room_wish_of(form({{"livekit_url", "ws://127.0.0.1:7880"},
                                       {"livekit_token", kToken},
                                       {"room_name", "a room"},
                                       {"model", "expression"},
                                       {"async_mode", "true"},
                                       {"avatar_id", "anna"}},
                                      "JPEG"));
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->room.url, "ws://127.0.0.1:7880");
  EXPECT_EQ(wish->room.token, kToken);
  EXPECT_EQ(wish->room.room_name, "a room");
  EXPECT_EQ(wish->room.identity, "avatar-1");
  EXPECT_EQ(wish->room.avatar.avatar_id, "anna");
  EXPECT_EQ(wish->room.avatar.picture.size(), 4U);
  EXPECT_EQ(wish->wait, false);
}

TEST(RoomWishTest, the_json_of_the_same_plugin) {
  const std::string token = kToken;
  const auto wish = room_wish_of(json(R"({"livekit_url":"wss://x","livekit_token":")" + token +
                                      R"(","room_name":"r","mode":"gpu","image":"AAEC","agent_id":"A12"})"));
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->room.avatar.avatar_id, "A12");
  EXPECT_EQ(wish->room.avatar.picture.size(), 3U);
  const auto by_address = room_wish_of(json(R"({"livekit_url":"wss://x","livekit_token":")" + token +
                                            R"(","room_name":"r","image":"https://example.com/a.jpg"})"));
  ASSERT_TRUE(by_address);
  EXPECT_EQ(by_address->picture_url, "https://example.com/a.jpg");
}

TEST(RoomWishTest, the_json_of_the_plain_dispatcher) {
  const auto wish =
      room_wish_of(json(R"({"room_name":"r","url":"http://h:7880","token":")" + std::string(kToken) + R"("})"));
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->room.url, "http://h:7880");
  EXPECT_EQ(wish->room.identity, "avatar-1");
}

TEST(RoomWishTest, the_client_may_wait_for_the_end) {
  const std::string body = R"({"room_name":"r","url":"ws://h","token":")" + std::string(kToken) + "\"}";
  EXPECT_EQ(room_wish_of(json(body, "async=false"))->wait, true);
  EXPECT_EQ(room_wish_of(json(body, "async=true"))->wait, false);
  EXPECT_EQ(room_wish_of(json(body, "x=1&async=false"))->wait, true);
  EXPECT_EQ(
      room_wish_of(form({{"url", "ws://h"}, {"token", kToken}, {"room_name", "r"}, {"async_mode", "false"}}))->wait,
      true);
}

TEST(RoomWishTest, what_is_missing_or_wrong_is_named_and_no_token_quoted) {
  const struct {
    const char* url;
    const char* token;
    const char* room;
    const char* picture;
    const char* named;
  } cases[] = {
      {"", kToken, "r", "", "livekit_url"},
      {"ftp://h", kToken, "r", "", "livekit_url"},
      {"ws://h", "", "r", "", "livekit_token"},
      {"ws://h", "not.a.token", "r", "", "livekit_token"},
      {"ws://h", "nothing", "r", "", "livekit_token"},
      {"ws://h", kToken, "", "", "room_name"},
      {"ws://h", kToken, "r", "/etc/passwd", "avatar_image_url"},
  };
  for (const auto& c : cases) {
    const auto wish = room_wish_of(form(
        {{"livekit_url", c.url}, {"livekit_token", c.token}, {"room_name", c.room}, {"avatar_image_url", c.picture}}));
    ASSERT_FALSE(wish) << c.named;
    EXPECT_EQ(wish.error().kind, ErrorKind::invalid);
    EXPECT_NE(wish.error().message.find(c.named), std::string::npos) << wish.error().message;
    EXPECT_EQ(wish.error().message.find("not.a.token"), std::string::npos);
  }
}

TEST(RoomWishTest, the_answer_tells_the_session_and_at_the_end_the_duration) {
  EXPECT_EQ(launched_json("s1", std::nullopt),
            R"({"status":"success","message":"the avatar is on its way to the room","session_id":"s1"})");
  EXPECT_NE(launched_json("s1", 12.3456).find(R"("duration":12.346)"), std::string::npos);
}

}  // namespace
}  // namespace avatar
