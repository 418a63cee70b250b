// Pool: a bounded number of connections to one database, on one Loop.
//
//   pg::Pool db(loop, {.connection = {.conninfo = config.database}});
//   auto product = co_await db.exec(deadline, "select id, name from product where id = $1", id);
//   auto tx = co_await db.begin(deadline);
//   …
// exec() pipelines single statements of many callers on few connections; begin() takes a connection for
// itself.
//
// At the bound callers wait in order, until their deadline (deadline_exceeded); max_waiters wait at most
// (resource_exhausted). A lost connection fails its users with `unavailable` and is replaced, with jittered
// backoff; while the database cannot be reached every call fails at once with `unavailable`, and the pool
// heals by itself. Lifetime: leases and transactions may outlive the Pool; they fail with `unavailable`.
// Destroying it closes everything. Thread safety: the loop's own thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/loop/backoff.hpp"
#include "bascule/pg/connection.hpp"
#include "bascule/pg/pool_state.hpp"
#include "bascule/pg/transaction.hpp"

namespace bascule::pg {

struct PoolOptions {
  ConnectionOptions connection;
  PoolState::Limits limits{};
  Backoff::Limits backoff{};
  Clock::duration connect_timeout = std::chrono::seconds(5);
  /// How long a connection may take to become clean after its user gave up, before it is closed.
  Clock::duration recover_timeout = std::chrono::seconds(2);
  /// Told, in a sentence, when the database is lost and when it is back.
  std::function<void(std::string_view)> log{};
};

/// Counters since the start, and gauges of now.
struct PoolStats {
  PoolState::Counts now;
  std::uint64_t granted = 0;           ///< uses of a connection
  std::uint64_t waited = 0;            ///< of these, how many had to wait
  std::uint64_t wait_us = 0;           ///< and for how long, in all
  std::uint64_t opened = 0;            ///< connections opened
  std::uint64_t open_failed = 0;       ///< attempts to open that failed
  std::uint64_t lost = 0;              ///< connections that the server or the network ended
  std::uint64_t recovered = 0;         ///< returned unclean, cleaned
  std::uint64_t ejected = 0;           ///< returned unclean, closed
  std::uint64_t refused_full = 0;      ///< callers refused at max_waiters
  std::uint64_t refused_down = 0;      ///< callers refused because the database cannot be reached
  std::uint64_t refused_deadline = 0;  ///< callers whose deadline passed while they waited
};

class Pool {
 public:
  Pool(Loop& loop, PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Waits until the database answers, trying again until the deadline. For start-up: throws `unavailable`
  /// with the last cause.
  asio::awaitable<void> ready(Deadline deadline);

  /// One statement as a transaction of its own. Errors: as Connection::exec, and the pool's own.
  template <class... Params>
  asio::awaitable<Result> exec(Deadline deadline, Sql sql, Params&&... params) {
    return exec(deadline, Statement(sql, std::forward<Params>(params)...));
  }
  asio::awaitable<Result> exec(Deadline deadline, Statement statement);

  /// A transaction, on a connection of its own until it ends. Sends nothing yet.
  asio::awaitable<Transaction> begin(Deadline deadline, TransactionOptions options = {});

  PoolStats stats() const;
  /// Closes all connections and refuses every further call. Idempotent.
  void close();

 private:
  std::shared_ptr<PoolCore> core_;
};

}  // namespace bascule::pg
