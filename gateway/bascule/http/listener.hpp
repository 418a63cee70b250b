// Listener: accepts HTTP connections on one loop and keeps them.
//
// What: several loops listen on one address with SO_REUSEPORT: the kernel spreads new connections, and each
// lives on its loop. Connections past the limit are closed at once and counted. Errors: the constructor
// throws boost::system::system_error when the address cannot be used. Lifetime: the session factory's
// sessions must not outlive what they use; destroy the listener first. Thread safety: the loop's thread only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "bascule/config/quantity.hpp"
#include "bascule/http/connection.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::http {

struct ListenerCounters {
  std::uint64_t accepted = 0, refused = 0;
};

class Listener {
 public:
  Listener(Loop& loop, const config::Endpoint& endpoint, const Limits& limits, SessionFactory factory);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// What it listens on, with the port that the kernel chose.
  config::Endpoint endpoint() const;
  void start();
  /// Stops accepting and drains the connections; `drained` is called once when the last one is closed.
  void drain(UniqueFunction<void()> drained);
  std::size_t connections() const noexcept;
  const ListenerCounters& counters() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bascule::http
