#include "bascule/daemon/daemon.hpp"

#include <malloc.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <system_error>

#include "bascule/config/cores.hpp"
#include "bascule/daemon/admin_server.hpp"
#include "bascule/daemon/idling.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule {
namespace {

void write_json_string(std::ostream& out, const std::string& text) {
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out << '\\';
    out << c;
  }
  out << '"';
}

// Readers see the whole file or none: written beside it, then renamed.
void write_ready_file(const std::string& path, const std::string& name,
                      const std::map<std::string, std::string>& endpoints) {
  const std::string temporary = path + ".tmp";
  {
    std::ofstream out(temporary, std::ios::trunc);
    out << "{\"name\":";
    write_json_string(out, name);
    out << ",\"pid\":" << ::getpid() << ",\"endpoints\":{";
    const char* separator = "";
    for (const auto& [kind, url] : endpoints) {
      out << separator;
      write_json_string(out, kind);
      out << ':';
      write_json_string(out, url);
      separator = ",";
    }
    out << "}}\n";
    if (!out.flush())
      throw std::system_error(errno, std::generic_category(), "cannot write the ready file " + temporary);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot write the ready file " + path);
  }
}

// A daemon's heap grows and shrinks with every burst of messages: by default glibc gives 128 KiB back to the kernel each
// time, and takes a page fault for each page of it a moment later.
void keep_some_heap() {
#ifdef __GLIBC__
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  ::mallopt(M_TOP_PAD, 1 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

}  // namespace

int Daemon::main(std::string name, std::string description, int argc, char** argv, const Body& body) {
  Daemon daemon(std::move(name), description, argc, argv);
  try {
    body(daemon);
    return 0;
  } catch (const CLI::ParseError& error) {
    const int status = daemon.app_->exit(error);
    return status == 0 ? 0 : 2;  // --help is no error
  } catch (const std::exception& error) {
    telemetry::error("cannot go on", {{"reason", error.what()}});
    return 1;
  }
}

Daemon::Daemon(std::string name, const std::string& description, int argc, char** argv)
    : name_(std::move(name)),
      argc_(argc),
      argv_(argv),
      app_(std::make_unique<CLI::App>(description, name_)),
      signals_(loop_.context()),
      drain_timer_(loop_.context()) {
  keep_some_heap();
  telemetry::log_start(name_, telemetry::Level::info);
  app_->add_option("--config", config_path_, "TOML file that configures every process (docs/configuration.md)")
      ->check(CLI::ExistingFile);
  app_->add_option("--ready-file", ready_path_, "written once the process serves: {name, pid, endpoints}");
  // A write to a peer that has gone must be an error, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
}

Daemon::~Daemon() = default;

void Daemon::option(const std::string& flag, std::string& value, const std::string& what) {
  app_->add_option(flag, value, what);
}

void Daemon::parse() {
  app_->parse(argc_, argv_);
  config_ = config_path_.empty() ? config::Document::empty(config::environment())
                                 : config::Document::load(config_path_, config::environment());
  const auto log = config_->section("log");
  const auto level = log.choice("level", "info", {"debug", "info", "warn", "error"});
  telemetry::log_start(name_, *telemetry::level_from_string(level));
  const auto loop = config_->section("loop");
  const auto cores = config::available_cores();
  loop_.spin(std::chrono::microseconds(loop.integer("spin_us", default_spin_us(cores), 0, max_spin_us)));
  register_idling(metrics_);
}

std::string Daemon::admin(const std::string& listen, AdminApi* api) {
  const auto not_ready = [this]() -> std::string {
    if (stopping_) return "draining";
    if (!ready_) return "starting";
    return check_ ? check_() : "";
  };
  admin_ = std::make_unique<AdminServer>(loop_, listen, metrics_, not_ready, api);
  return admin_->address();
}

void Daemon::ready(const std::map<std::string, std::string>& endpoints) {
  if (!ready_path_.empty()) write_ready_file(ready_path_, name_, endpoints);
  ready_ = true;
  for (const auto& [kind, url] : endpoints) telemetry::info("serving", {{"kind", kind}, {"endpoint", url}});
}

void Daemon::run() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  wait_for_signal();
  loop_.run();
}

void Daemon::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (stopping_) std::_Exit(130);
    telemetry::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    wait_for_signal();
    stop();
  });
}

void Daemon::stop() {
  if (std::exchange(stopping_, true)) return;
  drain_timer_.expires_after(drain_timeout_);
  drain_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    telemetry::warn("the drain took too long: leaving work unfinished", {{"timeout_ms", drain_timeout_.count()}});
    loop_.stop();
  });
  if (!stop_) return drained();
  stop_([this] { drained(); });
}

void Daemon::drained() {
  // Behind whatever the drain has just posted.
  loop_.post([this] {
    telemetry::info("stopped");
    loop_.stop();
  });
}

}  // namespace bascule
