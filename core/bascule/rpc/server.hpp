// rpc::Server: takes requests from one service address and sends the replies.
//
// What: a receiver on `rpc.<ns>.<Service>` whose credit is the concurrency; each request becomes an IncomingCall that is
// answered exactly once. Expired requests are dropped before the handler sees them; a redelivered request of a method
// that is not idempotent is answered `unavailable` without running.
// Thread safety: the loop's thread only. Lifetime: an IncomingCall may outlive the connection; its reply is then dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/loop/unique_function.hpp"
#include "bascule/rpc/call.hpp"

namespace bascule::amqp {
class Client;
}

namespace bascule::rpc {

/// One request being served. Destroying it unanswered answers Errc::internal.
class IncomingCall {
 public:
  struct Origin;  // how the answer finds its way back
  explicit IncomingCall(std::unique_ptr<Origin> origin);
  IncomingCall(IncomingCall&&) noexcept;
  IncomingCall& operator=(IncomingCall&&) noexcept;
  ~IncomingCall();

  std::string method;
  std::string body;  ///< a whole Thrift message
  Encoding encoding = Encoding::compact;
  CallOptions options;  ///< deadline, principal, idempotency key, trace, idempotent, as they came
  std::uint32_t delivery_count = 0;
  bool expects_reply = true;

  /// Sends a whole Thrift message (REPLY or EXCEPTION) and settles the request as accepted. An empty content type is the
  /// request's own.
  void reply(std::string message, std::string_view content_type = {});
  /// Sends a platform failure and settles the request as accepted.
  void fail(Errc code, std::string_view message);

 private:
  std::unique_ptr<Origin> origin_;
};

struct ServerOptions {
  std::string address;              ///< "rpc.shop.Catalog"
  std::uint32_t concurrency = 256;  ///< credit: requests being served at once
};

struct ServerCounters {
  std::uint64_t received = 0, replied = 0, failed = 0, expired = 0, refused_redelivery = 0, malformed = 0;
};

class Server {
 public:
  using Handler = UniqueFunction<void(IncomingCall&&)>;
  Server(amqp::Client& connection, ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Stops taking requests: credit is withdrawn, what was delivered but not begun goes back to the queue; `drained` runs
  /// once every begun request is answered.
  void drain(UniqueFunction<void()> drained);
  const ServerCounters& counters() const noexcept;
  /// Whether requests come: the broker has the queue.
  bool attached() const noexcept;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace bascule::rpc
