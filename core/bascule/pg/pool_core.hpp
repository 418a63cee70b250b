// PoolCore: the pool behind Pool and its leases: PoolState, fed by real connections. Internal to pg.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "bascule/pg/lease.hpp"
#include "bascule/pg/pool.hpp"

namespace bascule::pg {

class PoolCore final : public std::enable_shared_from_this<PoolCore> {
 public:
  PoolCore(Loop& loop, PoolOptions options);

  asio::awaitable<Lease> acquire(PoolState::Use use, Deadline deadline);
  void give_back(std::size_t slot, PoolState::Use use, std::shared_ptr<Connection> connection, bool settled);
  asio::awaitable<void> ready(Deadline deadline);
  /// Opens and grants what the state says.
  void pump();
  void close();
  PoolStats stats() const;

 private:
  struct Waiter {
    explicit Waiter(asio::io_context& context, Deadline deadline) : signal(context, deadline.at()) {}
    asio::steady_timer signal;
    std::optional<std::size_t> slot;
    bool refused = false;
  };

  // Background tasks keep the core alive by their argument, and end soon after close().
  static asio::awaitable<void> open(std::shared_ptr<PoolCore> self, std::size_t slot);
  static asio::awaitable<void> recover(std::shared_ptr<PoolCore> self, std::size_t slot, PoolState::Use use,
                                       std::shared_ptr<Connection> connection);
  void on_opened(std::size_t slot, const std::shared_ptr<Connection>& connection);
  void on_open_failed(std::size_t slot, const std::string& why);
  void on_lost(std::size_t slot, const std::string& why);
  void refuse_waiters();
  Lease lease(std::size_t slot, PoolState::Use use);
  void check_open(Deadline deadline) const;
  [[noreturn]] void refuse_down();
  [[noreturn]] void refuse_deadline();
  void log(const std::string& sentence) const;

  Loop& loop_;
  PoolOptions options_;
  PoolState state_;
  std::vector<std::shared_ptr<Connection>> connections_;  ///< by slot
  std::unordered_map<std::uint64_t, std::shared_ptr<Waiter>> waiters_;
  asio::steady_timer retry_timer_;
  Backoff backoff_;
  std::mt19937_64 random_;
  PoolStats stats_;
  std::string last_error_;
  bool closed_ = false;
};

}  // namespace bascule::pg
