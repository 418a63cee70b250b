#include "bascule/gateway/worker.hpp"

#include "bascule/gateway/exchange.hpp"
#include "bascule/gateway/rpc_upstream.hpp"

namespace bascule::gateway {
namespace {

amqp::ClientOptions connection_options(const Settings& settings) {
  amqp::ClientOptions options;
  options.url = settings.broker_url;
  return options;
}

}  // namespace

Worker::Worker(Loop& loop, const Settings& settings, const config::Endpoint& listen, telemetry::Registry& metrics,
               Pages pages, std::shared_ptr<const Routes> routes, LineWriter* access_log)
    : loop_(loop),
      connection_(std::make_unique<amqp::Client>(loop, connection_options(settings))),
      calls_(std::make_unique<rpc::Client>(*connection_, rpc::ClientOptions{settings.max_in_flight})),
      upstream_(std::make_unique<RpcUpstream>(*connection_, *calls_)) {
  if (access_log != nullptr) log_ = std::make_unique<AccessLog>(loop, *access_log);
  context_.reset(new Context{settings,
                             metrics,
                             *upstream_,
                             std::move(pages),
                             log_.get(),
                             std::move(routes),
                             {},
                             std::make_shared<RouteSeries>(metrics, "_OTHER", ""),
                             &metrics.gauge("http_server_active_requests", "Requests being answered.").one()});
  listener_ = std::make_unique<http::Listener>(loop, listen, settings.http, [this](http::Responder& responder) {
    return std::make_shared<Exchange>(*context_, responder);
  });
}

Worker::~Worker() = default;

config::Endpoint Worker::endpoint() const { return listener_->endpoint(); }

void Worker::start() {
  connection_->start();
  listener_->start();
}

void Worker::set_routes(std::shared_ptr<const Routes> routes) {
  loop_.post([this, next = std::move(routes)]() mutable { context_->routes = std::move(next); });
}

void Worker::drain(UniqueFunction<void()> drained) { listener_->drain(std::move(drained)); }

bool Worker::connected() const { return connection_->connected(); }

}  // namespace bascule::gateway
