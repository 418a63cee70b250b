// AdminServer: /livez, /readyz and /metrics over HTTP/1.1, for probes and Prometheus, and an API if one is given. Not for the
// public: bind to loopback.
//
// Bounds (AdminServer::...): a head of max_head and a body of max_body bytes, the time to send each, and to take an answer;
// max_connections: when one more comes, that one is cut which has been quiet, or slow with its request, for longest. One
// request at a time on a connection. What HTTP forbids, or could be read in two ways, ends the connection.
// Thread safety: the loop's thread. Lifetime: the API outlives it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bascule/daemon/admin_api.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule {

class AdminServer {
 public:
  static constexpr std::size_t max_head = 8192, max_body = 64U << 10, max_connections = 64;
  static constexpr std::chrono::seconds read_time{10}, answer_time{30}, write_time{30};

  /// `not_ready` says why the process is not ready, empty when it is. Throws boost::system::system_error when it cannot listen.
  AdminServer(Loop& loop, const std::string& listen, const telemetry::Registry& metrics,
              std::function<std::string()> not_ready, AdminApi* api = nullptr);
  ~AdminServer();
  std::string address() const;

 private:
  struct State;
  class Connection;
  std::shared_ptr<State> state_;
};

}  // namespace bascule
