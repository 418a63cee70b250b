// Listeners: where a broker listens, and what happens before a client's first AMQP byte: TLS, its limits in time and number.
//
// One broker may listen in several ways at once: in the clear on loopback, with TLS outside. Bounds: handshake_timeout for
// TLS, max_handshakes at a time over all listeners (further ones are closed, and counted).
// Errors: opening throws with the address and what to do. Thread safety: the broker's loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bascule/amqp/sasl_server.hpp"
#include "bascule/amqp/stream.hpp"
#include "bascule/amqp/tls.hpp"
#include "bascule/broker/options.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::broker {

struct ListenerCounters {
  std::uint64_t handshakes = 0, handshakes_failed = 0, handshakes_refused = 0;
};

class Listeners {
 public:
  using Accepted = std::function<void(std::unique_ptr<amqp::Stream>, const ListenerOptions&)>;
  Listeners(Loop& loop, const BrokerOptions& options, Accepted accepted);
  ~Listeners();

  /// Throws when an address is taken, a certificate cannot be used, or a listener would let anybody in from outside.
  void open();
  void close();
  /// Reads certificates and keys anew. Throws, and keeps the ones in use, when they cannot be used.
  void reload_certificates();
  /// In the order of all_listeners(options).
  std::vector<std::string> addresses() const;
  /// "amqp://...", "amqps://...", "amqp+ws://..." for logs and the ready file.
  std::vector<std::string> urls() const;
  const ListenerCounters& counters() const noexcept;
  /// The certificates and authorities in use; null without TLS.
  const std::shared_ptr<amqp::TlsContext>& tls() const noexcept;
  /// How often they were read; 0: never.
  std::uint64_t tls_generation() const noexcept;
  /// When the certificate in use ends; none without TLS.
  std::optional<std::chrono::system_clock::time_point> certificate_expires() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The one of `listen`, then the others.
std::vector<ListenerOptions> all_listeners(const BrokerOptions& options);
/// What SASL offers on a stream of this listener.
std::vector<amqp::Mechanism> mechanisms_of(const BrokerOptions& options, const ListenerOptions& listener,
                                           const amqp::Stream& stream);

}  // namespace bascule::broker
