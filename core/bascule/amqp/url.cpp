#include "bascule/amqp/url.hpp"

#include <boost/url/host_type.hpp>
#include <boost/url/parse.hpp>
#include <stdexcept>

namespace bascule::amqp {

Url Url::parse(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->scheme() != "amqp" || parsed->host().empty()) {
    throw std::invalid_argument("the broker's address is not of the form amqp://[user:password@]host[:port]");
  }
  Url url;
  url.host = parsed->host_type() == boost::urls::host_type::ipv6 ? parsed->host_address() : parsed->host();
  if (parsed->has_port() && !parsed->port().empty()) url.port = std::string(parsed->port());
  url.user = parsed->user();
  url.password = parsed->password();
  return url;
}

}  // namespace bascule::amqp
