#include "bascule/events/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "bascule/loop/error.hpp"
#include "bascule/pg/migrate.hpp"
#include "bascule/pg/pool.hpp"
#include "functional_cpp/pg/await.hpp"
#include "functional_cpp/pg/cluster.hpp"

namespace bascule::events {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using test::await;
using test::soon;

class InboxTest : public testing::Test {
 protected:
  void SetUp() override {
    await(loop, pg::migrate(loop, conninfo, {}, soon()));
    pg::PoolOptions options;
    options.connection.conninfo = conninfo;
    options.limits.max = 4;
    pool = std::make_unique<pg::Pool>(loop, options);
    await(loop, pool->exec(soon(), pg::Statement("create table effect (id text)")));
  }
  std::int64_t effects() {
    return await(loop, pool->exec(soon(), pg::Statement("select count(*) from effect"))).one<std::int64_t>();
  }
  std::string conninfo = test::fresh_database();
  Loop loop;
  std::unique_ptr<pg::Pool> pool;
};

/// A handler as services write it: claim, effect, reply. Returns what it answers.
asio::awaitable<std::string> handle(pg::Pool& pool, std::string id, std::string answer, std::string hash = "h") {
  auto tx = co_await pool.begin(soon());
  const auto entry = co_await inbox_begin(tx, "orders", id, hash);
  if (entry.duplicate) co_return entry.reply.value_or("(no reply)");
  tx.queue("insert into effect values ($1)", id);
  inbox_store_reply(tx, "orders", id, answer);
  co_await tx.commit();
  co_return answer;
}

TEST_F(InboxTest, DuplicateGetsTheFirstAnswer) {
  EXPECT_EQ(await(loop, handle(*pool, "1", "first")), "first");
  EXPECT_EQ(await(loop, handle(*pool, "1", "second")), "first");
  EXPECT_EQ(await(loop, handle(*pool, "2", "other")), "other");
  EXPECT_EQ(effects(), 2);
}

TEST_F(InboxTest, SameKeyForAnotherRequestIsRefused) {
  await(loop, handle(*pool, "1", "first"));
  try {
    await(loop, handle(*pool, "1", "second", "another hash"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
  }
  EXPECT_EQ(effects(), 1);
}

TEST_F(InboxTest, ManyAtOnceHaveOneEffect) {
  std::vector<std::string> answers;
  const auto caller = [](pg::Pool& with, std::vector<std::string>& out, int number) -> asio::awaitable<void> {
    for (int i = 0; i < 10; ++i)
      out.push_back(co_await handle(with, "key" + std::to_string(i), std::to_string(number) + "/" + std::to_string(i)));
  };
  await(loop, caller(*pool, answers, 1) && caller(*pool, answers, 2) && caller(*pool, answers, 3) &&
                  caller(*pool, answers, 4));
  EXPECT_EQ(effects(), 10);
  std::sort(answers.begin(), answers.end());
  EXPECT_EQ(std::unique(answers.begin(), answers.end()) - answers.begin(),
            10);  // every duplicate got the first answer
}

TEST_F(InboxTest, SecondWaitsForTheFirstAndIsFreshWhenThatRollsBack) {
  const auto work = [](pg::Pool& with) -> asio::awaitable<void> {
    auto first = co_await with.begin(soon());
    EXPECT_FALSE((co_await inbox_begin(first, "orders", "1")).duplicate);
    std::vector<std::string> order;
    const auto second = [](pg::Pool& db, std::vector<std::string>& out) -> asio::awaitable<void> {
      auto tx = co_await db.begin(soon());
      const auto entry = co_await inbox_begin(tx, "orders", "1");
      out.push_back(entry.duplicate ? "duplicate" : "fresh");
      co_await tx.commit();
    };
    // Ends the first one only once the second one is seen to wait for it in the server.
    const auto end_first = [](pg::Pool& db, pg::Transaction tx,
                              std::vector<std::string>& out) -> asio::awaitable<void> {
      while ((co_await db.exec(soon(),
                               "select count(*) from pg_stat_activity where wait_event = 'transactionid'"
                               " and datname = current_database()"))
                 .one<std::int64_t>() == 0) {
      }
      out.push_back("first ends");
      co_await tx.rollback();
    };
    co_await (second(with, order) && end_first(with, std::move(first), order));
    EXPECT_THAT(order, testing::ElementsAre("first ends", "fresh"));
  };
  await(loop, work(*pool));
}

TEST_F(InboxTest, PruneRemovesOldEntriesOnly) {
  await(loop, handle(*pool, "old", "x"));
  await(loop, handle(*pool, "new", "x"));
  await(loop,
        pool->exec(soon(),
                   pg::Statement("update bascule_inbox set at = now() - interval '8 days' where message_id = 'old'")));
  const auto db = std::make_shared<pg::Connection>(loop, pg::ConnectionOptions{.conninfo = conninfo});
  await(loop, db->connect(soon()));
  EXPECT_EQ(await(loop, inbox_prune(*db, std::chrono::hours(24 * 7), soon())), 1u);
  EXPECT_EQ(await(loop, handle(*pool, "new", "y")), "x");
}

}  // namespace
}  // namespace bascule::events
