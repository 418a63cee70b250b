#include "bascule/gateway/composition.hpp"
#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {

Step compose(Exchange& exchange) {
  if (exchange.thrift || exchange.route->aggregate == nullptr) return Step::next;
  if (!exchange.request().query().empty()) {
    return exchange.fail({400, "unknown_parameter", "an aggregate takes no query parameters", transcode::Source::query,
                          std::string(exchange.request().query())},
                         "DI");
  }
  exchange.composition = std::make_unique<Composition>(exchange);
  return exchange.composition->start();
}

}  // namespace bascule::gateway::stages
