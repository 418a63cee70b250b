// PoolState: who may use which connection, and which connections to open. The pool's logic without
// connections.
//
// A slot holds at most one connection. An exclusive user (a transaction) has a slot for itself; shared users
// (single statements) pipeline on one slot, up to max_shared of them. Waiters are served strictly in order: a
// transaction that waits is not starved by single statements. When the database is down (the last attempt to
// connect failed and no slot is up) everybody is refused at once instead of waiting.
//
// Pure. Thread safety: one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace bascule::pg {

class PoolState {
 public:
  struct Limits {
    std::size_t min = 1;            ///< connections kept open when nobody asks
    std::size_t max = 8;            ///< connections at most
    std::size_t max_waiters = 256;  ///< above which callers are refused
    std::size_t max_shared = 32;    ///< single statements in one connection's pipeline
    std::size_t crowded_at = 4;     ///< single statements on the least loaded connection that make it open one more
  };
  enum class Use { exclusive, shared };
  enum class Answer {
    granted,  ///< `slot` is yours; give it back with release()
    queued,   ///< wait for `ticket` to come out of next_grant()
    full,     ///< max_waiters wait already
    down,     ///< the database cannot be reached
  };
  struct Verdict {
    Answer answer;
    std::size_t slot = 0;
    std::uint64_t ticket = 0;
  };
  struct Grant {
    std::uint64_t ticket;
    std::size_t slot;
  };
  struct Counts {
    std::size_t open = 0, idle = 0, in_use = 0, waiting = 0;
  };

  explicit PoolState(Limits limits);

  Verdict acquire(Use use);
  /// A waiter went away (deadline, cancellation). False: it was granted already and has the slot.
  bool withdraw(std::uint64_t ticket);
  /// A user is done and the connection is fit for the next one; or it is not (lost, or ejected).
  void release(std::size_t slot, bool fit);
  /// An open connection was lost, whoever uses it. Its users still release.
  void lost(std::size_t slot);
  void opened(std::size_t slot);
  void open_failed(std::size_t slot);

  /// The slot to open a connection for, if one is wanted. `retry`: the wait after a failure is over.
  std::optional<std::size_t> next_open();
  /// The next waiter to be served.
  std::optional<Grant> next_grant();
  /// While down: everybody who waits, to be refused.
  std::vector<std::uint64_t> take_refused();
  /// After a failure nothing is opened until this is called.
  void retry() { held_back_ = false; }
  bool wants_retry() const noexcept { return held_back_; }

  bool down() const noexcept { return failed_ && !any_up(); }
  Counts counts() const;
  const Limits& limits() const noexcept { return limits_; }

 private:
  enum class Phase : std::uint8_t {
    vacant,   ///< no connection
    opening,  ///< being opened
    up,       ///< serves
    lost,     ///< its connection is gone, users are still to release it
  };
  struct Slot {
    Phase phase = Phase::vacant;
    bool exclusive = false;
    std::size_t users = 0;
  };
  struct Waiter {
    std::uint64_t ticket;
    Use use;
  };

  std::optional<std::size_t> find(Use use) const;
  std::size_t take(std::size_t slot, Use use);
  bool any_up() const;
  bool crowded() const;
  std::size_t count(Phase phase) const;

  Limits limits_;
  std::vector<Slot> slots_;
  std::deque<Waiter> waiters_;
  std::uint64_t next_ticket_ = 1;
  bool failed_ = false;     ///< the last attempt to open failed
  bool held_back_ = false;  ///< a back-off is running
};

}  // namespace bascule::pg
