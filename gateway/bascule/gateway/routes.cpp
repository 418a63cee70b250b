#include "bascule/gateway/routes.hpp"

#include <algorithm>

#include "bascule/http/syntax.hpp"

namespace bascule::gateway {
namespace {

std::vector<BindingSource> sources_of(const thrift::Route& http, const routing::Template& path) {
  const auto variables = path.variables();
  std::vector<BindingSource> sources;
  for (const thrift::Binding& binding : http.bindings) {
    BindingSource source{binding.in, binding.name, 0};
    if (binding.in == thrift::Binding::In::path) {
      const auto at = std::find(variables.begin(), variables.end(), binding.name);
      if (at == variables.end()) {
        throw Error(Errc::invalid_argument, http.path + " has no variable {" + binding.name + "}");
      }
      source.variable = static_cast<std::size_t>(at - variables.begin());
    } else if (binding.in == thrift::Binding::In::header) {
      std::transform(source.name.begin(), source.name.end(), source.name.begin(), http::syntax::lower);
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace

RouteBuilder::RouteBuilder(const Settings& settings, telemetry::Registry& metrics,
                           std::shared_ptr<const std::vector<Aggregate>> aggregates)
    : settings_(settings), metrics_(metrics), aggregates_(std::move(aggregates)) {}

std::shared_ptr<const Routes> RouteBuilder::build(std::vector<contracts::ServiceState> services) {
  auto routes = std::make_shared<Routes>();
  routes->aggregates = aggregates_;
  add_aggregates(*routes);
  std::sort(services.begin(), services.end(),
            [](const auto& a, const auto& b) { return a.up != b.up ? a.up : a.order < b.order; });
  for (const contracts::ServiceState& service : services) {
    if (service.contract) add_service(*routes, service);
  }
  // What no service in sight needs any more is let go.
  std::erase_if(compiled_, [&services](const auto& entry) {
    return std::none_of(services.begin(), services.end(), [&entry](const contracts::ServiceState& service) {
      return service.name == entry.first.first && service.contract && service.contract->digest == entry.first.second;
    });
  });
  return routes;
}

void RouteBuilder::add_aggregates(Routes& routes) {
  for (const Aggregate& aggregate : *aggregates_) {
    auto route = std::make_unique<Route>();
    route->verb = "GET";
    route->path = aggregate.path;
    route->service = "gateway";
    route->open = true;  // as much as its parts are: each is authorised on its own
    route->timeout = aggregate.timeout;
    route->series = series("GET", aggregate.path);
    route->aggregate = &aggregate;
    routes.table.add("GET", aggregate.variables, static_cast<routing::RouteId>(routes.all.size()));
    routes.all.push_back(std::move(route));
  }
}

// All of a service's routes, or none: half an API is worse than a clear refusal.
void RouteBuilder::add_service(Routes& routes, const contracts::ServiceState& service) {
  try {
    std::vector<std::unique_ptr<Route>> made;
    std::vector<routing::Template> templates;
    routing::Table own;
    for (const thrift::Method& method : service.contract->service(service.name)->methods) {
      for (const thrift::Route& http : method.http) {
        const auto path = routing::Template::parse(http.path);
        if (const auto other = routes.table.conflict(http.verb, path)) {
          const Route& owner = *routes.all[*other];
          throw Error(Errc::invalid_argument, http.verb + " " + http.path + " of " + method.name + " is taken by " +
                                                  owner.service + " (" + owner.path + ")");
        }
        if (own.conflict(http.verb, path)) {
          throw Error(Errc::invalid_argument, http.verb + " " + http.path + " is there twice");
        }
        own.add(http.verb, path, 0);
        made.push_back(make(service, method, http));
        templates.push_back(path);
      }
    }
    for (std::size_t i = 0; i < made.size(); ++i) {
      routes.table.add(made[i]->verb, templates[i], static_cast<routing::RouteId>(routes.all.size()));
      routes.all.push_back(std::move(made[i]));
    }
    routes.services.emplace(service.name, service);
  } catch (const Error& error) {
    routes.refusals.push_back("contract of " + service.name + " (" + service.contract->digest + "): " + error.what());
  }
}

std::unique_ptr<Route> RouteBuilder::make(const contracts::ServiceState& service, const thrift::Method& method,
                                          const thrift::Route& http) {
  const Compiled& contract = compiled(service);
  auto route = std::make_unique<Route>();
  route->verb = http.verb;
  route->path = http.path;
  route->service = service.name;
  route->address = service.address;
  route->up = service.up;
  route->open = method.auth == "public";
  route->timeout = method.timeout_ms > 0 ? std::chrono::milliseconds(method.timeout_ms) : settings_.timeout;
  route->series = series(http.verb, http.path);
  route->contract = contract.contract;
  route->method = &method;
  route->http = &http;
  route->plan = contract.plans.at(&http);
  route->bindings = sources_of(http, routing::Template::parse(http.path));
  return route;
}

const RouteBuilder::Compiled& RouteBuilder::compiled(const contracts::ServiceState& service) {
  const auto key = std::pair(service.name, service.contract->digest);
  const auto found = compiled_.find(key);
  if (found != compiled_.end() && found->second.contract == service.contract) return found->second;
  Compiled made;
  made.contract = service.contract;
  transcode::Options options;
  options.ignore_unknown = settings_.ignore_unknown;
  const auto schema = transcode::Schema::make(service.contract);
  for (const thrift::Method& method : service.contract->service(service.name)->methods) {
    for (const thrift::Route& http : method.http) {
      made.plans[&http] = std::make_shared<const transcode::MethodPlan>(schema, method, &http, options);
    }
  }
  return compiled_.insert_or_assign(key, std::move(made)).first->second;
}

std::shared_ptr<RouteSeries> RouteBuilder::series(const std::string& verb, const std::string& path) {
  auto& slot = series_[verb + " " + path];
  if (!slot) slot = std::make_shared<RouteSeries>(metrics_, verb, path);
  return slot;
}

}  // namespace bascule::gateway
