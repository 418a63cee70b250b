#include "bascule/gateway/method_call.hpp"
#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {

Step bind(Exchange& exchange) {
  if (exchange.thrift) return Step::next;
  if (!exchange.query.parse(exchange.request().query())) {
    return exchange.fail(
        {400, "query", "the query must be percent-encoded UTF-8 without control characters, at most 256 pairs",
         transcode::Source::query, ""},
        "DI");
  }
  const ParameterSources sources{exchange.match.values, exchange.query, &exchange.request()};
  auto problem =
      gateway::bind(*exchange.route, sources, exchange.context().settings.ignore_unknown, exchange.parameters);
  return problem ? exchange.fail(*std::move(problem), "DI") : Step::next;
}

}  // namespace bascule::gateway::stages
