#include "bascule/pg/pool_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "bascule/loop/error.hpp"

namespace bascule::pg {

void Lease::give_back() noexcept {
  if (const auto core = std::exchange(core_, nullptr)) core->give_back(slot_, use_, std::move(connection_), settled_);
}

PoolCore::PoolCore(Loop& loop, PoolOptions options)
    : loop_(loop),
      options_(std::move(options)),
      state_(options_.limits),
      connections_(state_.limits().max),
      retry_timer_(loop.context()),
      backoff_(options_.backoff),
      random_(std::random_device{}()) {}

asio::awaitable<Lease> PoolCore::acquire(PoolState::Use use, Deadline deadline) {
  const auto self = shared_from_this();
  check_open(deadline);
  const auto verdict = state_.acquire(use);
  switch (verdict.answer) {
    case PoolState::Answer::granted:
      stats_.granted += 1;
      pump();  // a crowded connection may call for one more
      co_return lease(verdict.slot, use);
    case PoolState::Answer::down: refuse_down();
    case PoolState::Answer::full:
      stats_.refused_full += 1;
      throw Error(Errc::resource_exhausted, "all " + std::to_string(state_.limits().max) +
                                                " connections to the database are in use and " +
                                                std::to_string(state_.limits().max_waiters) + " callers wait already");
    case PoolState::Answer::queued: break;
  }
  const auto waiter = std::make_shared<Waiter>(loop_.context(), deadline);
  waiters_.emplace(verdict.ticket, waiter);
  pump();
  const auto since = Clock::now();
  boost::system::error_code woken;
  if (!waiter->slot && !waiter->refused)
    co_await waiter->signal.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  waiters_.erase(verdict.ticket);
  if (waiter->slot) {
    stats_.granted += 1;
    stats_.waited += 1;
    stats_.wait_us +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - since).count());
    co_return lease(*waiter->slot, use);
  }
  if (waiter->refused) refuse_down();
  state_.withdraw(verdict.ticket);
  pump();
  if (woken) throw Error(Errc::cancelled, "the caller gave up waiting for a database connection");
  refuse_deadline();
}

void PoolCore::check_open(Deadline deadline) const {
  if (closed_) throw Error(Errc::unavailable, "the database pool is closed");
  if (deadline.expired()) throw Error(Errc::deadline_exceeded, "the deadline passed before the database was asked");
}

void PoolCore::refuse_down() {
  stats_.refused_down += 1;
  throw Error(Errc::unavailable, "the database cannot be reached: " + (closed_ ? "the pool is closed" : last_error_));
}

void PoolCore::refuse_deadline() {
  stats_.refused_deadline += 1;
  const auto now = state_.counts();
  throw Error(Errc::deadline_exceeded, "no database connection became free in time: " + std::to_string(now.in_use) +
                                           " in use of " + std::to_string(state_.limits().max) + ", " +
                                           std::to_string(now.waiting) + " other callers wait");
}

Lease PoolCore::lease(std::size_t slot, PoolState::Use use) {
  return Lease(shared_from_this(), slot, use, connections_[slot]);
}

void PoolCore::give_back(std::size_t slot, PoolState::Use use, std::shared_ptr<Connection> connection, bool settled) {
  const bool clean = use == PoolState::Use::shared ? settled : connection->is_clean();
  if (closed_) connection->close();
  if (!connection->is_open() || clean) {
    state_.release(slot, connection->is_open());
    pump();
    return;
  }
  asio::co_spawn(loop_.context(), recover(shared_from_this(), slot, use, std::move(connection)), asio::detached);
}

asio::awaitable<void> PoolCore::recover(std::shared_ptr<PoolCore> self, std::size_t slot, PoolState::Use use,
                                        std::shared_ptr<Connection> connection) {
  // An empty unit is answered once all before it is: that alone is what a shared connection waits for.
  std::vector<Statement> statements;
  if (use == PoolState::Use::exclusive) statements.emplace_back(Sql("rollback"));
  bool clean = false;
  try {
    co_await connection->run(Deadline::after(self->options_.recover_timeout), std::move(statements));
    clean = use == PoolState::Use::shared || connection->is_clean();
  } catch (const Error& error) {
    self->last_error_ = error.what();
  }
  ++(clean ? self->stats_.recovered : self->stats_.ejected);
  if (!clean) connection->close();
  self->state_.release(slot, clean);
  self->pump();
}

