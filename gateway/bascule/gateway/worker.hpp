// Worker: one loop of the gateway: its listener, its AMQP connection, its calls.
//
// What: a request lives on the loop that accepted its connection; loops share nothing but the metrics and the
// immutable Routes, which are handed over by set_routes. Thread safety: construct, start, drain and destroy
// on the loop's thread (or before it runs); set_routes from any thread.
#pragma once

#include <memory>

#include "bascule/gateway/context.hpp"
#include "bascule/http/listener.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::amqp {
class Client;
}
namespace bascule::rpc {
class Client;
}

namespace bascule::gateway {

class RpcUpstream;

class Worker {
 public:
  /// `access_log`: where its lines go; null: nowhere.
  Worker(Loop& loop, const Settings& settings, const config::Endpoint& listen, telemetry::Registry& metrics,
         Pages pages, std::shared_ptr<const Routes> routes, LineWriter* access_log);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  config::Endpoint endpoint() const;
  void start();
  void set_routes(std::shared_ptr<const Routes> routes);
  /// Stops accepting; `drained` runs when the last connection has ended.
  void drain(UniqueFunction<void()> drained);
  bool connected() const;
  Loop& loop() noexcept { return loop_; }
  amqp::Client& connection() noexcept { return *connection_; }
  rpc::Client& calls() noexcept { return *calls_; }

 private:
  Loop& loop_;
  std::unique_ptr<amqp::Client> connection_;
  std::unique_ptr<rpc::Client> calls_;
  std::unique_ptr<RpcUpstream> upstream_;
  std::unique_ptr<AccessLog> log_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<http::Listener> listener_;
};

}  // namespace bascule::gateway
