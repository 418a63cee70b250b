// Host: runs services and event handlers of one process on one loop: `int main` of a C++ service is a few lines.
//
//   int main(int argc, char** argv) {
//     bascule::service::Host host("catalog", argc, argv);          // --config, --ready-file, logs, signals
//     host.migrations(catalog_migrations());                       // pg: the service's own, then connects
//     host.serve(std::make_unique<CatalogService>());
//     host.on<shop::OrderPlaced>([](service::Context& c, shop::OrderPlaced e) -> asio::awaitable<void> {...});
//     return host.run();
//   }
//
// run() connects, migrates, attaches, announces, writes the ready file, and serves until SIGTERM or SIGINT; then it
// withdraws the announcement, drains and returns 0. Start-up failures are logged and return 1.
// Thread safety: one thread.
#pragma once

#include <memory>
#include <string>

#include "bascule/loop/unique_function.hpp"
#include "bascule/pg/migrations.hpp"
#include "bascule/service/context.hpp"
#include "bascule/service/service.hpp"

namespace bascule::service {

class Host {
 public:
  Host(std::string name, int argc, char** argv);
  ~Host();

  void migrations(pg::Migrations migrations);
  void serve(std::unique_ptr<Service> service);
  /// Handles events of one type as consumer group `name`. The handler's transaction holds the inbox row.
  template <class Event, class Handler>
  void on(Handler handler) {
    on_event(std::string(EventTraits<Event>::topic), std::string(EventTraits<Event>::type),
             [handler](Context& context, std::string_view message) -> asio::awaitable<void> {
               return handler(context, EventTraits<Event>::decode(message));
             });
  }
  using EventHandler = std::function<asio::awaitable<void>(Context&, std::string_view message)>;
  void on_event(std::string topic, std::string type, EventHandler handler);
  int run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bascule::service
