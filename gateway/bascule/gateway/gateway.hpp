// Gateway: the HTTP edge as a library: workers on their threads, and the contracts that their routes come
// from.
//
// What: the first worker lives on the caller's loop and watches the contracts; each further one has a thread
// of its own. Errors: the constructor throws config::ConfigError for the aggregates' file and
// boost::system::system_error when it cannot listen. Lifetime: destroy it after the caller's loop has
// stopped. Thread safety: the caller's loop's thread only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bascule/contracts/watcher.hpp"
#include "bascule/gateway/worker.hpp"

namespace bascule::gateway {

class Gateway {
 public:
  Gateway(Loop& loop, const Settings& settings, telemetry::Registry& metrics);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// "http://127.0.0.1:8080", with the port that the kernel chose.
  std::string url() const;
  void start();
  /// Runs `ready` once, when contracts are listened for.
  void when_ready(UniqueFunction<void()> ready);
  /// Stops accepting and answers what is open; `drained` runs on the caller's loop.
  void drain(UniqueFunction<void()> drained);
  /// Why it is not ready; empty when it is. Any thread.
  std::string not_ready() const;

 private:
  struct Thread {
    Loop loop;
    std::unique_ptr<Worker> worker;
    std::thread thread;
  };
  void on_services(std::vector<contracts::ServiceState> services);
  void poll_ready();
  void collect_access_log();
  void worker_drained();

  Loop& loop_;
  const Settings settings_;
  telemetry::Registry& metrics_;
  RouteBuilder builder_;
  std::unique_ptr<LineWriter> access_log_;  ///< before the workers: it writes what they leave
  std::unique_ptr<Worker> first_;
  std::vector<std::unique_ptr<Thread>> others_;
  std::unique_ptr<contracts::Watcher> watcher_;
  asio::steady_timer ready_timer_;
  UniqueFunction<void()> ready_, drained_;
  std::size_t draining_ = 0;
  std::atomic<bool> listening_{false}, stopping_{false};
  std::vector<std::string> refusals_;
};

}  // namespace bascule::gateway
