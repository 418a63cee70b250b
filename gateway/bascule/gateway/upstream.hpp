// Upstream: where calls go. RpcUpstream sends them over AMQP; tests script it.
// Thread safety: the loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bascule/loop/unique_function.hpp"
#include "bascule/rpc/call.hpp"

namespace bascule::gateway {

class Upstream {
 public:
  using CallId = std::uint64_t;
  using Done = UniqueFunction<void(rpc::Reply&&)>;
  virtual ~Upstream() = default;
  /// Starts a call; `done` runs once, never inside start(), at the latest at the call's deadline.
  virtual CallId start(rpc::OutgoingCall call, Done done) = 0;
  /// Ends a call early; its `done` may still run, with Errc::cancelled.
  virtual void cancel(CallId id) = 0;
  virtual bool connected() const = 0;
  /// Calls that are open.
  virtual std::size_t in_flight() const = 0;
};

}  // namespace bascule::gateway
