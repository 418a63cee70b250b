#include "bascule/gateway/documents.hpp"
#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

Step page(Exchange& exchange, std::string body, std::string_view type, int status = 200) {
  exchange.response().body = std::move(body);
  exchange.response().add("cache-control", "no-store");
  return exchange.answer(status, type);
}

Step ready(Exchange& exchange) {
  const std::string why = exchange.context().pages.not_ready();
  return why.empty() ? page(exchange, "ready\n", plain_text) : page(exchange, why + "\n", plain_text, 503);
}

}  // namespace

Step pages(Exchange& exchange) {
  if (exchange.path.segments.size() != 1) return Step::next;
  const std::string_view name = exchange.path.segments.front();
  if (name != "livez" && name != "readyz" && name != "metrics" && name != "openapi.json" && name != "asyncapi.json") {
    return Step::next;
  }
  if (exchange.request().method != "GET" && exchange.request().method != "HEAD") {
    exchange.response().add("allow", "GET, HEAD");
    return exchange.fail({405, "method_not_allowed", "this page is read with GET", transcode::Source::reply, {}}, "NR");
  }
  if (name == "livez") return page(exchange, "alive\n", plain_text);
  if (name == "readyz") return ready(exchange);
  if (name == "metrics")
    return page(exchange, exchange.context().pages.metrics(), "text/plain; version=0.0.4; charset=utf-8");
  const Routes& routes = *exchange.context().routes;
  return page(exchange, name == "openapi.json" ? openapi(routes) : asyncapi(routes), "application/json");
}

}  // namespace bascule::gateway::stages
