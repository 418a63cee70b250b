#include "bascule/service/host.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "bascule/daemon/daemon.hpp"
#include "bascule/events/outbox_relay.hpp"
#include "bascule/events/publisher.hpp"
#include "bascule/loop/random.hpp"
#include "bascule/pg/migrate.hpp"
#include "bascule/rpc/client.hpp"
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

struct Host::State {
  struct Wanted {
    std::string topic, type;
    EventHandler handler;
  };
  State(std::string n, int c, char** v) : name(std::move(n)), argc(c), argv(v) {}

  void run(Daemon& daemon);
  asio::awaitable<void> start(Daemon& daemon);
  asio::awaitable<void> wait_for_broker();
  void attach(Daemon& daemon);
  void drain(Daemon::Done done);
  void one_drained();
  asio::awaitable<void> finish();

  std::string name;
  int argc;
  char** argv;
  pg::Migrations migrations;
  bool has_migrations = false;
  std::vector<std::unique_ptr<Service>> services;
  std::vector<Wanted> wanted;
  // Of the running process.
  std::string instance, database_url;
  std::uint32_t concurrency = 0;
  std::unique_ptr<amqp::Client> connection;
  std::unique_ptr<pg::Pool> database;
  std::unique_ptr<rpc::Client> client;
  std::unique_ptr<BrokerSink> sink;
  std::unique_ptr<events::OutboxRelay> relay;
  std::unique_ptr<Announcer> announcer;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers;
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  Platform platform;
  Daemon::Done drained;
  std::size_t draining = 0;
  std::exception_ptr failure;
};

Host::Host(std::string name, int argc, char** argv) : state_(std::make_unique<State>(std::move(name), argc, argv)) {}
Host::~Host() = default;

void Host::migrations(pg::Migrations migrations) {
  state_->migrations = migrations;
  state_->has_migrations = true;
}
void Host::serve(std::unique_ptr<Service> service) { state_->services.push_back(std::move(service)); }
void Host::on_event(std::string topic, std::string type, EventHandler handler) {
  state_->wanted.push_back({std::move(topic), std::move(type), std::move(handler)});
}

int Host::run() {
  auto& s = *state_;
  return Daemon::main(s.name, "The service " + s.name + " of a Bascule application", s.argc, s.argv,
                      [&s](Daemon& daemon) { s.run(daemon); });
}

void Host::State::run(Daemon& daemon) {
  daemon.parse();
  const auto broker = daemon.config().section("broker");
  const auto section = daemon.config().section("service").section(name);
  instance = name + "-" + secret_token(6);
  amqp::ClientOptions options;
  options.url = broker.string("url", options.url);
  options.container_id = instance;
  database_url = has_migrations ? section.required_string("database") : section.string("database", "");
  concurrency = static_cast<std::uint32_t>(section.integer("concurrency", 256, 1, 65535));
  const auto admin = section.string("metrics", "127.0.0.1:0");
  const auto pool_size = section.integer("database_connections", 8, 2, 512);
  daemon.config().finish();

  auto& loop = daemon.loop();
  connection = std::make_unique<amqp::Client>(loop, options);
  if (!database_url.empty()) {
    pg::PoolOptions pool;
    pool.connection.conninfo = database_url;
    pool.limits.max = static_cast<std::size_t>(pool_size);
    pool.log = [](std::string_view sentence) { telemetry::warn("database", {{"state", sentence}}); };
    database = std::make_unique<pg::Pool>(loop, std::move(pool));
  }
  daemon.readiness([this]() -> std::string {
    return connection->connected() ? "" : "not connected to the broker: " + connection->last_error();
  });
  daemon.on_stop([this](Daemon::Done done) { drain(std::move(done)); });
  const auto admin_address = daemon.admin(admin);
  asio::co_spawn(loop.context(), start(daemon), [this, &daemon, admin_address](std::exception_ptr error) {
    if (error) {
      failure = error;
      return daemon.stop();
    }
    daemon.ready({{"admin", "http://" + admin_address}});
  });
  daemon.run();
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> Host::State::start(Daemon& daemon) {
  const auto deadline = Deadline::after(start_timeout);
  connection->start();
  if (database) {
    const auto applied = co_await pg::migrate(daemon.loop(), {.conninfo = database_url}, migrations, deadline);
    if (applied > 0) telemetry::info("migrated", {{"applied", applied}});
    co_await database->ready(deadline);
  }
  co_await wait_for_broker();
  attach(daemon);
}

asio::awaitable<void> Host::State::wait_for_broker() {
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

void Host::State::attach(Daemon& daemon) {
  client = std::make_unique<rpc::Client>(*connection);
  if (database) {
    sink = std::make_unique<BrokerSink>(*connection, name);
    events::OutboxRelayOptions relay_options;
    relay_options.connection.conninfo = database_url;
    relay_options.log = [](std::string_view sentence) { telemetry::warn("outbox", {{"state", sentence}}); };
    relay = std::make_unique<events::OutboxRelay>(daemon.loop(), std::move(relay_options), *sink);
    relay->start();
  }
  platform = {database.get(), client.get(), [this] {
                if (relay) relay->nudge();
              }};
  std::vector<Announcement> announcements;
  for (auto& service : services) {
    const auto& info = service->info();
    announcements.push_back({std::string(info.name), std::string(info.address), std::string(info.digest)});
    dispatchers.push_back(
        std::make_unique<Dispatcher>(*connection, platform, std::move(service), concurrency, daemon.metrics()));
  }
  for (auto& event : wanted) {
    Subscription::Options options{event.topic, event.type, name, instance};
    subscriptions.push_back(
        std::make_unique<Subscription>(*connection, platform, std::move(options), std::move(event.handler), daemon.metrics()));
  }
  announcer = std::make_unique<Announcer>(*connection, instance, std::move(announcements));
  announcer->start();
}

void Host::State::drain(Daemon::Done done) {
  drained = std::move(done);
  draining = 1 + dispatchers.size() + subscriptions.size();
  if (announcer) announcer->withdraw();
  for (auto& d : dispatchers) d->drain([this] { one_drained(); });
  for (auto& s : subscriptions) s->drain([this] { one_drained(); });
  one_drained();
}

void Host::State::one_drained() {
  if (--draining > 0) return;
  asio::co_spawn(connection->loop().context(), finish(), asio::detached);
}

asio::awaitable<void> Host::State::finish() {
  // What is in the outbox and not sent by then stays there for the next instance.
  if (relay) co_await relay->stop(Deadline::after(std::chrono::seconds(3)));
  connection->close([this] { drained(); });
}

}  // namespace bascule::service
