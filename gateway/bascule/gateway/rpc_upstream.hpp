// RpcUpstream: an Upstream over an rpc::Client.
// Lifetime: both clients must outlive it. Thread safety: the loop's thread only.
#pragma once

#include "bascule/amqp/client.hpp"
#include "bascule/gateway/upstream.hpp"
#include "bascule/rpc/client.hpp"

namespace bascule::gateway {

class RpcUpstream final : public Upstream {
 public:
  RpcUpstream(amqp::Client& connection, rpc::Client& calls) : connection_(connection), calls_(calls) {}
  CallId start(rpc::OutgoingCall call, Done done) override { return calls_.start(std::move(call), std::move(done)); }
  void cancel(CallId id) override { calls_.cancel(id); }
  bool connected() const override { return connection_.connected(); }
  std::size_t in_flight() const override { return calls_.in_flight(); }

 private:
  amqp::Client& connection_;
  rpc::Client& calls_;
};

}  // namespace bascule::gateway
