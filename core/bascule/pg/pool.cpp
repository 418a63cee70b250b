#include "bascule/pg/pool.hpp"

#include "bascule/pg/pool_core.hpp"

namespace bascule::pg {

Pool::Pool(Loop& loop, PoolOptions options) : core_(std::make_shared<PoolCore>(loop, std::move(options))) {
  core_->pump();
}
Pool::~Pool() { close(); }

asio::awaitable<void> Pool::ready(Deadline deadline) { return core_->ready(deadline); }

namespace {

// Free, with the core as its argument: the Pool may be gone before the answer.
asio::awaitable<Result> exec_on(std::shared_ptr<PoolCore> core, Deadline deadline, Statement statement) {
  auto lease = co_await core->acquire(PoolState::Use::shared, deadline);
  lease.connection().limit(deadline);
  try {
    auto result = co_await lease.connection().exec(deadline, std::move(statement));
    lease.settled();
    co_return result;
  } catch (const SqlError&) {
    lease.settled();
    throw;
  }
}

asio::awaitable<Transaction> begin_on(std::shared_ptr<PoolCore> core, Deadline deadline, TransactionOptions options) {
  auto lease = co_await core->acquire(PoolState::Use::exclusive, deadline);
  co_return Transaction(std::move(lease), deadline, options);
}

}  // namespace

asio::awaitable<Result> Pool::exec(Deadline deadline, Statement statement) {
  return exec_on(core_, deadline, std::move(statement));
}

asio::awaitable<Transaction> Pool::begin(Deadline deadline, TransactionOptions options) {
  return begin_on(core_, deadline, options);
}

PoolStats Pool::stats() const { return core_->stats(); }

void Pool::close() { core_->close(); }

}  // namespace bascule::pg
