#include "bascule/service/host.hpp"

#include <boost/asio/co_spawn.hpp>

#include "bascule/daemon/daemon.hpp"
#include "bascule/loop/random.hpp"
#include "bascule/service/runner.hpp"

namespace bascule::service {

struct Host::State {
  struct Wanted {
    std::string topic, type;
    EventHandler handler;
  };
  State(std::string n, int c, char** v) : name(std::move(n)), argc(c), argv(v) {}

  void run(Daemon& daemon);
  void read(Daemon& daemon, Runner::Options& options, std::string& admin) const;

  std::string name;
  int argc;
  char** argv;
  pg::Migrations migrations;
  bool has_migrations = false;
  std::vector<std::unique_ptr<Service>> services;
  std::vector<Wanted> wanted;
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

void Host::State::read(Daemon& daemon, Runner::Options& options, std::string& admin) const {
  const auto broker = daemon.config().section("broker");
  const auto section = daemon.config().section("service").section(name);
  options.name = name;
  options.instance = name + "-" + secret_token(6);
  options.broker_url = broker.string("url", amqp::ClientOptions().url);
  options.require = broker.strings("require", {});
  options.database = has_migrations ? section.required_string("database") : section.string("database", "");
  options.concurrency = static_cast<std::uint32_t>(section.integer("concurrency", 256, 1, 65535));
  options.database_connections = static_cast<std::size_t>(section.integer("database_connections", 8, 2, 512));
  options.migrations = migrations;
  admin = section.string("metrics", "127.0.0.1:0");
  daemon.config().finish();
}

void Host::State::run(Daemon& daemon) {
  daemon.parse();
  Runner::Options options;
  std::string admin;
  read(daemon, options, admin);
  // Of this function, because its connections stand on the daemon's loop and must be gone before it.
  const auto runner = std::make_unique<Runner>(daemon.loop(), daemon.metrics(), std::move(options));
  for (auto& service : services) runner->serve(std::move(service));
  for (auto& event : wanted) runner->on_event(event.topic, event.type, std::move(event.handler));
  daemon.readiness([&runner] { return runner->not_ready(); });
  daemon.on_stop([&runner](Daemon::Done done) { runner->drain(std::move(done)); });
  const auto admin_address = daemon.admin(admin);
  asio::co_spawn(daemon.loop().context(), runner->start(), [this, &daemon, admin_address](std::exception_ptr error) {
    if (error) {
      failure = error;
      return daemon.stop();
    }
    daemon.ready({{"admin", "http://" + admin_address}});
  });
  daemon.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace bascule::service
