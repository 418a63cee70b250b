// Context: the one call or event that is being handled, and what a handler may do on its behalf.
//
// transaction() opens the database transaction that makes the handler's effect happen once: for an event, and for a call
// with an idempotency key, its inbox row is in it; events emitted go to the outbox in it; Host commits it when the
// handler returns, and rolls it back when the handler throws (a declared exception too).
// Lifetime: valid until the handler's coroutine ends. Thread safety: the loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/rpc/call.hpp"

namespace bascule::pg {
class Transaction;
class Pool;
}  // namespace bascule::pg
namespace bascule::rpc {
class Client;
}

namespace bascule::service {

namespace asio = boost::asio;

/// One event ready for the outbox or the wire.
struct EncodedEvent {
  std::string topic;  ///< "events.shop.OrderPlaced"
  std::string type;   ///< "shop.OrderPlaced"
  std::string key;    ///< ordering key (group-id), from the contract's event.key; may be empty
  std::string body;   ///< whole Thrift message (ONEWAY), compact
};

/// Specialised by generated code for every struct with `event.topic`/`event.key`:
///   static constexpr std::string_view type, topic; static EncodedEvent encode(const T&); static T decode(std::string_view);
template <class T>
struct EventTraits;

class Context {
 public:
  virtual ~Context() = default;

  Deadline deadline() const noexcept { return options_.deadline; }
  std::string_view principal() const noexcept { return options_.principal; }
  std::string_view idempotency_key() const noexcept { return options_.idempotency_key; }
  const telemetry::TraceContext& trace() const noexcept { return options_.trace; }
  /// Options for a call made on behalf of this one: same deadline, principal and trace; no idempotency key.
  rpc::CallOptions call_options() const {
    rpc::CallOptions next;
    next.deadline = options_.deadline;
    next.principal = options_.principal;
    next.trace = options_.trace.child();
    return next;
  }

  /// The transaction of this call, begun at the first use. Throws Error(Errc::unavailable) without a database.
  virtual asio::awaitable<pg::Transaction*> transaction() = 0;
  /// The service's pool, for reads outside the transaction. Throws Error(Errc::unavailable) without a database.
  virtual pg::Pool& database() = 0;
  /// For calls to other services.
  virtual rpc::Client& client() = 0;
  /// Puts an event into the outbox of transaction(), which it begins when needed: it is published once the transaction
  /// committed, and only then.
  virtual asio::awaitable<void> emit(EncodedEvent event) = 0;

  template <class Event>
  asio::awaitable<void> emit(const Event& event) {
    return emit(EventTraits<Event>::encode(event));
  }

 protected:
  explicit Context(rpc::CallOptions options) : options_(std::move(options)) {}

 private:
  rpc::CallOptions options_;
};

}  // namespace bascule::service
