#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {

Step normalise(Exchange& exchange) {
  const std::string_view raw = exchange.request().path();
  if (raw == "*") return Step::next;  // OPTIONS *: answered by route
  const routing::PathFault fault = exchange.path.normalise(raw);
  if (fault == routing::PathFault::none) return Step::next;
  return exchange.fail({400, "path", std::string(sentence(fault)), transcode::Source::reply, {}}, "DI");
}

}  // namespace bascule::gateway::stages
