#include "bascule/gateway/route_series.hpp"

namespace bascule::gateway {
namespace {

telemetry::Family<telemetry::Histogram>& durations(telemetry::Registry& registry) {
  return registry.histogram("http_server_request_duration_seconds", "From a request's first byte to its response.",
                            {"http_request_method", "http_route", "http_response_status_code"});
}

}  // namespace

RouteSeries::RouteSeries(telemetry::Registry& registry, std::string method, std::string route)
    : registry_(registry),
      method_(std::move(method)),
      route_(std::move(route)),
      service_(&registry
                    .histogram("bascule_gateway_service_duration_seconds",
                               "From sending a call to its reply, as the gateway sees it.", {"http_route"})
                    .with({route_})) {}

void RouteSeries::observe(int status, double seconds) {
  const auto index = static_cast<std::size_t>(status < 100 || status > 599 ? 500 - 100 : status - 100);
  telemetry::Histogram* histogram = by_status_[index].load(std::memory_order_acquire);
  if (histogram == nullptr) {
    histogram = &durations(registry_).with({method_, route_, std::to_string(index + 100)});
    by_status_[index].store(histogram, std::memory_order_release);
  }
  histogram->observe(seconds);
}

}  // namespace bascule::gateway
