// Transaction: statements that take effect together or not at all.
//
//   auto tx = co_await pool.begin(deadline);
//   auto row = co_await tx.exec("select stock from product where id = $1 for update", id);   // begin travels
//   with it tx.queue("update product set stock = stock - $2 where id = $1", id, quantity);           //
//   nothing is sent yet tx.queue("insert into reservation (order_id, product_id) values ($1, $2)", order,
//   id); co_await tx.commit();                                                 // both statements and the
//   commit: one round trip
//
// A transaction whose statements are all queued is one round trip in all. Destroyed without commit() it is
// rolled back, and its connection serves nobody else before that is done. Errors: SqlError of the first
// statement that failed; from then on the transaction can only be rolled back. Every call is bound by the
// deadline given to begin(). When commit() fails with `unavailable` or `deadline_exceeded` it is not known
// whether it took effect: use an idempotency key (inbox) to find out by trying again.
// Thread safety: the loop's own thread; one call at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "bascule/pg/lease.hpp"

namespace bascule::pg {

enum class Isolation { read_committed, repeatable_read, serializable };

struct TransactionOptions {
  Isolation isolation = Isolation::read_committed;
  bool read_only = false;
};

class Transaction {
 public:
  Transaction(Lease lease, Deadline deadline, TransactionOptions options);
  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&&) noexcept = default;

  /// Sends what is queued and this statement; returns this statement's result.
  template <class... Params>
  asio::awaitable<Result> exec(Sql sql, Params&&... params) {
    return exec(Statement(sql, std::forward<Params>(params)...));
  }
  asio::awaitable<Result> exec(Statement statement);

  /// Keeps a statement to be sent with the next exec(), flush() or commit(). Returns its place in what that
  /// returns.
  template <class... Params>
  std::size_t queue(Sql sql, Params&&... params) {
    return queue(Statement(sql, std::forward<Params>(params)...));
  }
  std::size_t queue(Statement statement);

  /// Sends what is queued and waits for it: the results, in order.
  asio::awaitable<std::vector<Result>> flush();
  /// Sends what is queued and commits: the results of what was queued, in order.
  asio::awaitable<std::vector<Result>> commit();
  /// Gives up; what was queued is dropped. Waits until the server has rolled back.
  asio::awaitable<void> rollback();

  /// Runs after a successful commit(), before it returns: to wake whoever waits for the new rows. Must not
  /// throw.
  void after_commit(std::function<void()> action) { after_commit_.push_back(std::move(action)); }
  Deadline deadline() const noexcept { return deadline_; }

 private:
  enum class Phase {
    fresh,   ///< nothing was sent
    open,    ///< BEGIN was sent
    failed,  ///< a statement failed: only rollback is left
    ended,   ///< committed or rolled back
  };

  asio::awaitable<std::vector<Result>> send(std::vector<Statement> statements);
  void check_phase() const;
  bool needs_begin() const noexcept;
  Statement begin_statement() const;

  Lease lease_;
  Deadline deadline_;
  TransactionOptions options_;
  Phase phase_ = Phase::fresh;
  std::vector<Statement> queued_;
  std::vector<std::function<void()>> after_commit_;
};

}  // namespace bascule::pg
