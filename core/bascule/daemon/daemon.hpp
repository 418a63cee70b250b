// Daemon: what every process of the platform does alike - flags, configuration, log, readiness, signals, admin listener.
//
//   int main(int argc, char** argv) {
//     return bascule::Daemon::main("bascule-broker", "The embedded AMQP 1.0 broker", argc, argv, [](Daemon& daemon) {
//       daemon.option("--data", ...);                             // before parse
//       daemon.parse();                                           // --config, --ready-file; reads the file, starts the log
//       ... build things on daemon.loop(), then
//       daemon.on_stop([&](auto done) { ...drain...; done(); });
//       daemon.ready({{"amqp", "amqp://127.0.0.1:41233"}});
//       daemon.run();                                             // until SIGTERM or SIGINT and the drain is over
//     });
//   }
//
// Errors: main() turns an exception into one log line and exit status 1 (bad flags: 2, with usage on standard error).
// Signals: the first SIGTERM or SIGINT runs on_stop and exits 0 when it is done, or after `drain_timeout`; a second one exits
// at once with status 130.
// Thread safety: one thread.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bascule/config/document.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/loop/unique_function.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace CLI {
class App;
}

namespace bascule {

class AdminApi;
class AdminServer;

class Daemon {
 public:
  using Body = std::function<void(Daemon&)>;
  static int main(std::string name, std::string description, int argc, char** argv, const Body& body);
  ~Daemon();

  /// A flag of the process's own with one value, which goes to `value`. Before parse().
  void option(const std::string& flag, std::string& value, const std::string& what);
  /// For more than that; include <CLI/App.hpp>.
  CLI::App& flags() noexcept { return *app_; }
  /// Reads the flags, then the configuration they name (none: defaults and the environment), then starts the log.
  void parse();
  const config::Document& config() const noexcept { return *config_; }
  const std::string& name() const noexcept { return name_; }
  Loop& loop() noexcept { return loop_; }
  telemetry::Registry& metrics() noexcept { return metrics_; }

  using Done = std::function<void()>;
  /// Runs once when the process is to stop; calls its argument when everything is drained. Set before run().
  void on_stop(std::function<void(Done)> stop) { stop_ = std::move(stop); }
  void drain_timeout(std::chrono::milliseconds timeout) { drain_timeout_ = timeout; }
  /// What /readyz asks, besides whether ready() was called; an empty string is yes, anything else says why not.
  void readiness(std::function<std::string()> check) { check_ = std::move(check); }
  /// Serves /livez, /readyz and /metrics on "host:port", and `api`, which outlives run(). Returns the address with the port
  /// the kernel chose.
  std::string admin(const std::string& listen, AdminApi* api = nullptr);
  /// Says that the process serves: logs the endpoints and writes the ready file (tmp + rename).
  void ready(const std::map<std::string, std::string>& endpoints);
  void run();
  /// As if SIGTERM had come.
  void stop();

 private:
  Daemon(std::string name, const std::string& description, int argc, char** argv);
  void wait_for_signal();
  void drained();

  std::string name_;
  int argc_;
  char** argv_;
  std::unique_ptr<CLI::App> app_;
  std::string config_path_, ready_path_;
  std::optional<config::Document> config_;
  Loop loop_;
  telemetry::Registry metrics_;
  asio::signal_set signals_;
  asio::steady_timer drain_timer_;
  std::chrono::milliseconds drain_timeout_{10'000};
  std::function<void(Done)> stop_;
  std::function<std::string()> check_;
  std::unique_ptr<AdminServer> admin_;
  bool ready_ = false, stopping_ = false;
};

}  // namespace bascule
