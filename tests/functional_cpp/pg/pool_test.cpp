#include "bascule/pg/pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "functional_cpp/pg/await.hpp"
#include "functional_cpp/pg/cluster.hpp"

namespace bascule::pg {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using test::await;
using test::soon;
using testing::HasSubstr;

/// The code of what `work` throws; ok when it does not.
asio::awaitable<Errc> code_of(asio::awaitable<Result> work) {
  try {
    co_await std::move(work);
  } catch (const Error& error) {
    co_return error.code();
  }
  co_return Errc::ok;
}

class PoolTest : public testing::Test {
 protected:
  PoolTest() : conninfo(test::fresh_database()) {}
  PoolOptions options(std::size_t max = 2) const {
    PoolOptions made;
    made.connection.conninfo = conninfo;
    made.limits.max = max;
    made.backoff = {.first = 20ms, .most = 100ms, .floor = 1ms};
    return made;
  }
  std::int64_t count(Pool& pool, Sql sql) { return await(loop, pool.exec(soon(), sql)).one<std::int64_t>(); }

  std::string conninfo;
  Loop loop;
};

TEST_F(PoolTest, TransactionCommitsQueuedStatementsTogether) {
  Pool pool(loop, options());
  const auto work = [](Pool& db) -> asio::awaitable<void> {
    co_await db.exec(soon(), "create table t (id int primary key, name text)");
    auto tx = co_await db.begin(soon());
    tx.queue("insert into t values ($1, $2)", 1, "a");
    const auto place = tx.queue("insert into t values ($1, $2) returning name", 2, "b");
    const auto results = co_await tx.commit();
    EXPECT_EQ(results.at(place).one<std::string>(), "b");
    auto interactive = co_await db.begin(soon(), {.isolation = Isolation::serializable});
    const auto seen = co_await interactive.exec("select count(*) from t");
    interactive.queue("insert into t values ($1, 'c')", 10 + seen.one<std::int64_t>());
    co_await interactive.commit();
  };
  await(loop, work(pool));
  EXPECT_EQ(count(pool, "select sum(id) from t"), 15);
}

TEST_F(PoolTest, FailureInAQueuedStatementUndoesAllOfIt) {
  Pool pool(loop, options(1));
  const auto work = [](Pool& db) -> asio::awaitable<void> {
    co_await db.exec(soon(), "create table t (id int primary key)");
    for (const bool interactive : {false, true}) {
      auto tx = co_await db.begin(soon());
      if (interactive) co_await tx.exec("select 1");
      tx.queue("insert into t values (1)");
      tx.queue("insert into t values (1)");
      tx.queue("insert into t values (2)");
      try {
        co_await tx.commit();
        ADD_FAILURE();
      } catch (const SqlError& error) {
        EXPECT_TRUE(error.is_unique_violation());
        EXPECT_EQ(error.constraint(), "t_pkey");
      }
      EXPECT_EQ(co_await code_of(tx.exec("select 1")), Errc::internal);
    }
  };
  await(loop, work(pool));
  EXPECT_EQ(count(pool, "select count(*) from t"), 0);
}

TEST_F(PoolTest, DestroyedTransactionIsRolledBackBeforeTheConnectionIsUsedAgain) {
  Pool pool(loop, options(1));
  const auto work = [](Pool& db) -> asio::awaitable<void> {
    co_await db.exec(soon(), "create table t (id int)");
    {
      auto tx = co_await db.begin(soon());
      co_await tx.exec("insert into t values (1)");
    }
    auto tx = co_await db.begin(soon());
    EXPECT_EQ((co_await tx.exec("select count(*) from t")).one<std::int64_t>(), 0);
    co_await tx.rollback();
  };
  await(loop, work(pool));
  EXPECT_EQ(pool.stats().recovered, 1u);
  EXPECT_EQ(pool.stats().now.open, 1u);
}

TEST_F(PoolTest, AtTheBoundCallersWaitInOrderUntilTheirDeadline) {
  auto limited = options(1);
  limited.limits.max_waiters = 1;
  Pool pool(loop, limited);
  const auto work = [](Pool& db) -> asio::awaitable<void> {
    auto held = co_await db.begin(soon());
    EXPECT_EQ(co_await code_of(db.exec(Deadline::after(20ms), "select 1")), Errc::deadline_exceeded);
    const auto release = [](Transaction tx) -> asio::awaitable<void> { co_await tx.rollback(); };
    const auto [waiter, refused, done] =
        co_await (code_of(db.exec(soon(), "select 1")) && code_of(db.exec(soon(), "select 1")) &&
                      [](auto releasing, Transaction tx) -> asio::awaitable<Errc> {
          co_await releasing(std::move(tx));
          co_return Errc::ok;
        }(release, std::move(held)));
    EXPECT_EQ(waiter, Errc::ok);
    EXPECT_EQ(refused, Errc::resource_exhausted);
  };
  await(loop, work(pool));
  EXPECT_EQ(pool.stats().refused_deadline, 1u);
  EXPECT_EQ(pool.stats().refused_full, 1u);
  EXPECT_EQ(pool.stats().waited, 2u);  // for the first connection to open, and for the held one
}

TEST_F(PoolTest, KilledBackendFailsItsTransactionAndThePoolReplacesIt) {
  Pool pool(loop, options(2));
  const auto work = [](Pool& db) -> asio::awaitable<void> {
    co_await db.exec(soon(), "create table t (id int)");
    auto victim = co_await db.begin(soon());
    const auto pid = (co_await victim.exec("insert into t values (1) returning pg_backend_pid()")).one<std::int32_t>();
    co_await db.exec(soon(), "select pg_terminate_backend($1)", pid);
    victim.queue("insert into t values (2)");
    try {
      co_await victim.commit();
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::unavailable);
    }
  };
  await(loop, work(pool));
  EXPECT_EQ(pool.stats().lost, 1u);
  EXPECT_EQ(count(pool, "select count(*) from t"), 0);
}

