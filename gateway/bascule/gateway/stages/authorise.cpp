#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway::stages {

// Nothing is public by omission: a method must say auth = "public", or it needs a token. No issuer of tokens
// can be configured yet, so no token is valid.
Step authorise(Exchange& exchange) {
  if (exchange.thrift || exchange.route->open) return Step::next;
  const bool presented = exchange.request().find("authorization") != nullptr;
  exchange.response().add("www-authenticate", presented ? "Bearer error=\"invalid_token\"" : "Bearer");
  return exchange.fail({401, "unauthenticated", "this route needs a valid token", transcode::Source::reply, {}},
                       "UAEX");
}

}  // namespace bascule::gateway::stages
