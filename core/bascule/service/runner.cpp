#include "bascule/service/runner.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "bascule/events/outbox_relay.hpp"
#include "bascule/events/publisher.hpp"
#include "bascule/pg/migrate.hpp"
#include "bascule/profile/profile.hpp"
#include "bascule/service/announcer.hpp"
#include "bascule/service/dispatcher.hpp"
#include "bascule/service/subscription.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::service {
namespace {

constexpr std::chrono::seconds start_timeout{60};

// What the relay reads, on its way to the broker.
class BrokerSink final : public events::EventSink {
 public:
  BrokerSink(amqp::Client& connection, std::string source) : publisher_(connection), source_(std::move(source)) {}
  asio::awaitable<void> publish(const events::OutboxRow& row, Deadline) override {
    events::Event event;
    event.topic = row.topic;
    event.type = row.type;
    event.id = row.event_id;
    event.source = source_;
    event.key = row.key;
    event.time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(row.created_at.time_since_epoch()).count();
    event.body = row.body;
    std::string traceparent, tracestate;
    for (const auto& [name, value] : row.headers) {
      if (name == "traceparent") traceparent = value;
      if (name == "tracestate") tracestate = value;
    }
    if (auto trace = telemetry::TraceContext::parse(traceparent, tracestate)) event.trace = std::move(*trace);
    co_await publisher_.publish(event);
  }

 private:
  events::Publisher publisher_;
  std::string source_;
};

}  // namespace

struct Runner::State {
  struct Wanted {
    std::string topic, type;
    EventHandler handler;
  };
  State(Loop& l, telemetry::Registry& m, Options o);

  asio::awaitable<void> start();
  asio::awaitable<void> wait_for_broker();
  void check_broker() const;
  void attach();
  void start_relay();
  void drain(UniqueFunction<void()> done);
  void one_drained();
  asio::awaitable<void> finish();

  Loop& loop;
  telemetry::Registry& metrics;
  Options options;
  std::vector<std::unique_ptr<Service>> services;
  std::vector<Wanted> wanted;
  std::unique_ptr<amqp::Client> connection;
  std::unique_ptr<pg::Pool> database;
  std::unique_ptr<rpc::Client> client;
  std::unique_ptr<BrokerSink> sink;
  std::unique_ptr<events::OutboxRelay> relay;
  std::unique_ptr<Announcer> announcer;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers;
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  Platform platform;
  UniqueFunction<void()> drained;
  std::size_t draining = 0;
};

Runner::State::State(Loop& l, telemetry::Registry& m, Options o) : loop(l), metrics(m), options(std::move(o)) {
  amqp::ClientOptions connecting;
  connecting.url = options.broker_url;
  connecting.container_id = options.instance;
  connection = std::make_unique<amqp::Client>(loop, connecting);
  client = std::make_unique<rpc::Client>(*connection);
  if (options.database.empty()) return;
  pg::PoolOptions pool;
  pool.connection.conninfo = options.database;
  pool.limits.max = options.database_connections;
  pool.log = [](std::string_view sentence) { telemetry::warn("database", {{"state", sentence}}); };
  database = std::make_unique<pg::Pool>(loop, std::move(pool));
}

Runner::Runner(Loop& loop, telemetry::Registry& metrics, Options options)
    : state_(std::make_unique<State>(loop, metrics, std::move(options))) {}
Runner::~Runner() = default;

void Runner::serve(std::unique_ptr<Service> service) { state_->services.push_back(std::move(service)); }
void Runner::on_event(std::string topic, std::string type, EventHandler handler) {
  state_->wanted.push_back({std::move(topic), std::move(type), std::move(handler)});
}
asio::awaitable<void> Runner::start() { return state_->start(); }
void Runner::drain(UniqueFunction<void()> drained) { state_->drain(std::move(drained)); }
std::string Runner::not_ready() const {
  return state_->connection->connected() ? "" : "not connected to the broker: " + state_->connection->last_error();
}
amqp::Client& Runner::connection() noexcept { return *state_->connection; }
rpc::Client& Runner::client() noexcept { return *state_->client; }

asio::awaitable<void> Runner::State::start() {
  const auto deadline = Deadline::after(start_timeout);
  connection->start();
  if (database) {
    const auto applied = co_await pg::migrate(loop, options.database, options.migrations, deadline);
    if (applied > 0) telemetry::info("migrated", {{"applied", applied}});
    co_await database->ready(deadline);
  }
  co_await wait_for_broker();
  check_broker();
  attach();
}

void Runner::State::check_broker() const {
  auto needed = options.require;
  if (!services.empty()) needed.insert(needed.end(), {"requests", "listen"});
  if (!wanted.empty()) needed.emplace_back("events");
  for (const auto& feature : needed) {
    const auto refusal = connection->profile().refusal(feature);
    if (!refusal.empty()) throw Error(Errc::unimplemented, options.name + " cannot run on this broker: " + refusal);
  }
}

asio::awaitable<void> Runner::State::wait_for_broker() {
  asio::steady_timer changed(connection->loop().context(), asio::steady_timer::time_point::max());
  const auto id = connection->on_state([&changed](bool, const std::string&) { changed.cancel(); });
  for (int announced = 0; !connection->connected(); ++announced) {
    // A broker that starts later is no failure: wait, and say so from time to time.
    changed.expires_after(std::chrono::seconds(5));
    boost::system::error_code error;
    co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!connection->connected()) telemetry::warn("waiting for the broker", {{"reason", connection->last_error()}});
  }
  connection->forget_state_handler(id);
}

void Runner::State::start_relay() {
  sink = std::make_unique<BrokerSink>(*connection, options.name);
  events::OutboxRelayOptions relay_options;
  relay_options.connection.conninfo = options.database;
  relay_options.log = [](std::string_view sentence) { telemetry::warn("outbox", {{"state", sentence}}); };
  relay = std::make_unique<events::OutboxRelay>(loop, std::move(relay_options), *sink);
  relay->start();
}

void Runner::State::attach() {
  if (database) start_relay();
  platform = {database.get(), client.get(), [this] {
                if (relay) relay->nudge();
              }};
  std::vector<Announcement> announcements;
  for (auto& service : services) {
    const auto& info = service->info();
    announcements.push_back({std::string(info.name), std::string(info.address), std::string(info.digest)});
    dispatchers.push_back(
        std::make_unique<Dispatcher>(*connection, platform, std::move(service), options.concurrency, metrics));
  }
  for (auto& event : wanted) {
    Subscription::Options subscribed{event.topic, event.type, options.name, options.instance};
    subscriptions.push_back(std::make_unique<Subscription>(*connection, platform, std::move(subscribed),
                                                           std::move(event.handler), metrics));
  }
  if (announcements.empty()) return;
  announcer = std::make_unique<Announcer>(*connection, options.instance, std::move(announcements));
  announcer->start();
}

void Runner::State::drain(UniqueFunction<void()> done) {
  drained = std::move(done);
  draining = 1 + dispatchers.size() + subscriptions.size();
  if (announcer) announcer->withdraw();
  for (auto& d : dispatchers) d->drain([this] { one_drained(); });
  for (auto& s : subscriptions) s->drain([this] { one_drained(); });
  one_drained();
}

void Runner::State::one_drained() {
  if (--draining > 0) return;
  asio::co_spawn(connection->loop().context(), finish(), asio::detached);
}

asio::awaitable<void> Runner::State::finish() {
  // What is in the outbox and not sent by then stays there for the next instance.
  if (relay) co_await relay->stop(Deadline::after(std::chrono::seconds(3)));
  connection->close([this] { drained(); });
}

}  // namespace bascule::service