TEST_F(PoolTest, StatementPastItsDeadlineDoesNotPoisonTheConnection) {
  Pool pool(loop, options(1));
  EXPECT_EQ(await(loop, code_of(pool.exec(Deadline::after(60ms), "select pg_sleep(30)"))), Errc::deadline_exceeded);
  EXPECT_EQ(count(pool, "select 1::int8"), 1);
  const auto transaction = [](Pool& db) -> asio::awaitable<void> {
    for (auto patience = 60ms;; patience *= 2) {
      try {
        auto tx = co_await db.begin(Deadline::after(patience));
        EXPECT_EQ(co_await code_of(tx.exec("select pg_sleep(30)")), Errc::deadline_exceeded);
        co_return;
      } catch (const Error& late) {  // a slow machine: it was over before the transaction was begun
        if (late.code() != Errc::deadline_exceeded || patience > 10s) throw;
      }
    }
  };
  await(loop, transaction(pool));
  EXPECT_EQ(count(pool, "select 1::int8"), 1);
  EXPECT_EQ(pool.stats().lost + pool.stats().ejected, 0u);  // the server's statement_timeout freed it
}

/// Calls until the answer is the wanted one; how many others came before.
asio::awaitable<int> until(Pool& db, Errc wanted) {
  int others = 0;
  for (;;) {
    const auto code = co_await code_of(db.exec(soon(), "select 1"));
    if (code == wanted) co_return others;
    if (code != Errc::unavailable && code != Errc::ok) ADD_FAILURE() << to_string(code);
    ++others;
    // Lets the loop turn: a refused call answers without waiting.
    asio::steady_timer turn(co_await asio::this_coro::executor, 1ms);
    co_await turn.async_wait(asio::use_awaitable);
  }
}

TEST_F(PoolTest, DatabaseDownFailsAtOnceAndHealsByItself) {
  std::vector<std::string> told;
  auto logged = options();
  logged.log = [&](std::string_view sentence) { told.emplace_back(sentence); };
  Pool pool(loop, logged);
  EXPECT_EQ(count(pool, "select 1::int8"), 1);
  test::cluster().crash();
  await(loop, until(pool, Errc::unavailable));
  const auto since = Clock::now();
  EXPECT_EQ(await(loop, code_of(pool.exec(Deadline::after(120s), "select 1"))), Errc::unavailable);
  EXPECT_LT(Clock::now() - since, 60s);  // not by its deadline
  test::cluster().start();
  await(loop, until(pool, Errc::ok));
  EXPECT_GE(pool.stats().open_failed, 1u);
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told.front(), HasSubstr("lost"));
  EXPECT_THAT(told.back(), HasSubstr("is back"));
}

TEST_F(PoolTest, ReadyWaitsForTheDatabaseAndSaysWhyNot) {
  auto nowhere = options();
  nowhere.connection.conninfo = "host=/nonexistent dbname=shop";
  Pool pool(loop, nowhere);
  try {
    await(loop, pool.ready(Deadline::after(1s)));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent"));
  }
  EXPECT_GE(pool.stats().open_failed, 2u);
  Pool good(loop, options());
  await(loop, good.ready(soon()));
}

TEST_F(PoolTest, SingleStatementsOfManyCallersShareFewConnections) {
  Pool pool(loop, options(2));
  await(loop, pool.ready(soon()));
  const auto many = [](Pool& db) -> asio::awaitable<void> {
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ((co_await db.exec(soon(), "select $1::int8", i)).one<std::int64_t>(), i);
    }
  };
  await(loop, many(pool) && many(pool) && many(pool) && many(pool) && many(pool) && many(pool) && many(pool));
  EXPECT_LE(pool.stats().opened, 2u);
  EXPECT_EQ(pool.stats().waited, 1u);  // ready()
}

}  // namespace
}  // namespace bascule::pg
