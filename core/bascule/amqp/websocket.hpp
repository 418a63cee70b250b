// AMQP over WebSocket (RFC 6455, subprotocol "amqp", binary messages), in the clear or over TLS.
//
// The stream is what the messages hold, one behind the other; where one ends means nothing. A request that is no upgrade,
// lacks the subprotocol, or comes from a web page of an origin that was not allowed is answered 400, 403 or 426 and
// closed: a page anywhere could otherwise talk to a broker on its reader's machine.
// Bounds: the request's header 8 KiB, no compression; time is the caller's. Thread safety: the loop's thread.
#pragma once

#include <vector>

#include "bascule/amqp/tls.hpp"

namespace bascule::amqp {

struct WebSocketOptions {
  /// "https://console.example"; "*": any. What always passes: requests without Origin, and those whose Origin is the
  /// address (or localhost) that they were sent to.
  std::vector<std::string> origins{};
};

/// TLS first unless `context` is null. `done` runs once, later; the returned function ends it.
std::function<void()> websocket_accept(asio::ip::tcp::socket socket, std::shared_ptr<TlsContext> context,
                                       std::shared_ptr<TlsWorkers> workers, WebSocketOptions options, StreamDone done);

}  // namespace bascule::amqp
