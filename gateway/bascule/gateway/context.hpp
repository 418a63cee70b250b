// Context: what all exchanges of one loop share.
// Lifetime: it outlives the listener and so every exchange. Thread safety: the loop's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bascule/gateway/access_log.hpp"
#include "bascule/gateway/routes.hpp"
#include "bascule/gateway/settings.hpp"
#include "bascule/gateway/upstream.hpp"

namespace bascule::gateway {

/// What the gateway says of itself on its own paths.
struct Pages {
  std::function<std::string()> not_ready;  ///< why it is not ready; empty when it is
  std::function<std::string()> metrics;    ///< Prometheus text
};

struct Context {
  const Settings& settings;
  telemetry::Registry& metrics;
  Upstream& upstream;
  Pages pages;
  AccessLog* log = nullptr;  ///< null: no access log
  std::shared_ptr<const Routes> routes;
  transcode::Workspace workspace;
  std::shared_ptr<RouteSeries> unrouted;  ///< series of requests that no route was found for
  telemetry::Gauge* active = nullptr;     ///< requests being answered
};

}  // namespace bascule::gateway
