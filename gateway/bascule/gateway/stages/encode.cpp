#include "bascule/gateway/method_call.hpp"
#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {

Step encode(Exchange& exchange) {
  if (exchange.thrift) return Step::next;
  Problem problem;
  exchange.outgoing.emplace();
  const bool written = gateway::encode(*exchange.route, exchange.request().body, exchange.parameters,
                                       exchange.context().workspace, *exchange.outgoing, problem);
  return written ? Step::next : exchange.fail(std::move(problem), "DI");
}

}  // namespace bascule::gateway::stages
