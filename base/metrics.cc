// base/metrics.cc -- the list of metrics, and its two printed forms.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/metrics.hh"

#include <algorithm>
#include <mutex>
#include <vector>

namespace base {

namespace {

struct Registry {
  std::mutex mutex;
  std::vector<const Metric*> metrics;
};

Registry& registry() {
  static Registry the_registry;
  return the_registry;
}

// By name, then labels: samples of one family must stand together.
std::vector<const Metric*> sorted_metrics() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<const Metric*> metrics = all.metrics;
  std::sort(metrics.begin(), metrics.end(), [](const Metric* a, const Metric* b) {
    return a->name() != b->name() ? a->name() < b->name() : a->labels() < b->labels();
  });
  return metrics;
}

void append_head(std::string& text, const Metric& metric) {
  text.append("# TYPE ").append(metric.name()).append(" ").append(metric.type()).append("\n");
  text.append("# HELP ").append(metric.name()).append(" ").append(metric.help()).append("\n");
}

void append_sample(std::string& text, const Metric& metric, std::string_view labels,
                   std::int64_t value) {
  text += metric.name();
  if (metric.type() == "counter") {
    text += "_total";
  }
  if (!labels.empty()) {
    text.append("{").append(labels).append("}");
  }
  text.append(" ").append(std::to_string(value)).append("\n");
}

}  // namespace

Metric::Metric(std::string_view name, std::string_view help, std::string_view labels)
    : name_(name), help_(help), labels_(labels) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.metrics.push_back(this);
}

void Metric::append_samples(std::string& text) const {
  append_sample(text, *this, labels_, value());
}

CounterFamily::Child& CounterFamily::with(std::string_view labels) {
  const std::lock_guard lock(mutex_);
  auto at = children_.find(labels);
  if (at == children_.end()) {
    at = children_.emplace(labels, std::make_unique<Child>()).first;
  }
  return *at->second;
}

std::int64_t CounterFamily::value() const {
  const std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& [labels, child] : children_) {
    sum += child->value();
  }
  return sum;
}

void CounterFamily::append_samples(std::string& text) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [labels, child] : children_) {
    append_sample(text, *this, labels, child->value());
  }
}

std::string open_metrics_text() {
  std::string text;
  std::string_view family;
  for (const Metric* metric : sorted_metrics()) {
    if (metric->name() != family) {
      family = metric->name();
      append_head(text, *metric);
    }
    metric->append_samples(text);
  }
  text += "# EOF\n";
  return text;
}

std::string metrics_markdown() {
  std::string text = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n";
  for (const Metric* metric : sorted_metrics()) {
    text.append("| ").append(metric->name()).append(" | ").append(metric->type());
    text.append(" | ").append(metric->labels()).append(" | ").append(metric->help());
    text.append(" |\n");
  }
  return text;
}

}  // namespace base
