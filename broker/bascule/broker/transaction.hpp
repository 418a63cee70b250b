// Transactions: what a client's transactions hold until they are discharged (AMQP 1.0, part 4).
//
// A message that is sent in a transaction is kept here and is published at the commit; what is settled in one stays
// acquired and is settled at the commit. A commit is one record in the storage: after a crash all of it is there or
// nothing. What is rolled back comes back as after a failed attempt, so that a message whose transaction never
// succeeds ends as a dead letter. A transaction belongs to one session. Bounds: TransactionLimits; a transaction that is
// larger, or lasts longer, can only be rolled back. A pure state machine: time is passed in. Thread safety: the broker's
// loop only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bascule/broker/router.hpp"

namespace bascule::broker {

struct TransactionLimits {
  std::uint32_t open = 16;          ///< of one session
  std::uint32_t messages = 10'000;  ///< sent and settled, of one transaction
  std::uint64_t bytes = 64U << 20;  ///< of messages sent in one transaction
  std::chrono::milliseconds timeout{60'000};
};

struct TransactionCounters {
  std::uint64_t declared = 0, committed = 0, rolled_back = 0, timed_out = 0, failed = 0;
};

using TransactionId = std::uint64_t;

/// Why something about a transaction is refused: an error condition and a sentence; null condition: it is not.
struct TransactionError {
  const char* condition = nullptr;
  std::string description = {};
};

class Transactions {
 public:
  /// Who owns a transaction (a session) and through whom it was declared (a link): opaque.
  using Owner = const void*;

  Transactions(const TransactionLimits& limits, Router& router, Storage& storage, TransactionCounters& counters)
      : limits_(limits), router_(router), storage_(storage), counters_(counters) {}
  /// Rolls back what is open. The router must still be there.
  ~Transactions();

  TransactionError declare(Owner session, Owner coordinator, Time now, TransactionId& made);
  /// A message for a node, which may be gone by the commit.
  TransactionError send(TransactionId id, Owner session, const Node& node, Origin origin, MessageRef message);
  /// What is decided about a message that was handed out. When it is refused, nothing was done.
  TransactionError settle(TransactionId id, Owner session, Queue& queue, Position at, const Outcome& outcome);
  /// Commits or rolls back. `durable_at`: what the commit waits for.
  TransactionError discharge(TransactionId id, Owner session, bool fail, Time now, Lsn& durable_at);

  /// The coordinator's link is gone, or the session.
  void end(Owner coordinator_or_session, Time now);
  /// Rolls back what has lasted too long.
  void sweep(Time now);
  std::size_t open() const noexcept { return transactions_.size(); }

 private:
  struct Sent {
    std::string address;
    Origin origin;
    MessageRef message;
  };
  struct Settled {
    std::string address;
    std::uint64_t serial;
    Position at;
    Outcome outcome;  // its texts are in `condition` and `description`
    std::string condition, description;
    Annotations annotations;
  };
  struct Transaction {
    Owner session, coordinator;
    Time until;
    std::vector<Sent> sent;
    std::vector<Settled> settled;
    std::uint64_t bytes = 0;
    bool timed_out = false;
    TransactionError spoilt = {};  // it can only be rolled back
  };

  Transaction* find(TransactionId id, Owner session);
  TransactionError enlarge(Transaction& transaction, std::uint64_t bytes);
  TransactionError check(const Transaction& transaction, Time now) const;
  Demand demand(const Transaction& transaction) const;
  TransactionError commit(Transaction& transaction, Time now, Lsn& durable_at);
  void roll_back(Transaction& transaction, Time now);
  Queue* queue_of(const Settled& settled) const;

  const TransactionLimits limits_;
  Router& router_;
  Storage& storage_;
  TransactionCounters& counters_;
  std::map<TransactionId, Transaction> transactions_;
  TransactionId last_ = 0;
};

}  // namespace bascule::broker