void PoolCore::pump() {
  if (closed_) return;
  while (const auto grant = state_.next_grant()) {
    const auto& waiter = waiters_.at(grant->ticket);
    waiter->slot = grant->slot;
    waiter->signal.cancel();
  }
  while (const auto slot = state_.next_open())
    asio::co_spawn(loop_.context(), open(shared_from_this(), *slot), asio::detached);
}

asio::awaitable<void> PoolCore::open(std::shared_ptr<PoolCore> self, std::size_t slot) {
  if (self->closed_) co_return;
  const auto connection = std::make_shared<Connection>(self->loop_, self->options_.connection);
  self->connections_[slot] = connection;
  std::string failure;
  try {
    co_await connection->connect(Deadline::after(self->options_.connect_timeout));
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (self->closed_) co_return connection->close();
  if (connection->is_open())
    self->on_opened(slot, connection);
  else
    self->on_open_failed(slot, failure);
}

void PoolCore::on_opened(std::size_t slot, const std::shared_ptr<Connection>& connection) {
  connection->on_lost([weak = weak_from_this(), slot](const std::string& why) {
    if (const auto self = weak.lock()) self->on_lost(slot, why);
  });
  stats_.opened += 1;
  if (backoff_.attempts() > 0) log("PostgreSQL " + connection->name() + " is back");
  backoff_.reset();
  state_.opened(slot);
  pump();
}

void PoolCore::on_open_failed(std::size_t slot, const std::string& why) {
  stats_.open_failed += 1;
  last_error_ = why;
  connections_[slot].reset();
  state_.open_failed(slot);
  const auto wait = backoff_.next(random_());
  log(why + "; trying again in " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count()) +
      " ms");
  retry_timer_.expires_after(wait);
  retry_timer_.async_wait([weak = weak_from_this()](boost::system::error_code stopped) {
    const auto self = weak.lock();
    if (!self || stopped) return;
    self->state_.retry();
    self->pump();
  });
  refuse_waiters();
  pump();
}

void PoolCore::on_lost(std::size_t slot, const std::string& why) {
  stats_.lost += 1;
  last_error_ = why;
  log("a connection to the database was lost: " + why);
  connections_[slot].reset();
  state_.lost(slot);
  pump();
}

void PoolCore::refuse_waiters() {
  for (const auto ticket : state_.take_refused()) {
    const auto& waiter = waiters_.at(ticket);
    waiter->refused = true;
    waiter->signal.cancel();
  }
}

asio::awaitable<void> PoolCore::ready(Deadline deadline) {
  const auto self = shared_from_this();
  asio::steady_timer pause(loop_.context());
  for (;;) {
    try {
      auto got = co_await acquire(PoolState::Use::shared, deadline);
      got.settled();
      co_return;
    } catch (const Error& error) {
      if (error.code() != Errc::unavailable || closed_) {
        throw Error(closed_ ? error.code() : Errc::unavailable,
                    last_error_.empty() ? error.what() : "the database cannot be reached: " + last_error_);
      }
    }
    // The pool's own backoff decides when to connect; this only looks again then.
    pause.expires_at(std::min(deadline.at(), retry_timer_.expiry() + std::chrono::milliseconds(1)));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

void PoolCore::close() {
  if (std::exchange(closed_, true)) return;
  retry_timer_.cancel();
  for (const auto& [ticket, waiter] : waiters_) {
    waiter->refused = true;
    waiter->signal.cancel();
  }
  for (auto& connection : connections_) {
    if (const auto taken = std::exchange(connection, nullptr)) taken->close();
  }
}

PoolStats PoolCore::stats() const {
  auto stats = stats_;
  stats.now = state_.counts();
  return stats;
}

void PoolCore::log(const std::string& sentence) const {
  if (options_.log) options_.log(sentence);
}

}  // namespace bascule::pg
