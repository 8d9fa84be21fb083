// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <gmock/gmock.h>

namespace avatar {
namespace {

using testing::HasSubstr;

TEST(Metrics, are_read_as_prometheus_reads_them) {
  Metrics metrics;
  metrics.counter("errors_total", "All", {{"kind", "busy"}}).add();
  metrics.counter("errors_total", "All", {{"kind", "busy"}}).add(2);
  metrics.counter("errors_total", "All", {{"kind", "invalid"}}).add();
  metrics.gauge("sessions", "Alive").set(3);
  const auto h = metrics.histogram("tick_seconds", "Long", {0.01, 0.1});
  h.observe(0.05);
  h.observe(5);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE errors_total counter\n"));
  EXPECT_THAT(text, HasSubstr("errors_total{kind=\"busy\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("errors_total{kind=\"invalid\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sessions 3\n"));
  EXPECT_THAT(text, HasSubstr("tick_seconds_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tick_seconds_bucket{le=\"+Inf\"} 2\n"));
}

}  // namespace
}  // namespace avatar
