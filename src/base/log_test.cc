// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

namespace avatar {
namespace {

TEST(Log, writes_a_line_for_people) {
  EXPECT_EQ(log_line(LogFormat::text, "T", LogLevel::info, "it began", {{"session", "s-1"}, {"why", "two words"}}),
            "T info    it began session=s-1 why=\"two words\"");
}

TEST(Log, writes_a_line_for_collectors) {
  EXPECT_EQ(log_line(LogFormat::json, "T", LogLevel::error, "no", {{"a", "\"\n\\"}}),
            R"({"time":"T","level":"error","message":"no","a":"\"\u000a\\"})");
}

TEST(Log, lets_nobody_write_a_line_of_his_own) {
  const auto line = log_line(LogFormat::text, "T", LogLevel::info, "m", {{"path", "/a\nT error   forged"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("\\u000a"), std::string::npos);
}

TEST(Log, writes_figures_as_cloudwatch_reads_them) {
  const std::chrono::system_clock::time_point time(std::chrono::milliseconds(1'700'000'000'123));
  EXPECT_EQ(figures_line(time, "Space", "my \"house\"", {{"Sessions", "Count", 4}, {"Load", "Percent", 12.5}}),
            R"({"time":"2023-11-14T22:13:20.123Z","level":"info","message":"figures",)"
            R"("_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Space","Dimensions":[["Service"]],)"
            R"("Metrics":[{"Name":"Sessions","Unit":"Count"},{"Name":"Load","Unit":"Percent"}]}]},)"
            R"("Service":"my \"house\"","Sessions":4,"Load":12.5})");
}

TEST(Log, replaces_what_is_not_utf8) {
  EXPECT_EQ(json_quoted("a\xC3\xA9"), "\"a\xC3\xA9\"");
  EXPECT_EQ(json_quoted("\xC3("), "\"\\ufffd(\"");
  EXPECT_EQ(json_quoted("\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // a surrogate
  EXPECT_EQ(json_quoted("\xF0\x9F\x99\x82"), "\"\xF0\x9F\x99\x82\"");
}

}  // namespace
}  // namespace avatar
