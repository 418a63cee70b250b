// Announcer: tells everyone which contracts this process serves (docs/protocol.md, "Announce").
//
// What: `up` on every connection, every interval and when somebody asks `who`; `down` when draining.
// Thread safety: the loop's thread. Lifetime: the amqp::Client must outlive it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bascule/amqp/client.hpp"

namespace bascule::service {

struct Announcement {
  std::string service, address, digest;
};

class Announcer {
 public:
  Announcer(amqp::Client& connection, std::string instance, std::vector<Announcement> what,
            std::chrono::milliseconds interval = std::chrono::seconds(2));
  ~Announcer();

  void start();
  /// Says `down` for everything, and nothing after that.
  void withdraw();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bascule::service
