// The documents that describe what is served: OpenAPI 3.1 of the HTTP side, AsyncAPI 3 of the events and
// calls. Thread safety: pure functions.
#pragma once

#include <string>

#include "bascule/gateway/routes.hpp"

namespace bascule::gateway {

/// Of every route and aggregate, of services that are up or down.
std::string openapi(const Routes& routes);
/// Of every event of the contracts, and of the services' addresses.
std::string asyncapi(const Routes& routes);

}  // namespace bascule::gateway
