// Watcher: keeps a Registry true to what services announce over AMQP.
//
// What: listens on `bascule.announce`, asks who is there each time it attaches, asks each new digest's
// service for its descriptor, and calls `changed` when the services have changed. While there is no
// connection to the broker leases do not run out: silence then says nothing about the services. Errors: a
// service that does not answer `describe` is asked again at its next announcement; what is no descriptor is
// logged once and refused.
// Lifetime: the amqp::Client and rpc::Client must outlive it. Thread safety: the loop's thread only.
#pragma once

#include <functional>
#include <memory>

#include "bascule/contracts/registry.hpp"

namespace bascule::amqp {
class Client;
}
namespace bascule::rpc {
class Client;
}

namespace bascule::contracts {

class Watcher {
 public:
  using Changed = std::function<void(std::vector<ServiceState>)>;
  Watcher(amqp::Client& connection, rpc::Client& calls, Changed changed);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void start();
  /// Whether the listener is attached and has asked who is there.
  bool listening() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bascule::contracts
