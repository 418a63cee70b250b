// Routes: everything that the gateway serves at one moment, built from contracts and aggregates and then only
// read.
//
// What: one Routes object is swapped for the next when a service comes, goes or changes its contract. A
// service whose routes collide with those of one that is known for longer is refused whole, and said so;
// services that are up go before those that are down. Lifetime: shared; a request holds the one it started
// with. Thread safety: immutable.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bascule/contracts/registry.hpp"
#include "bascule/gateway/aggregate.hpp"
#include "bascule/gateway/route_series.hpp"
#include "bascule/gateway/settings.hpp"
#include "bascule/routing/table.hpp"
#include "bascule/transcode/method.hpp"

namespace bascule::gateway {

/// Where one binding of a route takes its text from. The position in Route::bindings is the binding's index.
struct BindingSource {
  thrift::Binding::In in = thrift::Binding::In::query;
  std::string name;          ///< of the parameter; lower case for headers
  std::size_t variable = 0;  ///< of a path binding: which of the template's variables
};

struct Route {
  std::string verb, path;  ///< the template
  std::string service, address;
  bool up = true;     ///< an instance of its service is there
  bool open = false;  ///< auth = "public"
  std::chrono::milliseconds timeout{0};
  std::shared_ptr<RouteSeries> series;

  // of a method
  contracts::DescriptorPtr contract;
  const thrift::Method* method = nullptr;
  const thrift::Route* http = nullptr;
  std::shared_ptr<const transcode::MethodPlan> plan;
  std::vector<BindingSource> bindings;

  // of an aggregate
  const Aggregate* aggregate = nullptr;  ///< null: a method

  bool takes_body() const noexcept { return http != nullptr && http->body.has_value(); }
};

struct Routes {
  routing::Table table;
  std::vector<std::unique_ptr<const Route>> all;
  std::map<std::string, contracts::ServiceState, std::less<>> services;
  std::shared_ptr<const std::vector<Aggregate>> aggregates;
  std::vector<std::string> refusals;  ///< sentences: which service was refused, and why
};

/// Keeps what is costly to make (plans, metric series) from one Routes to the next.
class RouteBuilder {
 public:
  RouteBuilder(const Settings& settings, telemetry::Registry& metrics,
               std::shared_ptr<const std::vector<Aggregate>> aggregates);
  std::shared_ptr<const Routes> build(std::vector<contracts::ServiceState> services);

 private:
  struct Compiled {
    contracts::DescriptorPtr contract;
    std::map<const thrift::Route*, std::shared_ptr<const transcode::MethodPlan>> plans;
  };
  void add_service(Routes& routes, const contracts::ServiceState& service);
  void add_aggregates(Routes& routes);
  std::unique_ptr<Route> make(const contracts::ServiceState& service, const thrift::Method& method,
                              const thrift::Route& http);
  const Compiled& compiled(const contracts::ServiceState& service);
  std::shared_ptr<RouteSeries> series(const std::string& verb, const std::string& path);

  const Settings& settings_;
  telemetry::Registry& metrics_;
  std::shared_ptr<const std::vector<Aggregate>> aggregates_;
  std::map<std::pair<std::string, std::string>, Compiled> compiled_;  ///< by service and digest
  std::map<std::string, std::shared_ptr<RouteSeries>> series_;        ///< by verb and template
};

}  // namespace bascule::gateway
