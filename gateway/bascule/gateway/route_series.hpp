// RouteSeries: the metrics of one route template, found without a lock once a status was seen.
//
// http_server_request_duration_seconds{method, route, status} and
// bascule_gateway_service_duration_seconds{route}. Lifetime: the registry must outlive it. Thread safety: any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "bascule/telemetry/metrics.hpp"

namespace bascule::gateway {

class RouteSeries {
 public:
  RouteSeries(telemetry::Registry& registry, std::string method, std::string route);
  void observe(int status, double seconds);
  void observe_service(double seconds) { service_->observe(seconds); }

 private:
  telemetry::Registry& registry_;
  std::string method_, route_;
  telemetry::Histogram* service_;
  std::array<std::atomic<telemetry::Histogram*>, 500> by_status_{};  ///< status - 100
};

}  // namespace bascule::gateway
