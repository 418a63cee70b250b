// Runner: what serves services and events on a loop: connection, database, outbox relay, dispatchers, subscriptions.
//
// What: start() connects, migrates, waits for database and broker, attaches and announces; drain() withdraws, lets what was
// begun finish, and closes. Host drives it for a C++ process, the Python module for a Python one: both are the same code.
// Errors: start() throws what cannot be mended by waiting (a migration that contradicts the record, a database that does not
// answer in a minute, a broker that lacks a feature that is needed). A broker that is away is waited for, and the log says so.
// Thread safety: the loop's thread. Lifetime: stop the loop, or let drain() end, before it is destroyed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bascule/amqp/client.hpp"
#include "bascule/pg/migrations.hpp"
#include "bascule/rpc/client.hpp"
#include "bascule/service/context.hpp"
#include "bascule/service/service.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule::service {

class Runner {
 public:
  struct Options {
    std::string name;      ///< "orders": the consumer group, and the source of its events
    std::string instance;  ///< unique to this process
    std::string broker_url;
    std::vector<std::string> require;  ///< features the broker must have (docs/brokers.md); start() refuses without
    std::string database;              ///< conninfo; empty: none
    std::size_t database_connections = 8;
    std::uint32_t concurrency = 256;  ///< requests served at once, for each service
    pg::Migrations migrations;        ///< must outlive start()
  };
  using EventHandler = std::function<asio::awaitable<void>(Context&, std::string_view message)>;

  Runner(Loop& loop, telemetry::Registry& metrics, Options options);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Both before start().
  void serve(std::unique_ptr<Service> service);
  void on_event(std::string topic, std::string type, EventHandler handler);

  asio::awaitable<void> start();
  /// `drained` runs once everything begun has ended and the connection is closed.
  void drain(UniqueFunction<void()> drained);
  /// Empty when it can serve, otherwise why not.
  std::string not_ready() const;

  amqp::Client& connection() noexcept;
  rpc::Client& client() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bascule::service
