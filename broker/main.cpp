// bascule-broker: the embedded broker as a daemon, and its tools for a journal that no broker has open.
#include <functional>
#include <iostream>

#include "bascule/broker/broker.hpp"
#include "bascule/broker/configuration.hpp"
#include "bascule/broker/journal_thread.hpp"
#include "bascule/broker/metrics.hpp"
#include "bascule/broker/offline.hpp"
#include "bascule/daemon/daemon.hpp"

namespace {

using namespace bascule;

struct Flags {
  std::string listen, data;
};

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
  std::map<std::string, std::string> endpoints{{"amqp", "amqp://" + server.address()}};
  if (!configuration.admin.empty()) {
    broker::register_metrics(daemon.metrics(), server);
    endpoints.emplace("metrics", "http://" + daemon.admin(configuration.admin));
  }
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
        daemon.parse();
        tool ? void(status = tool(flags.data, std::cout)) : serve(daemon, flags);
      });
  return failed != 0 ? failed : status;
}
