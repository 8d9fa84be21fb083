// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <string>

namespace avatar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Environment = std::map<std::string, std::string>;

Result<Config> config_of(const Environment& environment) {
  const auto look_up = [&](const char* name) -> const char* {
    const auto it = environment.find(name);
    return it == environment.end() ? nullptr : it->second.c_str();
  };
  Config config;
  if (auto read = read_environment(config, look_up); !read) return read.error();
  if (auto done = complete(config, look_up); !done) return done.error();
  return config;
}

TEST(Config, of_nothing_is_a_server_that_only_this_machine_reaches) {
  const auto config = config_of({});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->host, "127.0.0.1");
  EXPECT_EQ(config->port, 8089);
  EXPECT_THAT(config->addresses, ElementsAre("127.0.0.1"));
  EXPECT_TRUE(config->cache.empty()) << "there is no home";
  EXPECT_EQ(config->max_sessions, 0);
  EXPECT_FALSE(config->allow_private_urls);
}

TEST(Config, with_a_token_listens_everywhere_unless_told_otherwise) {
  const auto open = config_of({{"AVATAR_API_TOKEN", "secret"}});
  ASSERT_TRUE(open);
  EXPECT_EQ(open->host, "0.0.0.0");
  EXPECT_THAT(open->addresses, Not(IsEmpty()));
  const auto closed = config_of({{"AVATAR_API_TOKEN", "secret"}, {"HOST", "localhost"}});
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->host, "127.0.0.1");
}

TEST(Config, keeps_prepared_portraits_with_the_users_caches) {
  EXPECT_EQ(config_of({{"HOME", "/home/a"}})->cache, "/home/a/.cache/avatar-worker");
  EXPECT_EQ(config_of({{"HOME", "/home/a"}, {"XDG_CACHE_HOME", "/c"}})->cache, "/c/avatar-worker");
  EXPECT_EQ(config_of({{"HOME", "/home/a"}, {"XDG_CACHE_HOME", "c"}})->cache, "/home/a/.cache/avatar-worker")
      << "a folder that is not absolute counts as not set (XDG Base Directory Specification)";
  EXPECT_EQ(config_of({{"HOME", "/home/a"}, {"AVATAR_CACHE_DIR", "here"}})->cache, "here");
}

