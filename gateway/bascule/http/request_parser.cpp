#include "bascule/http/request_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <limits>

namespace bascule::http {
namespace {
std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }
}  // namespace

RequestParser::RequestParser(Request& request) : request_(request) {
  // The guard bounds both already; Beast's own bounds would only answer with the wrong status.
  header_limit(std::numeric_limits<std::uint32_t>::max());
  body_limit(boost::none);
}

bool RequestParser::read(std::string_view head) {
  error_code error;
  const std::size_t used = put(boost::asio::const_buffer(head.data(), head.size()), error);
  request_.keep_alive = !error && is_header_done() && keep_alive();
  return !error && used == head.size() && is_header_done();
}

void RequestParser::on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                                    error_code&) {
  request_.method = view(method);
  request_.target = view(target);
  request_.http_1_0 = version == 10;
}

void RequestParser::on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) {
  request_.fields.push_back({view(name), view(value)});
}

}  // namespace bascule::http
