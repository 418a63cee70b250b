// rpc::Client: calls any service by address over one AMQP client; typed clients sit on top of it.
//
// What: correlates replies with calls through one dynamic reply node; a call ends exactly once: by its reply, by its
// deadline, by cancellation, or at once with Errc::unavailable when the connection is lost. Late replies are dropped and
// counted. At most `max_in_flight` calls are open; one more fails at once with Errc::resource_exhausted.
// Cancellation: call() honours asio's terminal cancellation; the call is forgotten, its late reply dropped.
// Lifetime: the amqp::Client must outlive it. Destroying it completes open calls with Errc::cancelled.
// Thread safety: the loop's thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bascule/loop/unique_function.hpp"
#include "bascule/rpc/call.hpp"

namespace bascule::amqp {
class Client;
}

namespace bascule::rpc {

namespace asio = boost::asio;

struct ClientOptions {
  std::size_t max_in_flight = 65536;
};

/// Counters since the start, for metrics.
struct ClientCounters {
  std::uint64_t started = 0, replied = 0, failed = 0, expired = 0, cancelled = 0, late_replies = 0, refused = 0;
};

class Client {
 public:
  explicit Client(amqp::Client& connection, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  using Done = UniqueFunction<void(Reply&&)>;
  using CallId = std::uint64_t;

  /// Starts a call; `done` runs once on the loop, never inside start(). Returns an id for cancel().
  CallId start(OutgoingCall call, Done done);
  /// Ends a call with Errc::cancelled, if it is still open.
  void cancel(CallId id);
  /// The same as an awaitable. Never throws for a failed call: look at Reply::error.
  asio::awaitable<Reply> call(OutgoingCall call);

  const ClientCounters& counters() const noexcept;
  std::size_t in_flight() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Throws bascule::Error when the reply is a failure.
inline Reply&& or_throw(Reply&& reply) {
  if (reply.error != Errc::ok) throw Error(reply.error, reply.message);
  return std::move(reply);
}

}  // namespace bascule::rpc
