#include "bascule/pg/transaction.hpp"

#include <iterator>
#include <utility>

#include "bascule/loop/error.hpp"

namespace bascule::pg {

Transaction::Transaction(Lease lease, Deadline deadline, TransactionOptions options)
    : lease_(std::move(lease)), deadline_(deadline), options_(options) {
  lease_.connection().limit(deadline_);
}

void Transaction::check_phase() const {
  if (phase_ == Phase::ended) throw Error(Errc::internal, "this transaction has ended: begin another one");
  if (phase_ == Phase::failed) {
    throw Error(Errc::internal, "a statement of this transaction failed before: nothing of it can be committed");
  }
}

bool Transaction::needs_begin() const noexcept {
  return options_.isolation != Isolation::read_committed || options_.read_only;
}

Statement Transaction::begin_statement() const {
  const bool ro = options_.read_only;
  switch (options_.isolation) {
    case Isolation::repeatable_read:
      return ro ? Statement("begin isolation level repeatable read read only")
                : Statement("begin isolation level repeatable read");
    case Isolation::serializable:
      return ro ? Statement("begin isolation level serializable read only")
                : Statement("begin isolation level serializable");
    case Isolation::read_committed: break;
  }
  return ro ? Statement("begin read only") : Statement("begin");
}

std::size_t Transaction::queue(Statement statement) {
  check_phase();
  queued_.push_back(std::move(statement));
  return queued_.size() - 1;
}

asio::awaitable<Result> Transaction::exec(Statement statement) {
  queue(std::move(statement));
  auto results = co_await flush();
  co_return std::move(results.back());
}

asio::awaitable<std::vector<Result>> Transaction::flush() {
  check_phase();
  std::vector<Statement> statements;
  const bool begins = phase_ == Phase::fresh;
  if (begins) statements.push_back(begin_statement());
  std::move(queued_.begin(), queued_.end(), std::back_inserter(statements));
  queued_.clear();
  auto results = co_await send(std::move(statements));
  phase_ = Phase::open;
  if (begins) results.erase(results.begin());
  co_return results;
}

asio::awaitable<std::vector<Result>> Transaction::commit() {
  check_phase();
  // All of it in one unit is a transaction by itself: PostgreSQL commits at the sync point, or undoes
  // everything.
  const bool at_once = phase_ == Phase::fresh && !needs_begin();
  const bool begins = phase_ == Phase::fresh && !at_once;
  std::vector<Statement> statements;
  if (begins) statements.push_back(begin_statement());
  std::move(queued_.begin(), queued_.end(), std::back_inserter(statements));
  queued_.clear();
  if (!at_once) statements.emplace_back(Sql("commit"));
  std::vector<Result> results;
  if (!statements.empty()) results = co_await send(std::move(statements));
  phase_ = Phase::ended;
  if (!at_once) results.pop_back();
  if (begins) results.erase(results.begin());
  lease_.give_back();
  for (const auto& action : std::exchange(after_commit_, {})) action();
  co_return results;
}

asio::awaitable<void> Transaction::rollback() {
  queued_.clear();
  if (phase_ == Phase::open || phase_ == Phase::failed) {
    std::vector<Statement> statements;
    statements.emplace_back(Sql("rollback"));
    phase_ = Phase::ended;
    co_await lease_.connection().run(deadline_, std::move(statements));
  }
  phase_ = Phase::ended;
  lease_.give_back();
}

asio::awaitable<std::vector<Result>> Transaction::send(std::vector<Statement> statements) {
  phase_ = Phase::failed;  // until the answer says otherwise, also when this coroutine never resumes
  co_return co_await lease_.connection().run(deadline_, std::move(statements));
}

}  // namespace bascule::pg
