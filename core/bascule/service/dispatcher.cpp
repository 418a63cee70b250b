#include "bascule/service/dispatcher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "bascule/events/inbox.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::service {
namespace {
// Handlers are faster than HTTP requests: seconds, from 50 microseconds.
const std::vector<double> handler_buckets{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025,
                                          .05,    .1,    .25,    .5,    1,    2.5,   5,    10};
}  // namespace
Dispatcher::Dispatcher(amqp::Client& connection, const Platform& platform, std::unique_ptr<Service> service,
                       std::uint32_t concurrency, telemetry::Registry& metrics)
    : loop_(connection.loop()),
      platform_(platform),
      service_(std::move(service)),
      outcomes_(metrics.counter("bascule_server_calls_total", "Calls served, by outcome.",
                                {"service", "method", "outcome"})) {
  auto& durations = metrics.histogram("bascule_server_call_duration_seconds", "Time a handler took.",
                                      {"service", "method"}, handler_buckets);
  const auto& info = service_->info();
  for (std::size_t i = 0; i < info.methods.size(); ++i) {
    methods_.emplace(info.methods[i].name, i);
    const std::string service_name(info.name), method(info.methods[i].name);
    metrics_.push_back({&durations.with({service_name, method}), &outcomes_.with({service_name, method, "ok"})});
  }
  server_ = std::make_unique<rpc::Server>(connection, rpc::ServerOptions{std::string(info.address), concurrency},
                                          [this](rpc::IncomingCall&& call) { on_call(std::move(call)); });
}

void Dispatcher::on_call(rpc::IncomingCall&& call) {
  if (call.method == "bascule.describe") return call.reply(std::string(info().descriptor), "application/json");
  if (call.method == "bascule.ping") return call.reply({});
  const auto found = methods_.find(call.method);
  if (found == methods_.end()) {
    return call.fail(Errc::unimplemented, std::string(info().name) + " has no method '" + call.method + "'");
  }
  asio::co_spawn(loop_.context(), run(std::move(call), found->second), asio::detached);
}

asio::awaitable<void> Dispatcher::run(rpc::IncomingCall call, std::size_t method) {
  const auto begun = Clock::now();
  const auto& name = service_->info().methods[method].name;
  Errc outcome = Errc::ok;
  Work work(platform_, std::move(call.options));
  try {
    co_await run_once(call, method, work);
  } catch (const Error& error) {
    outcome = error.code();
    telemetry::debug("call failed", {{"service", info().name}, {"method", name}, {"reason", error.what()}},
                     work.trace());
    call.fail(error.code(), error.what());
  } catch (const std::exception& error) {
    outcome = Errc::internal;
    telemetry::error("the handler failed", {{"service", info().name}, {"method", name}, {"reason", error.what()}},
                     work.trace());
    // What went wrong inside is for the log, not for the caller.
    call.fail(Errc::internal,
              std::string(info().name) + "." + std::string(name) + " failed; trace " + work.trace().trace_id());
  }
  metrics_[method].duration->observe(std::chrono::duration<double>(Clock::now() - begun).count());
  if (outcome == Errc::ok) {
    metrics_[method].ok->add();
  } else {
    outcomes_.with({std::string(info().name), std::string(name), std::string(to_string(outcome))}).add();
  }
}

asio::awaitable<void> Dispatcher::run_once(rpc::IncomingCall& call, std::size_t method, Work& work) {
  const auto& contract = service_->info().methods[method];
  if (!work.idempotency_key().empty() && !contract.idempotent && platform_.database != nullptr) {
    // The key belongs to the caller: another principal's equal key is another key.
    const std::string consumer =
        "call:" + std::string(info().name) + "." + std::string(contract.name) + ":" + std::string(work.principal());
    // Named, because GCC 12 destroys a temporary made from braces twice when it is part of a co_await expression.
    InboxKey key{consumer, std::string(work.idempotency_key()), events::inbox_request_hash(contract.name, call.body)};
    auto done = co_await work.begin_once(std::move(key));
    if (done) co_return call.reply(std::move(*done));
  }
  auto answer = co_await service_->dispatch(work, method, call.encoding, call.body);
  if (work.in_transaction() && answer.exception) co_await work.rollback();
  if (work.in_transaction() && !answer.exception) co_await work.commit(answer.message);
  call.reply(std::move(answer.message));
}

}  // namespace bascule::service
