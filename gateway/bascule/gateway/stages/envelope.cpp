#include "bascule/thrift/envelope.hpp"
#include "bascule/gateway/pipeline.hpp"
#include "bascule/http/syntax.hpp"

namespace bascule::gateway::stages {
namespace {

Problem problem(int status, std::string code, std::string detail) {
  return {status, std::move(code), std::move(detail), transcode::Source::reply, {}};
}

// The content type decides; "application/x-thrift", which Apache's clients send whatever the protocol, and
// none at all leave it to the first byte.
std::optional<thrift::Encoding> encoding_of(const http::Request& request) {
  const std::string_view type = request.value("content-type");
  if (const auto known = thrift::encoding_of(type)) return *known == thrift::Encoding::json ? std::nullopt : known;
  const std::string_view name = http::syntax::trim(type.substr(0, type.find(';')));
  if (name.empty() || http::syntax::iequals(name, "application/x-thrift")) return thrift::sniff(request.body);
  return std::nullopt;
}

rpc::OutgoingCall make_call(const http::Request& request, const contracts::ServiceState& service,
                            const thrift::Method& method, thrift::Encoding encoding) {
  rpc::OutgoingCall call;
  call.address = service.address;
  call.method = method.name;
  call.body = request.body;
  call.encoding = encoding;
  call.oneway = method.oneway;
  call.options.idempotent = method.idempotent;
  return call;
}

Step pass_through(Exchange& exchange, const contracts::ServiceState& service) {
  const http::Request& request = exchange.request();
  const auto encoding = encoding_of(request);
  if (!encoding) {
    return exchange.fail(problem(415, "media_type",
                                 "send a Thrift message in the binary or compact protocol, as "
                                 "application/x-thrift or application/vnd.apache.thrift.binary or .compact"),
                         "DI");
  }
  const thrift::Envelope message = thrift::open_message(*encoding, request.body);
  const bool is_call = message.ok() && (message.header.type == thrift::MessageType::call ||
                                        message.header.type == thrift::MessageType::oneway);
  if (!is_call) return exchange.fail(problem(400, "thrift", "the body is not a Thrift CALL or ONEWAY message"), "DI");
  const thrift::Method* method = service.contract->service(service.name)->method(message.header.name);
  if (method == nullptr) {
    return exchange.fail(
        problem(501, "unimplemented", service.name + " has no method " + std::string(message.header.name)), "NR");
  }
  if (method->auth != "public") {
    exchange.response().add("www-authenticate", "Bearer");
    return exchange.fail(problem(401, "unauthenticated", "this method needs a token"), "UAEX");
  }
  const auto timeout =
      method->timeout_ms > 0 ? std::chrono::milliseconds(method->timeout_ms) : exchange.context().settings.timeout;
  exchange.thrift = true;
  exchange.deadline = Deadline::after(timeout);
  exchange.outgoing = make_call(request, service, *method, *encoding);
  return Step::next;
}

}  // namespace

Step envelope(Exchange& exchange) {
  const auto& segments = exchange.path.segments;
  if (segments.size() != 2 || segments[0] != "thrift") return Step::next;
  exchange.routes = exchange.context().routes;
  const auto service = exchange.routes->services.find(segments[1]);
  if (service == exchange.routes->services.end()) {
    return exchange.fail(problem(404, "service_not_found", "there is no service " + std::string(segments[1])), "NR");
  }
  exchange.service = service->first;
  if (exchange.request().method != "POST") {
    exchange.response().add("allow", "POST");
    return exchange.fail(problem(405, "method_not_allowed", "a Thrift message is sent with POST"), "NR");
  }
  if (!service->second.up) {
    exchange.response().add("retry-after", "1");
    return exchange.fail(problem(503, "service_down", service->first + " is stopped: no instance of it is running"),
                         "UH");
  }
  return pass_through(exchange, service->second);
}

}  // namespace bascule::gateway::stages
