#include "bascule/gateway/gateway.hpp"

#include <unistd.h>

#include <algorithm>

#include "bascule/config/cores.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::gateway {
namespace {

constexpr std::chrono::milliseconds ready_poll{20};

std::shared_ptr<const std::vector<Aggregate>> read_aggregates(const Settings& settings) {
  if (settings.aggregates.empty()) return std::make_shared<const std::vector<Aggregate>>();
  return std::make_shared<const std::vector<Aggregate>>(
      Aggregate::read(config::Document::load(settings.aggregates, {})));
}

std::size_t loops_of(const Settings& settings) {
  return settings.loops != 0 ? settings.loops : std::max(1U, config::available_cores() / 2);
}

}  // namespace

Gateway::Gateway(Loop& loop, const Settings& settings, telemetry::Registry& metrics)
    : loop_(loop),
      settings_(settings),
      metrics_(metrics),
      builder_(settings_, metrics, read_aggregates(settings)),
      ready_timer_(loop.context()) {
  if (settings_.access_log) {
    access_log_ = std::make_unique<LineWriter>(STDERR_FILENO);
    metrics.on_collect([this] { collect_access_log(); });
  }
  const auto routes = builder_.build({});
  const Pages pages{[this] { return not_ready(); }, [this] { return metrics_.text(); }};
  first_ = std::make_unique<Worker>(loop, settings_, settings_.listen, metrics, pages, routes, access_log_.get());
  config::Endpoint same = settings_.listen;
  same.port = first_->endpoint().port;
  for (std::size_t i = 1; i < loops_of(settings_); ++i) {
    auto thread = std::make_unique<Thread>();
    thread->loop.spin(loop_.spin());
    thread->worker = std::make_unique<Worker>(thread->loop, settings_, same, metrics, pages, routes, access_log_.get());
    others_.push_back(std::move(thread));
  }
  watcher_ = std::make_unique<contracts::Watcher>(
      first_->connection(), first_->calls(),
      [this](std::vector<contracts::ServiceState> services) { on_services(std::move(services)); });
}

void Gateway::collect_access_log() {
  metrics_.counter("bascule_gateway_access_log_dropped_total", "Lines of the access log that could not be written.")
      .one()
      .set_total(access_log_->dropped());
  metrics_.gauge("bascule_gateway_access_log_waiting_bytes", "Access log that waits to be written.")
      .one()
      .set(static_cast<double>(access_log_->waiting_bytes()));
}

Gateway::~Gateway() {
  for (const auto& other : others_) {
    other->loop.stop();
    if (other->thread.joinable()) other->thread.join();
  }
}

std::string Gateway::url() const {
  config::Endpoint endpoint = first_->endpoint();
  return "http://" + endpoint.text();
}

void Gateway::start() {
  first_->start();
  watcher_->start();
  for (const auto& other : others_) {
    other->worker->start();
    other->thread = std::thread([thread = other.get()] { thread->loop.run(); });
  }
  poll_ready();
}

void Gateway::when_ready(UniqueFunction<void()> ready) { ready_ = std::move(ready); }

void Gateway::poll_ready() {
  listening_ = watcher_->listening();
  if (listening_ && ready_) std::exchange(ready_, nullptr)();
  ready_timer_.expires_after(listening_ ? 10 * ready_poll : ready_poll);
  ready_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) poll_ready();
  });
}

std::string Gateway::not_ready() const {
  if (stopping_) return "draining";
  return listening_ ? "" : "no connection to the broker: contracts cannot be learnt";
}

void Gateway::on_services(std::vector<contracts::ServiceState> services) {
  const auto routes = builder_.build(std::move(services));
  for (const std::string& refusal : routes->refusals) {
    if (std::find(refusals_.begin(), refusals_.end(), refusal) == refusals_.end())
      telemetry::error("contract refused", {{"reason", refusal}});
  }
  refusals_ = routes->refusals;
  telemetry::info("routes changed", {{"routes", routes->all.size()}, {"services", routes->services.size()}});
  first_->set_routes(routes);
  for (const auto& other : others_) other->worker->set_routes(routes);
}

void Gateway::drain(UniqueFunction<void()> drained) {
  stopping_ = true;
  drained_ = std::move(drained);
  draining_ = 1 + others_.size();
  ready_timer_.cancel();
  first_->drain([this] { worker_drained(); });
  for (const auto& other : others_) {
    other->loop.post(
        [this, worker = other->worker.get()] { worker->drain([this] { loop_.post([this] { worker_drained(); }); }); });
  }
}

void Gateway::worker_drained() {
  if (--draining_ == 0 && drained_) std::exchange(drained_, nullptr)();
}

}  // namespace bascule::gateway
