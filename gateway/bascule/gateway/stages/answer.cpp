#include "bascule/gateway/method_call.hpp"
#include "bascule/gateway/pipeline.hpp"
#include "bascule/thrift/envelope.hpp"

namespace bascule::gateway::stages {
namespace {

std::string_view flags_of(Errc code) {
  switch (code) {
    case Errc::deadline_exceeded: return "UT";
    case Errc::resource_exhausted: return "UO";
    case Errc::unavailable: return "UF";
    default: return "UR";
  }
}

// A failure goes back as Thrift's own exception when the service sent one, under the status that says the
// same.
Step answer_thrift(Exchange& exchange) {
  rpc::Reply& reply = exchange.reply;
  const int status = status_of(reply.error);
  if (reply.error != Errc::ok && reply.body.empty()) {
    return exchange.fail(from_failure(reply.error, reply.message, exchange.service), flags_of(reply.error));
  }
  if (reply.error != Errc::ok) exchange.flags = flags_of(reply.error);
  if (reply.body.empty()) return exchange.answer(202, "");  // oneway
  exchange.response().body = std::move(reply.body);
  return exchange.answer(status, rpc::content_type(reply.encoding));
}

}  // namespace

Step answer(Exchange& exchange) {
  if (exchange.thrift) return answer_thrift(exchange);
  http::Response& response = exchange.response();
  Outcome outcome = decode(*exchange.route, exchange.reply, exchange.trace_id, response.body);
  if (outcome.problem) {
    if (outcome.status == 503 || outcome.status == 429) response.add("retry-after", "1");
    return exchange.fail(*std::move(outcome.problem), flags_of(exchange.reply.error));
  }
  return exchange.answer(outcome.status, outcome.exception ? problem_type : outcome.json ? "application/json" : "");
}

}  // namespace bascule::gateway::stages
