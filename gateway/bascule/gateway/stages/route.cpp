#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {
namespace {

Problem problem(int status, std::string code, std::string detail) {
  return {status, std::move(code), std::move(detail), transcode::Source::reply, {}};
}

// HEAD is served wherever GET is, OPTIONS everywhere.
std::string allowed(const routing::Match& match) {
  std::string text;
  for (const std::string_view method : match.allowed) {
    text.append(text.empty() ? "" : ", ").append(method);
    if (method == "GET") text.append(", HEAD");
  }
  return text + ", OPTIONS";
}

Step no_method(Exchange& exchange) {
  const std::string methods = allowed(exchange.match);
  exchange.response().add("allow", methods);
  if (exchange.request().method == "OPTIONS") return exchange.answer(204, "");
  return exchange.fail(problem(405, "method_not_allowed", "this path is served with " + methods), "NR");
}

}  // namespace

Step route(Exchange& exchange) {
  if (exchange.thrift) return Step::next;
  const std::string_view method = exchange.request().method;
  if (exchange.request().path() == "*") return exchange.answer(204, "");
  exchange.routes = exchange.context().routes;
  exchange.routes->table.find(method == "HEAD" ? "GET" : method, exchange.path, exchange.match);
  switch (exchange.match.kind) {
    case routing::Match::Kind::found: break;
    case routing::Match::Kind::no_method: return no_method(exchange);
    case routing::Match::Kind::no_path:
      return exchange.fail(
          problem(404, "route_not_found", "there is nothing at this path; /openapi.json lists what there is"), "NR");
  }
  exchange.route = exchange.routes->all[exchange.match.route].get();
  exchange.service = exchange.route->service;
  exchange.deadline = Deadline::after(exchange.route->timeout);
  if (exchange.route->up) return Step::next;
  exchange.response().add("retry-after", "1");
  return exchange.fail(
      problem(503, "service_down", exchange.route->service + " is stopped: no instance of it is running"), "UH");
}

}  // namespace bascule::gateway::stages
