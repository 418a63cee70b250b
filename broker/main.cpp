// bascule-broker: the embedded broker as a daemon, and its tools for a journal that no broker has open.
#include <CLI/App.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <functional>
#include <iostream>

#include "bascule/admin/api.hpp"
#include "bascule/broker/broker.hpp"
#include "bascule/broker/configuration.hpp"
#include "bascule/broker/journal_thread.hpp"
#include "bascule/broker/metrics.hpp"
#include "bascule/broker/offline.hpp"
#include "bascule/broker/user_tool.hpp"
#include "bascule/daemon/daemon.hpp"

namespace {

using namespace bascule;

struct Flags {
  std::string listen, data;
};

// By scheme; a second listener of a kind is amqp-2 and so on.
void add_endpoint(std::map<std::string, std::string>& endpoints, const std::string& url) {
  const auto scheme = url.substr(0, url.find(':'));
  auto name = scheme;
  for (int n = 2; !endpoints.emplace(name, url).second; ++n) name = scheme + "-" + std::to_string(n);
}

void reload_on(asio::signal_set& hang_up, broker::Broker& server) {
  hang_up.async_wait([&](boost::system::error_code error, int) {
    if (error) return;
    server.reload();
    reload_on(hang_up, server);
  });
}

void add_user_tool(CLI::App& app, broker::UserCommand& command) {
  CLI::App* const user = app.add_subcommand("user", "makes and changes the users file (passwords from standard input)");
  user->require_subcommand(1);
  const auto action = [&](const char* name, const char* what, bool names_one) {
    CLI::App* const sub = user->add_subcommand(name, what);
    sub->callback([&command, name] { command.action = name; });
    sub->add_option("--users", command.file, "the file; docs/broker.md, Security")->required();
    if (names_one) sub->add_option("name", command.name, "whom")->required();
    return sub;
  };
  CLI::App* const add = action("add", "a new user", true);
  add->add_option("--role", command.roles, "may be given several times");
  add->add_flag("--external", command.external, "comes with a client certificate and has no password");
  add->add_option("--iterations", command.iterations, "of PBKDF2")->check(CLI::Range(4096, 1'000'000));
  action("passwd", "another password", true)
      ->add_option("--iterations", command.iterations, "of PBKDF2")
      ->check(CLI::Range(4096, 1'000'000));
  action("roles", "other roles; none given: none", true)->add_option("--role", command.roles);
  action("remove", "ends a user; its connections are closed", true);
  action("list", "names, how they log in, and roles", false);
}

void serve(Daemon& daemon, const Flags& flags) {
  auto configuration = broker::read_configuration(daemon.config().section("broker"));
  daemon.config().finish();
  if (!flags.listen.empty()) configuration.broker.listen = flags.listen;
  if (!flags.data.empty()) configuration.data = flags.data;

  std::unique_ptr<broker::Storage> storage;
  if (!configuration.data.empty()) {
    storage = broker::open_journal(daemon.loop(), configuration.data + "/journal", configuration.journal);
  }
  broker::Broker server(daemon.loop(), configuration.broker, std::move(storage));
  server.start();
  std::map<std::string, std::string> endpoints;
  for (const auto& url : server.urls()) add_endpoint(endpoints, url);
  admin::Api api(server);
  if (!configuration.admin.empty()) {
    broker::register_metrics(daemon.metrics(), server);
    api.register_metrics(daemon.metrics());
    endpoints.emplace("metrics", "http://" + daemon.admin(configuration.admin, &api));
  }
  asio::signal_set hang_up(daemon.loop().context(), SIGHUP);
  reload_on(hang_up, server);
  daemon.on_stop([&server](Daemon::Done done) { server.drain(std::move(done)); });
  daemon.ready(endpoints);
  daemon.run();
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  const int failed =
      Daemon::main("bascule-broker", "The embedded AMQP 1.0 broker", argc, argv, [&status](Daemon& daemon) {
        Flags flags;
        CLI::App& app = daemon.flags();
        app.add_option("--listen", flags.listen, "host:port; port 0: the kernel chooses (overrides broker.listen)");
        app.add_option("--data", flags.data,
                       "folder of the journal; without one all is in memory (overrides broker.data)");
        std::function<int(const std::string&, std::ostream&)> tool;
        const auto offline = [&](const char* name, const char* what, int (*run)(const std::string&, std::ostream&)) {
          app.add_subcommand(name, what)
              ->callback([&tool, run] { tool = run; })
              ->add_option("--data", flags.data)
              ->required();
        };
        offline("verify", "reads a journal and says whether it is whole", &broker::verify_journal);
        offline("dump", "prints every record of a journal", &broker::dump_journal);
        offline("compact", "writes what lives to a new journal; keeps the old one beside it", &broker::compact_journal);
        broker::UserCommand user;
        add_user_tool(app, user);
        daemon.parse();
        if (!user.action.empty()) {
          status = broker::run_user_command(user, std::cin, std::cout);
          return;
        }
        tool ? void(status = tool(flags.data, std::cout)) : serve(daemon, flags);
      });
  return failed != 0 ? failed : status;
}
