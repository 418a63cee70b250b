// Metrics: counters, gauges and histograms with labels, written as Prometheus text (exposition format 0.0.4).
//
//   telemetry::Registry registry;
//   auto& requests = registry.counter("bascule_requests_total", "Requests served.", {"method", "code"});
//   telemetry::Counter& ok = requests.with({"get_product", "ok"});   // looked up once, kept
//   ok.add();
//
// What: a family is a name with label names; `with` gives the series of some label values. A family holds at
// most `max_series` series: further label values share one series whose labels are all "_other", and
// bascule_metrics_overflow_total counts how often, so that hostile or careless labels cost no memory.
// Errors: registering a name twice with another kind or other labels throws std::logic_error, as does a wrong
// number of label values. Names follow Prometheus: base units (seconds, bytes), counters end in _total.
// Lifetime: families and series live as long as the registry; keep references, not copies.
// Thread safety: any thread. Updates are relaxed atomics; `with` and text() take a lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::telemetry {

class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  /// For totals that are counted elsewhere and copied when collected. Must never go down.
  void set_total(std::uint64_t total) noexcept { value_.store(total, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) noexcept { value_.fetch_add(delta, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// OpenTelemetry's advice for durations in seconds.
const std::vector<double>& duration_buckets();

class Histogram {
 public:
  explicit Histogram(const std::vector<double>& bounds);
  void observe(double value) noexcept;
  std::uint64_t count() const noexcept;
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& bounds() const noexcept { return bounds_; }
  /// Observations at or under bound `i`, cumulative; i == bounds().size() is all of them.
  std::uint64_t at_or_under(std::size_t i) const noexcept;

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

using Labels = std::vector<std::string>;

template <class Metric>
class Family {
 public:
  /// The series of these label values, made at the first use; see above for what happens past the bound.
  Metric& with(const Labels& values);
  /// For a family without labels.
  Metric& one() { return with({}); }

 private:
  friend class Registry;
  Family(Labels names, std::size_t max_series, Counter& overflow, std::function<std::unique_ptr<Metric>()> make)
      : names_(std::move(names)), max_series_(max_series), overflow_(overflow), make_(std::move(make)) {}

  const Labels names_;
  const std::size_t max_series_;
  Counter& overflow_;
  std::function<std::unique_ptr<Metric>()> make_;
  mutable std::mutex mutex_;
  std::map<Labels, std::unique_ptr<Metric>> series_;
};

class Registry {
 public:
  explicit Registry(std::size_t max_series = 2000);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Family<Counter>& counter(std::string_view name, std::string_view help, Labels labels = {});
  Family<Gauge>& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Family<Histogram>& histogram(std::string_view name, std::string_view help, Labels labels = {},
                               const std::vector<double>& bounds = duration_buckets());
  /// Runs `update` at the start of every text(), on its thread: for gauges that are read off something else.
  void on_collect(std::function<void()> update);
  std::string text() const;

 private:
  struct Entry;
  Entry& entry(std::string_view name, std::string_view help, std::string_view kind, const Labels& labels);

  const std::size_t max_series_;
  mutable std::mutex mutex_;
  Counter overflow_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
  std::vector<std::function<void()>> updates_;
};

}  // namespace bascule::telemetry
