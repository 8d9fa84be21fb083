// SPDX-License-Identifier: Apache-2.0
#include "http/keys.h"

#include <gtest/gtest.h>

#include <vector>

#include "http/base64.h"
#include "http/exchange.h"

namespace avatar {
namespace {

TEST(Keys, open_with_the_token_in_any_of_three_places) {
  EXPECT_TRUE(opens({"Bearer s3cret", "", ""}, "s3cret"));
  EXPECT_TRUE(opens({"bearer  s3cret", "", ""}, "s3cret"));
  EXPECT_TRUE(opens({"", "s3cret", ""}, "s3cret"));
  EXPECT_TRUE(opens({"", "", "avatar, bearer.czNjcmV0"}, "s3cret"));
}

TEST(Keys, do_not_open_with_anything_else) {
  for (const Keys& keys :
       {Keys{}, Keys{"Bearer ", "", ""}, Keys{"Bearer s3cre", "", ""}, Keys{"Bearer s3crets3cret", "", ""},
        Keys{"Basic s3cret", "", ""}, Keys{"s3cret", "", ""}, Keys{"", "S3CRET", ""}, Keys{"", "", "bearer.czNjcmV"},
        Keys{"", "", "bearer.???"}, Keys{"", "", "s3cret"}}) {
    EXPECT_FALSE(opens(keys, "s3cret")) << keys.authorization << keys.api_secret << keys.protocols;
  }
}

TEST(Keys, let_only_known_sites_call) {
  const std::vector<std::string> none, some{"https://a.example"}, all{"*"};
  EXPECT_TRUE(may_call("http://localhost:8089", "localhost:8089", none));
  EXPECT_FALSE(may_call("http://localhost:9999", "localhost:8089", none));
  EXPECT_FALSE(may_call("https://evil.example", "localhost:8089", none));
  EXPECT_FALSE(may_call("null", "localhost:8089", some));
  EXPECT_TRUE(may_call("https://A.example", "localhost:8089", some));
  EXPECT_FALSE(may_call("https://a.example.evil", "localhost:8089", some));
  EXPECT_TRUE(may_call("https://evil.example", "localhost:8089", all));
}

TEST(Base64, decodes_both_alphabets) {
  EXPECT_EQ(decode_base64("")->size(), 0U);
  EXPECT_EQ(decode_base64("-_8=")->at(1), std::byte{0xFF});
  EXPECT_EQ(decode_base64("+/8\r\n")->at(1), std::byte{0xFF});
  EXPECT_FALSE(decode_base64("a"));
  EXPECT_FALSE(decode_base64("ab!d"));
  EXPECT_FALSE(decode_base64("a=bc"));
}

TEST(Exchange, reads_media_types) {
  EXPECT_EQ(media_type(" Audio/L16 ; rate=16000"), "audio/l16");
  EXPECT_EQ(media_parameter("audio/l16;rate=16000; Channels=2", "channels"), "2");
  EXPECT_EQ(media_parameter("a/b; x; y=\"1;\\\"2\"; z=3", "z"), "3");
  EXPECT_EQ(media_parameter("a/b; x; y=\"1;\\\"2\"; z=3", "y"), "1;\"2");
  EXPECT_EQ(media_parameter("a/b; y=\"never closed", "z"), "");
  EXPECT_EQ(media_parameter("", "z"), "");
}

TEST(LocalNameTest, no_name_of_a_strangers_dns_is_local) {
  for (const char* host :
       {"localhost", "localhost:8089", "LOCALHOST", "a.localhost:1", "127.0.0.1:8089", "[::1]:8089"}) {
    EXPECT_TRUE(is_local_name(host)) << host;
  }
  for (const char* host :
       {"", "evil.example", "evil.example:8089", "127.0.0.1.evil.example", "notlocalhost", "localhost.evil"}) {
    EXPECT_FALSE(is_local_name(host)) << host;
  }
}

}  // namespace
}  // namespace avatar
