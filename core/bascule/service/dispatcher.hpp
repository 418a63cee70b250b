// Dispatcher: runs the calls of one service: finds the method, keeps the deadline, makes keyed calls happen once.
//
// Platform methods (`bascule.describe`, `bascule.ping`) are answered here. A handler's Error becomes that platform failure;
// any other exception is logged with the call's trace and answered `internal` without its text.
// Thread safety: the loop's thread. Lifetime: must outlive the calls it runs; drain the server first.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bascule/amqp/client.hpp"
#include "bascule/rpc/server.hpp"
#include "bascule/service/service.hpp"
#include "bascule/service/work.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule::service {

class Dispatcher {
 public:
  Dispatcher(amqp::Client& connection, const Platform& platform, std::unique_ptr<Service> service,
             std::uint32_t concurrency, telemetry::Registry& metrics);

  const ServiceInfo& info() const noexcept { return service_->info(); }
  void drain(UniqueFunction<void()> drained) { server_->drain(std::move(drained)); }

 private:
  void on_call(rpc::IncomingCall&& call);
  asio::awaitable<void> run(rpc::IncomingCall call, std::size_t method);
  asio::awaitable<void> run_once(rpc::IncomingCall& call, std::size_t method, Work& work);

  Loop& loop_;
  const Platform& platform_;
  std::unique_ptr<Service> service_;
  std::unordered_map<std::string_view, std::size_t> methods_;
  struct Metrics {
    telemetry::Histogram* duration;
    telemetry::Counter* ok;  // found once: the family's look-up has no place on every call
  };
  std::vector<Metrics> metrics_;
  telemetry::Family<telemetry::Counter>& outcomes_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace bascule::service