TEST(Config, reads_every_setting) {
  const auto c = config_of({{"HOST", "::1"},
                            {"PORT", "0"},
                            {"AVATAR_CORS_ORIGINS", "https://a.example, https://b.example:8443"},
                            {"PRESET_AVATARS_DIR", "/p"},
                            {"AVATAR_MODEL_DIR", "/m"},
                            {"AVATAR_ENGINE", "auto"},
                            {"AVATAR_PROVIDERS", "cuda,cpu"},
                            {"AVATAR_DEVICE", "1"},
                            {"AVATAR_MAX_SESSIONS", "1000"},
                            {"AVATAR_IDLE_SECONDS", "0"},
                            {"AVATAR_DRAIN_SECONDS", "86400"},
                            {"AVATAR_VIDEO_MAX_BITRATE", "100000"},
                            {"AVATAR_VIDEO_MAX_FPS", "60"},
                            {"AVATAR_VIDEO_CODEC", "h264"},
                            {"AVATAR_VIDEO_SIMULCAST", "on"},
                            {"AVATAR_ALLOW_PRIVATE_URLS", "no"},
                            {"AVATAR_ICE_ADDRESSES", "192.0.2.1 2001:db8::1"},
                            {"AVATAR_UDP_PORTS", "40000-40099"},
                            {"AVATAR_STUN_SERVER", "stun://192.0.2.1:3478"},
                            {"AVATAR_TURN_SERVERS", "turn://u:p@a:3478,turns://b"},
                            {"LOG_LEVEL", "debug"},
                            {"LOG_FORMAT", "json"}});
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->host, "::1");
  EXPECT_EQ(c->port, 0);
  EXPECT_THAT(c->origins, ElementsAre("https://a.example", "https://b.example:8443"));
  EXPECT_EQ(c->presets, "/p");
  EXPECT_EQ(c->models, "/m");
  EXPECT_EQ(c->engine, "auto");
  EXPECT_THAT(c->providers, ElementsAre("cuda", "cpu"));
  EXPECT_EQ(c->device, 1);
  EXPECT_EQ(c->max_sessions, 1000);
  EXPECT_EQ(c->idle.count(), 0);
  EXPECT_EQ(c->drain.count(), 86400);
  EXPECT_EQ(c->max_bitrate, 100'000);
  EXPECT_EQ(c->max_fps, 60);
  EXPECT_TRUE(c->h264);
  EXPECT_TRUE(c->simulcast);
  EXPECT_THAT(c->addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(c->min_udp_port, 40000);
  EXPECT_EQ(c->max_udp_port, 40099);
  EXPECT_THAT(c->turn_servers, ElementsAre("turn://u:p@a:3478", "turns://b"));
  EXPECT_EQ(c->log_level, LogLevel::debug);
  EXPECT_EQ(c->log_format, LogFormat::json);
}

TEST(Config, a_wrong_value_is_named_by_its_variable) {
  const std::map<std::string, std::vector<std::string>> wrong{
      {"HOST", {"nowhere", "1.2.3", "127.0.0.1:80"}},
      {"PORT", {"x", "-1", "65536", "80 ", "8089.0", "99999999999999999999"}},
      {"AVATAR_API_TOKEN", {"a b", "\xc3\xa9", std::string(1025, 'a')}},
      {"AVATAR_CORS_ORIGINS", {"example.com", "https://a.example/", "https://a.example,b"}},
      {"AVATAR_ENGINE", {"Mesh", "gpu"}},
      {"AVATAR_PROVIDERS", {"gpu", "cuda;cpu"}},
      {"AVATAR_DEVICE", {"-1", "first"}},
      {"AVATAR_MAX_SESSIONS", {"0", "1001", "many"}},
      {"AVATAR_IDLE_SECONDS", {"-1", "86401"}},
      {"AVATAR_DRAIN_SECONDS", {"1.5"}},
      {"AVATAR_VIDEO_MAX_BITRATE", {"99999", "2M"}},
      {"AVATAR_VIDEO_CODEC", {"H264", "av1"}},
      {"AVATAR_VIDEO_SIMULCAST", {"perhaps"}},
      {"AVATAR_ICE_ADDRESSES", {"host.example"}},
      {"AVATAR_UDP_PORTS", {"0-9", "9-8", "1-65536", "-", "40000-", "a-b"}},
      {"AVATAR_STUN_SERVER", {"192.0.2.1:3478"}},
      {"AVATAR_TURN_SERVERS", {"turn:192.0.2.1"}},
      {"LOG_LEVEL", {"loud"}},
      {"LOG_FORMAT", {"xml"}},
  };
  for (const auto& [variable, values] : wrong) {
    for (const auto& value : values) {
      const auto config = config_of({{variable, value}});
      ASSERT_FALSE(config) << variable << "=" << value;
      EXPECT_EQ(config.error().kind, ErrorKind::invalid);
      EXPECT_THAT(config.error().message, HasSubstr(variable + " is "));
    }
  }
}

TEST(Config, figures_in_the_log_need_a_log_of_json) {
  const auto config = config_of({{"AVATAR_METRICS_LOG_SECONDS", "10"}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message, "AVATAR_METRICS_LOG_SECONDS needs LOG_FORMAT=json");
  EXPECT_TRUE(config_of({{"AVATAR_METRICS_LOG_SECONDS", "10"}, {"LOG_FORMAT", "json"}}));
}

TEST(Config, never_says_a_secret) {
  const auto config = config_of({{"AVATAR_API_TOKEN", "my secret"}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, Not(HasSubstr("my secret")));
}

TEST(Config, an_empty_value_counts_as_not_set) {
  for (const Setting& setting : settings()) {
    const auto config = config_of({{setting.variable, ""}});
    EXPECT_TRUE(config) << setting.variable;
  }
}

TEST(Config, a_flag_wins_and_is_called_by_its_own_name) {
  for (const Setting& setting : settings()) {
    if (std::string(setting.flag) != "--port") continue;
    Config config = *config_of({{"PORT", "1"}});
    ASSERT_TRUE(apply(config, setting, "2", setting.flag));
    EXPECT_EQ(config.port, 2);
    const auto wrong = apply(config, setting, "x", setting.flag);
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message, HasSubstr("--port is "));
    EXPECT_EQ(config.port, 2);
  }
}

TEST(Config, no_name_is_given_twice) {
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.variable).second) << setting.variable;
    EXPECT_TRUE(names.insert(setting.flag).second) << setting.flag;
    EXPECT_NE(std::string(setting.help), "");
  }
}

TEST(Config, knows_its_own_machine) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.1.2.3"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("::"));
  EXPECT_FALSE(is_loopback("12.7.0.0"));
}

}  // namespace
}  // namespace avatar
