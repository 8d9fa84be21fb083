// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace avatar {

struct Metrics::Registry {
  prometheus::Registry families;
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

void Metrics::Counter::add(double n) const { counter_->Increment(n); }
double Metrics::Counter::value() const { return counter_->Value(); }
void Metrics::Gauge::set(double value) const { gauge_->Set(value); }
void Metrics::Histogram::observe(double value) const { histogram_->Observe(value); }

Metrics::Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  Counter c;
  c.counter_ = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_->families).Add(labels);
  return c;
}

Metrics::Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  Gauge g;
  g.gauge_ = &prometheus::BuildGauge().Name(name).Help(help).Register(registry_->families).Add(labels);
  return g;
}

Metrics::Histogram Metrics::histogram(const std::string& name, const std::string& help,
                                      const std::vector<double>& edges, const Labels& labels) {
  Histogram h;
  h.histogram_ = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_->families).Add(labels, edges);
  return h;
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_->families.Collect()); }

}  // namespace avatar
