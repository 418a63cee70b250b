// AdminServer: /livez, /readyz and /metrics over HTTP/1.1, for probes and Prometheus. Not for the public: bind to loopback.
//
// Bounds: requests of at most 8 KiB without a body, one at a time on a connection, 10 s each, 64 connections.
// Thread safety: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bascule/loop/loop.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule {

class AdminServer {
 public:
  /// `not_ready` says why the process is not ready, empty when it is. Throws boost::system::system_error when it cannot listen.
  AdminServer(Loop& loop, const std::string& listen, const telemetry::Registry& metrics,
              std::function<std::string()> not_ready);
  ~AdminServer();
  std::string address() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bascule
