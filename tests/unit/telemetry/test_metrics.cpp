#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/telemetry/metrics.hpp"

namespace bascule::telemetry {
namespace {

using testing::HasSubstr;

TEST(Metrics, WritesPrometheusText) {
  Registry registry;
  registry.counter("requests_total", "Requests\nserved.", {"code"}).with({"a\"b\\c\nd"}).add(3);
  registry.gauge("depth", "Depth.").one().set(1.5);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("# HELP requests_total Requests\\nserved.\n# TYPE requests_total counter\n"));
  EXPECT_THAT(text, HasSubstr("requests_total{code=\"a\\\"b\\\\c\\nd\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE depth gauge\ndepth 1.5\n"));
}

TEST(Metrics, HistogramBucketsAreCumulativeAndInclusive) {
  Registry registry;
  Histogram& histogram = registry.histogram("d_seconds", "D.", {"route"}, {0.1, 1}).with({"/"});
  for (const double value : {0.1, 0.5, 1.0, 7.0}) histogram.observe(value);
  EXPECT_THAT(registry.text(), HasSubstr("d_seconds_bucket{route=\"/\",le=\"0.1\"} 1\n"
                                         "d_seconds_bucket{route=\"/\",le=\"1\"} 3\n"
                                         "d_seconds_bucket{route=\"/\",le=\"+Inf\"} 4\n"
                                         "d_seconds_sum{route=\"/\"} 8.6\nd_seconds_count{route=\"/\"} 4\n"));
}

TEST(Metrics, PastTheBoundSeriesShareOneAndItIsCounted) {
  Registry registry(2);
  auto& family = registry.counter("c_total", "C.", {"k"});
  Counter& first = family.with({"1"});
  family.with({"2"}).add();
  family.with({"3"}).add();
  family.with({"4"}).add();
  EXPECT_EQ(&family.with({"1"}), &first);
  EXPECT_EQ(&family.with({"5"}), &family.with({"6"}));
  EXPECT_THAT(registry.text(), HasSubstr("c_total{k=\"_other\"} 2\n"));
  EXPECT_THAT(registry.text(), HasSubstr("bascule_metrics_overflow_total 4\n"));
}

TEST(Metrics, RegisteringTwiceGivesTheSameFamilyOrAnError) {
  Registry registry;
  EXPECT_EQ(&registry.counter("c_total", "C.", {"k"}), &registry.counter("c_total", "C.", {"k"}));
  EXPECT_THROW(registry.gauge("c_total", "C.", {"k"}), std::logic_error);
  EXPECT_THROW(registry.counter("c_total", "C.", {"other"}), std::logic_error);
  EXPECT_THROW(registry.counter("c_total", "C.", {"k"}).with({}), std::logic_error);
}

TEST(Metrics, CollectsBeforeWriting) {
  Registry registry;
  registry.on_collect([&registry] { registry.gauge("g", "G.").one().add(1); });
  EXPECT_THAT(registry.text(), HasSubstr("\ng 1\n"));
  EXPECT_THAT(registry.text(), HasSubstr("\ng 2\n"));
}

}  // namespace
}  // namespace bascule::telemetry
