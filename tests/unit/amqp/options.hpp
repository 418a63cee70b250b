// The two sides of a connection, as most tests of the engine have them.
#pragma once

#include "bascule/amqp/engine.hpp"

namespace bascule::test {

inline amqp::EngineOptions options(bool server) {
  amqp::EngineOptions o;
  o.server = server;
  o.container_id = server ? "server" : "client";
  return o;
}

}  // namespace bascule::test
