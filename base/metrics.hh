// base/metrics.hh -- counters and gauges, declared with their help text where they count.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A metric is an object of static storage duration; it enters the process's list when it is made.
// Names are `<room>_<noun>_<unit>`, a counter's sample gets `_total` behind it. docs/metrics.md is
// printed from the list. Counting is one relaxed atomic add, from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace base {

class Metric {
 public:
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  Metric(Metric&&) = delete;
  Metric& operator=(Metric&&) = delete;

  std::string_view name() const { return name_; }
  std::string_view help() const { return help_; }
  std::string_view labels() const { return labels_; }
  virtual std::string_view type() const = 0;  // "counter" or "gauge"
  virtual std::int64_t value() const = 0;
  // The metric's lines in OpenMetrics text.
  virtual void append_samples(std::string& text) const;

 protected:
  // `labels` is OpenMetrics text without braces (`verdict="defer"`), or empty. All three must live
  // as long as the process.
  Metric(std::string_view name, std::string_view help, std::string_view labels);
  ~Metric() = default;

 private:
  std::string_view name_;
  std::string_view help_;
  std::string_view labels_;
};

class Counter final : public Metric {
 public:
  explicit Counter(std::string_view name, std::string_view help, std::string_view labels = {})
      : Metric(name, help, labels) {}
  void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::string_view type() const override { return "counter"; }
  std::int64_t value() const override { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

class Gauge final : public Metric {
 public:
  explicit Gauge(std::string_view name, std::string_view help, std::string_view labels = {})
      : Metric(name, help, labels) {}
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::string_view type() const override { return "gauge"; }
  std::int64_t value() const override { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Counters of one name whose labels are known at run time alone: a DNS list of the settings. Keep
// the number of label values bounded; none is ever forgotten.
class CounterFamily final : public Metric {
 public:
  // `labels` is for the documentation: "zone, outcome=hit|miss".
  CounterFamily(std::string_view name, std::string_view help, std::string_view labels)
      : Metric(name, help, labels) {}

  class Child {
   public:
    void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::int64_t> value_{0};
  };
  // The counter of these labels, OpenMetrics text without braces whose values need no escaping;
  // made at the first call, valid as long as the process.
  Child& with(std::string_view labels);

  std::string_view type() const override { return "counter"; }
  std::int64_t value() const override;  // the sum
  void append_samples(std::string& text) const override;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Child>, std::less<>> children_{};
};

// Every metric of the process in OpenMetrics text form, ending in "# EOF\n".
std::string open_metrics_text();

// The same list as a Markdown table for docs/metrics.md.
std::string metrics_markdown();

}  // namespace base
