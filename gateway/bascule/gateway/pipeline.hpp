// The pipeline: every stage that a request goes through, in order. docs/life-of-a-request.md tells it as a
// story.
//
// A stage is a function in the file of its name under stages/. It looks at the exchange and says how to go on
// (Step). A stage that does not concern a request says `next`.
#pragma once

#include <array>
#include <string_view>

#include "bascule/gateway/exchange.hpp"

namespace bascule::gateway {

namespace stages {
Step identify(Exchange& exchange);
Step normalise(Exchange& exchange);
Step pages(Exchange& exchange);
Step envelope(Exchange& exchange);
Step route(Exchange& exchange);
Step authorise(Exchange& exchange);
Step media(Exchange& exchange);
Step compose(Exchange& exchange);
Step bind(Exchange& exchange);
Step encode(Exchange& exchange);
Step call(Exchange& exchange);
Step answer(Exchange& exchange);
}  // namespace stages

struct Stage {
  std::string_view name;
  Step (*run)(Exchange&);
};

// Before this list: framing (bascule/http). Behind it: metrics, access log and the response's bytes
// (Exchange::finish).
inline constexpr std::array pipeline{
    // Who and which: the trace that the request belongs to, its id. First, so that every refusal can be found
    // again.
    Stage{"identify", stages::identify},
    // The path, decoded once. Everything behind sees the same segments, so nothing is routed one way and
    // judged another.
    Stage{"normalise", stages::normalise},
    // The gateway's own paths: /livez /readyz /metrics /openapi.json /asyncapi.json.
    Stage{"pages", stages::pages},
    // POST /thrift/<service>: only the message's envelope is read; the stages for JSON let it pass.
    Stage{"envelope", stages::envelope},
    // Which route: 404, 405 with Allow, 503 for a service that is down. Fixes the deadline.
    Stage{"route", stages::route},
    // May it: what is not public needs a token. Before the body is looked at.
    Stage{"authorise", stages::authorise},
    // Is there a body where one belongs, and is it JSON: 400, 415.
    Stage{"media", stages::media},
    // Aggregates: fan out to other routes and merge. Ends the exchange.
    Stage{"compose", stages::compose},
    // Path, query, headers and cookies to the method's parameters.
    Stage{"bind", stages::bind},
    // JSON and parameters to a Thrift message, checked against the contract: 400 with a pointer.
    Stage{"encode", stages::encode},
    // Over AMQP to the service; waits for the reply or the deadline.
    Stage{"call", stages::call},
    // The reply as JSON, the declared exception or the failure as a problem.
    Stage{"answer", stages::answer},
};

}  // namespace bascule::gateway
