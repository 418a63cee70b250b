// OutboxRelay: publishes what transactions put into the outbox, and deletes it once the broker has it.
//
// At least once, in order of each key, never skipping a row. Of all processes and loops that run a relay on
// one database, one is active (a session advisory lock); when it dies another takes over within
// `standby_poll`. A row is read once every transaction that began before its own has ended, so none that
// commits late is passed by: a long writing transaction anywhere in the PostgreSQL cluster holds the relay
// back for as long as it lasts. It wakes by nudge() after a commit in this process, by a NOTIFY that a
// standby relay in another process sends for its own commits (outside of them, so commits never queue for
// it), and by a slow poll. Errors: none to the caller. A row that cannot be published is tried again with
// backoff, for ever, and blocks its key only; see stats() and the log. Cancellation: stop(). Lifetime: sink
// must outlive the relay's stop(). Thread safety: the loop's own thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "bascule/events/outbox_order.hpp"
#include "bascule/loop/loop.hpp"
#include "bascule/pg/connection.hpp"

namespace bascule::events {

/// Where the relay publishes to.
struct EventSink {
  virtual ~EventSink() = default;
  /// Returns once the broker has taken responsibility for the event; throws otherwise. Called for many rows
  /// at once; `row` stays valid until it returns.
  virtual asio::awaitable<void> publish(const OutboxRow& row, Deadline deadline) = 0;
};

struct OutboxRelayOptions {
  pg::ConnectionOptions connection;
  OutboxOrder::Limits order{};
  std::size_t batch = 512;                                 ///< rows read at once
  Clock::duration poll = std::chrono::seconds(1);          ///< looks without being woken
  Clock::duration standby_poll = std::chrono::seconds(1);  ///< tries to become the active one
  Clock::duration publish_timeout = std::chrono::seconds(10);
  Clock::duration database_timeout = std::chrono::seconds(10);
  std::chrono::seconds keep_inbox = std::chrono::hours(24 * 7);  ///< inbox rows older than that are removed; 0: never
  Clock::duration prune_every = std::chrono::hours(1);
  std::function<void(std::string_view)> log{};
};

struct OutboxRelayStats {
  bool active = false;             ///< holds the lock
  std::uint64_t published = 0;     ///< rows that the sink took
  std::uint64_t failed = 0;        ///< attempts that it refused
  std::uint64_t reads = 0;         ///< times it looked
  std::uint64_t batches = 0;       ///< of these, how often it found rows
  std::uint64_t sessions = 0;      ///< database sessions begun
  std::uint64_t pruned = 0;        ///< inbox rows removed
  std::size_t blocked = 0;         ///< keys that wait because of a failure
  std::size_t in_flight = 0;       ///< rows being published
  std::int64_t oldest_age_ms = 0;  ///< of the oldest row in the last read; 0 when it found none
};

class OutboxRelay {
 public:
  OutboxRelay(Loop& loop, OutboxRelayOptions options, EventSink& sink);
  ~OutboxRelay();
  OutboxRelay(const OutboxRelay&) = delete;
  OutboxRelay& operator=(const OutboxRelay&) = delete;

  void start();
  /// Something was committed. Cheap; call it from Transaction::after_commit.
  void nudge();
  /// Lets what is being published finish and be deleted, until the deadline; then lets the lock go.
  asio::awaitable<void> stop(Deadline deadline);
  OutboxRelayStats stats() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
  Loop& loop_;
};

}  // namespace bascule::events
