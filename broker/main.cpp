// bascule-broker: the embedded broker as a daemon.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "bascule/broker/broker.hpp"
#include "bascule/broker/journal_thread.hpp"
#include "bascule/config/document.hpp"
#include "bascule/telemetry/log.hpp"

namespace {

using namespace bascule;

struct Arguments {
  std::string config, ready_file, listen, data;
};

broker::BrokerOptions read_options(const config::Document& document, const Arguments& arguments) {
  broker::BrokerOptions options;
  const auto section = document.section("broker");
  section.string("url", "");  // for the others: how they reach it
  const auto listen = section.endpoint("listen", {"127.0.0.1", 5672});
  options.listen = arguments.listen.empty() ? listen.text() : arguments.listen;
  options.idle_timeout = section.duration("idle_timeout", options.idle_timeout);
  options.handshake_timeout = section.duration("handshake_timeout", options.handshake_timeout);
  options.max_message_size = section.size("max_message_size", options.max_message_size);
  const auto count = [&section](const char* key, std::uint64_t fallback) {
    return static_cast<std::uint64_t>(
        section.integer(key, static_cast<std::int64_t>(fallback), 1, 1'000'000'000));
  };
  options.max_connections = static_cast<std::uint32_t>(count("max_connections", options.max_connections));
  options.max_links = static_cast<std::uint32_t>(count("max_links", options.max_links));
  auto& router = options.router;
  router.auto_create = section.boolean("auto_create", router.auto_create);
  router.max_nodes = count("max_nodes", router.max_nodes);
  router.queue.max_messages = count("max_queue_messages", router.queue.max_messages);
  router.queue.max_bytes = section.size("max_queue_bytes", router.queue.max_bytes);
  router.queue.max_deliveries = static_cast<std::uint32_t>(
      section.integer("max_deliveries", router.queue.max_deliveries, 0, 1'000'000));
  const auto overflow = section.choice("overflow", "block", {"block", "reject", "drop-head"});
  router.queue.overflow = overflow == "reject"      ? broker::Overflow::reject
                          : overflow == "drop-head" ? broker::Overflow::drop_head
                                                    : broker::Overflow::block;
  return options;
}

// In memory without a folder.
std::unique_ptr<broker::Storage> open_storage(Loop& loop, const config::Document& document,
                                              const Arguments& arguments) {
  const auto section = document.section("broker");
  const std::string data = arguments.data.empty() ? section.string("data", "") : arguments.data;
  broker::JournalOptions options;
  const auto fsync = section.choice("fsync", "group", {"group", "interval", "never"});
  options.fsync = fsync == "group"      ? broker::Fsync::group
                  : fsync == "interval" ? broker::Fsync::interval
                                        : broker::Fsync::never;
  options.interval = section.duration("fsync_interval", options.interval);
  options.segment_size = section.size("journal_segment", options.segment_size);
  document.finish();
  if (data.empty()) return nullptr;
  return broker::open_journal(loop, data + "/journal", options);
}

// Written beside it and renamed: whoever waits for the file never reads half of it.
void write_ready_file(const std::string& path, const std::string& address) {
  const std::string temporary = path + ".tmp";
  std::ofstream(temporary) << R"({"name":"broker","pid":)" << ::getpid() << R"(,"endpoints":{"amqp":"amqp://)"
                           << address << "\"}}\n";
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    throw std::runtime_error("cannot write the ready file " + path + "; does its folder exist?");
  }
}

int serve(const Arguments& arguments) {
  const auto document = arguments.config.empty()
                            ? config::Document::empty(config::environment())
                            : config::Document::load(arguments.config, config::environment());
  const auto options = read_options(document, arguments);
  const auto level = document.section("log").choice("level", "info", {"debug", "info", "warn", "error"});
  telemetry::log_start("broker", *telemetry::level_from_string(level));

  Loop loop;
  broker::Broker server(loop, options, open_storage(loop, document, arguments));
  server.start();
  asio::signal_set signals(loop.context(), SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    signals.async_wait([](const boost::system::error_code& again, int) {
      if (!again) std::_Exit(1);
    });
    telemetry::info("draining", {{"connections", server.connections()}});
    server.drain([&loop] { loop.stop(); });
  });
  telemetry::info("listening", {{"address", server.address()}});
  if (!arguments.ready_file.empty()) write_ready_file(arguments.ready_file, server.address());
  loop.run();
  telemetry::info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bascule-broker: the embedded AMQP 1.0 broker"};
  Arguments arguments;
  app.add_option("--config", arguments.config, "TOML file; section [broker]");
  app.add_option("--ready-file", arguments.ready_file, "written once the broker serves");
  app.add_option("--data", arguments.data,
                 "folder of the journal; without one, everything is in memory (overrides the file)");
  app.add_option("--listen", arguments.listen, "host:port; port 0: the kernel chooses (overrides the file)");
  CLI11_PARSE(app, argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  try {
    return serve(arguments);
  } catch (const std::exception& error) {
    std::cerr << "bascule-broker: " << error.what() << "\n";
    return 1;
  }
}
