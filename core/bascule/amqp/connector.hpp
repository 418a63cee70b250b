// How amqp::Client gets a stream to the broker: by a Unix socket, by TCP, or by TLS on TCP, as the URL says.
//
// Lifetime: the loop outlives the connector and its attempts. Thread safety: the loop's thread.
#pragma once

#include <functional>

#include "bascule/amqp/stream.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::amqp {

struct Url;

/// Makes a stream to the broker, or says why not; `done` runs once, never inside the call, and not after the returned cancel
/// function ran.
using Connector = std::function<std::function<void()>(StreamDone done)>;

/// The connector for a URL. Throws when its certificates cannot be read; they are read anew for each attempt, so that
/// renewed ones are taken without a restart. A Unix socket whose listener does not accept is `would_block`.
Connector connector_for(Loop& loop, const Url& url);

}  // namespace bascule::amqp
