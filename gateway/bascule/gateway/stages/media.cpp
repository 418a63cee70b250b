#include "bascule/gateway/pipeline.hpp"
#include "bascule/http/syntax.hpp"

namespace bascule::gateway::stages {
namespace {

using http::syntax::iequals;
using http::syntax::trim;

// application/json, with charset=utf-8 or none: RFC 8259 knows no other.
bool is_json(std::string_view type) {
  const std::size_t semicolon = type.find(';');
  if (!iequals(trim(type.substr(0, semicolon)), "application/json")) return false;
  if (semicolon == std::string_view::npos) return true;
  const std::string_view parameter = trim(type.substr(semicolon + 1));
  return iequals(parameter, "charset=utf-8") || iequals(parameter, "charset=\"utf-8\"");
}

}  // namespace

Step media(Exchange& exchange) {
  if (exchange.thrift) return Step::next;
  const http::Request& request = exchange.request();
  const std::string_view coding = request.value("content-encoding");
  if (!coding.empty() && !iequals(coding, "identity")) {
    return exchange.fail(
        {415, "content_encoding", "send the body without a content coding", transcode::Source::reply, {}}, "DI");
  }
  if (request.body.empty()) return Step::next;
  if (!exchange.route->takes_body()) {
    return exchange.fail({400, "unexpected_body", "this route takes no body", transcode::Source::body, ""}, "DI");
  }
  if (is_json(request.value("content-type"))) return Step::next;
  return exchange.fail(
      {415, "media_type", "send JSON, with the field content-type: application/json", transcode::Source::reply, {}},
      "DI");
}

}  // namespace bascule::gateway::stages
