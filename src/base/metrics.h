// SPDX-License-Identifier: Apache-2.0
// Numbers for Prometheus. Made once in serve.cc and handed down; whoever counts keeps a handle.
//
//   Metrics metrics;
//   auto late = metrics.counter("avatar_ticks_late_total", "Ticks that came too late to draw");
//   late.add();
//   reply(metrics.text());
//
// The same name with other labels is another number of the same family. Units are in the names (_seconds, _bytes).
// Threads: [any thread]. Handles live as long as the Metrics. add, set and observe do not allocate.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace avatar {

class Metrics final {
 public:
  using Labels = std::map<std::string, std::string>;

  class Counter {
   public:
    void add(double n = 1) const;
    [[nodiscard]] double value() const;

   private:
    friend class Metrics;
    prometheus::Counter* counter_ = nullptr;
  };
  class Gauge {
   public:
    void set(double value) const;

   private:
    friend class Metrics;
    prometheus::Gauge* gauge_ = nullptr;
  };
  class Histogram {
   public:
    void observe(double value) const;

   private:
    friend class Metrics;
    prometheus::Histogram* histogram_ = nullptr;
  };

  Metrics();
  ~Metrics();

  [[nodiscard]] Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  [[nodiscard]] Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// `edges`: upper ends of the buckets, rising.
  [[nodiscard]] Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& edges,
                                    const Labels& labels = {});

  /// The text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace avatar
