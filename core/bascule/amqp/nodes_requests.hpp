// Declarations as requests, as both of RabbitMQ's interfaces take them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "bascule/profile/profile.hpp"

namespace bascule::amqp::nodes {

/// "queue rpc.shop.Catalog", for errors.
std::string describe(const profile::Declaration& wanted);

/// RabbitMQ 4: an AMQP message to /management. `number` becomes the message-id, and comes back as the correlation-id.
void encode_amqp(const profile::Declaration& wanted, std::uint64_t number, std::string& out);

struct HttpRequest {
  std::string method, target, body;
};
/// RabbitMQ 3: the management plugin's interface.
HttpRequest http_request(const profile::Declaration& wanted, std::string_view vhost);

}  // namespace bascule::amqp::nodes
