#include "bascule/gateway/pipeline.hpp"
#include "bascule/http/syntax.hpp"

namespace bascule::gateway::stages {
namespace {
constexpr std::size_t longest_id = 128;
}

Step identify(Exchange& exchange) {
  const http::Request& request = exchange.request();
  const auto given = telemetry::TraceContext::parse(request.value("traceparent"), request.value("tracestate"));
  exchange.trace = given ? given->child() : telemetry::TraceContext::make();
  exchange.trace_id = exchange.trace.trace_id();
  const std::string_view id = request.value("x-request-id");
  const bool usable = !id.empty() && id.size() <= longest_id && http::syntax::all_in(http::syntax::token, id);
  exchange.request_id = usable ? std::string(id) : exchange.trace_id;
  return Step::next;
}

}  // namespace bascule::gateway::stages
