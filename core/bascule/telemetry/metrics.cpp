#include "bascule/telemetry/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace bascule::telemetry {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char digits[32];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, result.ptr};
}

// Label values and help texts escape backslash and newline; label values the quote as well.
std::string escaped(std::string_view text, bool quote) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\\\";
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '"' && quote) {
      result += "\\\"";
    } else {
      result += c;
    }
  }
  return result;
}

// {a="1",b="2"} with an optional last pair (a histogram's le).
std::string label_text(const Labels& names, const Labels& values, std::string_view bound = {}) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (text.empty() ? "" : ",") + names[i] + "=\"" + escaped(values[i], true) + '"';
  }
  if (!bound.empty()) text += (text.empty() ? "" : ",") + std::string("le=\"") + std::string(bound) + '"';
  return text.empty() ? text : "{" + text + "}";
}

void write(std::string& out, std::string_view name, const Labels& names, const Labels& values, const Counter& metric) {
  out.append(name).append(label_text(names, values)).append(" ").append(std::to_string(metric.value())).append("\n");
}
void write(std::string& out, std::string_view name, const Labels& names, const Labels& values, const Gauge& metric) {
  out.append(name).append(label_text(names, values)).append(" ").append(number(metric.value())).append("\n");
}
void write(std::string& out, std::string_view name, const Labels& names, const Labels& values,
           const Histogram& metric) {
  const auto& bounds = metric.bounds();
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    const std::string bound = i == bounds.size() ? "+Inf" : number(bounds[i]);
    out.append(name).append("_bucket").append(label_text(names, values, bound)).append(" ");
    out.append(std::to_string(metric.at_or_under(i))).append("\n");
  }
  const std::string labels = label_text(names, values);
  out.append(name).append("_sum").append(labels).append(" ").append(number(metric.sum())).append("\n");
  out.append(name).append("_count").append(labels).append(" ").append(std::to_string(metric.count())).append("\n");
}

}  // namespace

const std::vector<double>& duration_buckets() {
  static const std::vector<double> bounds{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
  return bounds;
}

Histogram::Histogram(const std::vector<double>& bounds) : bounds_(bounds), buckets_(bounds.size() + 1) {}

void Histogram::observe(double value) noexcept {
  // A bucket holds what is at or under its bound; NaN falls into the last one.
  const auto at = std::isnan(value) ? bounds_.end() : std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::at_or_under(std::size_t i) const noexcept {
  std::uint64_t total = 0;
  for (std::size_t j = 0; j <= i && j < buckets_.size(); ++j) total += buckets_[j].load(std::memory_order_relaxed);
  return total;
}

std::uint64_t Histogram::count() const noexcept { return at_or_under(bounds_.size()); }

template <class Metric>
Metric& Family<Metric>::with(const Labels& values) {
  if (values.size() != names_.size()) throw std::logic_error("metrics: label values do not fit the label names");
  const std::lock_guard lock(mutex_);
  if (const auto it = series_.find(values); it != series_.end()) return *it->second;
  if (series_.size() < max_series_) return *series_.emplace(values, make_()).first->second;
  overflow_.add();
  auto& other = series_[Labels(names_.size(), "_other")];
  if (!other) other = make_();
  return *other;
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

struct Registry::Entry {
  std::string help, kind;
  Labels labels;
  std::unique_ptr<Family<Counter>> counter;
  std::unique_ptr<Family<Gauge>> gauge;
  std::unique_ptr<Family<Histogram>> histogram;
};

Registry::Registry(std::size_t max_series) : max_series_(max_series) {}
Registry::~Registry() = default;

Registry::Entry& Registry::entry(std::string_view name, std::string_view help, std::string_view kind,
                                 const Labels& labels) {
  auto& slot = entries_[std::string(name)];
  if (!slot) {
    slot = std::make_unique<Entry>();
    slot->help = help;
    slot->kind = kind;
    slot->labels = labels;
  } else if (slot->kind != kind || slot->labels != labels) {
    throw std::logic_error("metrics: " + std::string(name) + " is registered twice and differently");
  }
  return *slot;
}

Family<Counter>& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& family = entry(name, help, "counter", labels).counter;
  if (!family) {
    family.reset(
        new Family<Counter>(std::move(labels), max_series_, overflow_, [] { return std::make_unique<Counter>(); }));
  }
  return *family;
}

Family<Gauge>& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& family = entry(name, help, "gauge", labels).gauge;
  if (!family) {
    family.reset(
        new Family<Gauge>(std::move(labels), max_series_, overflow_, [] { return std::make_unique<Gauge>(); }));
  }
  return *family;
}

Family<Histogram>& Registry::histogram(std::string_view name, std::string_view help, Labels labels,
                                       const std::vector<double>& bounds) {
  const std::lock_guard lock(mutex_);
  auto& family = entry(name, help, "histogram", labels).histogram;
  if (!family) {
    family.reset(new Family<Histogram>(std::move(labels), max_series_, overflow_,
                                       [bounds] { return std::make_unique<Histogram>(bounds); }));
  }
  return *family;
}

void Registry::on_collect(std::function<void()> update) {
  const std::lock_guard lock(mutex_);
  updates_.push_back(std::move(update));
}

std::string Registry::text() const {
  std::vector<std::function<void()>> updates;
  {
    const std::lock_guard lock(mutex_);
    updates = updates_;
  }
  for (const auto& update : updates) update();  // without the lock: an update may ask the registry for series

  const std::lock_guard lock(mutex_);
  std::string out;
  const auto family = [&out](const std::string& name, const Entry& about, const auto& series) {
    const std::lock_guard series_lock(series.mutex_);
    out.append("# HELP ").append(name).append(" ").append(escaped(about.help, false)).append("\n");
    out.append("# TYPE ").append(name).append(" ").append(about.kind).append("\n");
    for (const auto& [values, metric] : series.series_) write(out, name, about.labels, values, *metric);
  };
  for (const auto& [name, about] : entries_) {
    if (about->counter) family(name, *about, *about->counter);
    if (about->gauge) family(name, *about, *about->gauge);
    if (about->histogram) family(name, *about, *about->histogram);
  }
  out += "# HELP bascule_metrics_overflow_total Look-ups that met a family's bound on series.\n";
  out += "# TYPE bascule_metrics_overflow_total counter\nbascule_metrics_overflow_total ";
  return out + std::to_string(overflow_.value()) + "\n";
}

}  // namespace bascule::telemetry
