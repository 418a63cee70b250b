#include "bascule/pg/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "functional_cpp/pg/await.hpp"
#include "functional_cpp/pg/cluster.hpp"

namespace bascule::pg {
namespace {

using namespace std::chrono_literals;
using test::await;
using test::soon;
using testing::ElementsAre;
using testing::HasSubstr;

struct Product {
  std::int64_t id;
  std::string name;
  std::optional<double> weight;
  bool operator==(const Product&) const = default;
};

class ConnectionTest : public testing::Test {
 protected:
  std::shared_ptr<Connection> connect(ConnectionOptions options = {}) {
    if (options.conninfo.empty()) options.conninfo = test::cluster().conninfo();
    auto made = std::make_shared<Connection>(loop, std::move(options));
    await(loop, made->connect(soon()));
    return made;
  }
  Loop loop;
};

TEST_F(ConnectionTest, ReadsTypedRowsInTextAndBinary) {
  const auto db = connect();
  for (const auto format : {Format::text, Format::binary}) {
    auto result = await(
        loop,
        db->exec(soon(), Statement::with(Sql("select $1::bool, $2::int2, $3::int8, $4::float8, $5::text,"
                                             " $6::bytea, $7::timestamptz, $8::int4"),
                                         {true, -7, INT64_MIN, 0.1, "naïve 'text'", Bytes{std::string("\0\xff", 2)},
                                          Timestamp(1'234'567'890'123'456us), std::nullopt},
                                         format)));
    const auto row = result[0];
    EXPECT_TRUE(row.get<bool>(0));
    EXPECT_EQ(row.get<std::int16_t>(1), -7);
    EXPECT_EQ(row.get<std::int64_t>(2), INT64_MIN);
    EXPECT_EQ(row.get<double>(3), 0.1);
    EXPECT_EQ(row.get<std::string>(4), "naïve 'text'");
    EXPECT_EQ(row.get<Bytes>(5).data, std::string("\0\xff", 2));
    EXPECT_EQ(row.get<Timestamp>(6), Timestamp(1'234'567'890'123'456us));
    EXPECT_EQ(row.get<std::optional<std::int32_t>>(7), std::nullopt);
    EXPECT_THROW(row.get<std::int32_t>(7), Error);
  }
}

TEST_F(ConnectionTest, ReadsAggregatesAndArraysAsParameters) {
  const auto db = connect();
  const auto rows =
      await(loop, db->exec(soon(),
                           "select * from (values (1::int8, 'a', 1.5::float8), (2, 'b', null)) as p(id, name, weight)"
                           " where id = any($1) order by id",
                           std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_THAT(rows.as<Product>(), ElementsAre(Product{1, "a", 1.5}, Product{2, "b", std::nullopt}));
  const auto odd = std::vector<std::string>{"a,b", "\"quoted\"", "back\\slash", ""};
  const auto echoed = await(loop, db->exec(soon(), "select unnest($1::text[])", odd));
  EXPECT_EQ(echoed.as<std::string>(), odd);
}

TEST_F(ConnectionTest, SqlErrorsCarryWhatTheServerSaid) {
  const auto db = connect();
  await(loop, db->exec(soon(),
                       "create temp table product (id int8 primary key, stock int constraint stock_positive "
                       "check (stock >= 0))"));
  try {
    await(loop, db->exec(soon(), "insert into product values ($1, $2)", 1, -1));
    FAIL();
  } catch (const SqlError& error) {
    EXPECT_EQ(error.sqlstate(), "23514");
    EXPECT_EQ(error.constraint(), "stock_positive");
    EXPECT_TRUE(error.is_check_violation());
    EXPECT_EQ(error.code(), Errc::internal);
  }
  try {
    await(loop, db->exec(soon(), "select nothing from product"));
    FAIL();
  } catch (const SqlError& error) {
    EXPECT_EQ(error.position(), 8);
    EXPECT_THAT(error.what(), HasSubstr("select nothing"));
  }
  EXPECT_EQ(await(loop, db->exec(soon(), "select count(*) from product")).one<std::int64_t>(), 0);
}

asio::awaitable<void> many(std::shared_ptr<Connection> db, int count, std::vector<int>& order) {
  for (int i = 0; i < count; ++i) {
    const auto got = co_await db->exec(Deadline::after(60s), "select $1::int4", i);
    order.push_back(got.one<std::int32_t>());
  }
}

TEST_F(ConnectionTest, ConcurrentCallersSharePipelineAndErrorsStayTheirs) {
  using namespace asio::experimental::awaitable_operators;
  const auto db = connect();
  std::vector<int> left, right;
  bool failed = false;
  const auto failing = [](std::shared_ptr<Connection> with, bool& out) -> asio::awaitable<void> {
    try {
      co_await with->exec(Deadline::after(60s), "select 1 / $1::int4", 0);
    } catch (const SqlError& error) {
      out = error.sqlstate() == "22012";
    }
  };
  await(loop, many(db, 50, left) && many(db, 50, right) && failing(db, failed));
  EXPECT_TRUE(failed);
  EXPECT_EQ(left.size(), 50u);
  EXPECT_EQ(left, right);
}

TEST_F(ConnectionTest, ScriptTakesSeveralCommandsAndThePipelineGoesOn) {
  const auto db = connect();
  await(loop, db->script(soon(), "create temp table a (x int); insert into a values (1); insert into a values (2)"));
  EXPECT_EQ(await(loop, db->exec(soon(), "select sum(x) from a")).one<std::int64_t>(), 3);
  EXPECT_THROW(await(loop, db->script(soon(), "insert into a values (3); insert into missing values (1)")), SqlError);
  EXPECT_EQ(await(loop, db->exec(soon(), "select sum(x) from a")).one<std::int64_t>(), 3);
}

TEST_F(ConnectionTest, StatementCacheIsBoundedOnTheServerToo) {
  const auto db = connect({.conninfo = test::cluster().conninfo(), .statement_cache = 4});
  for (int i = 0; i < 20; ++i) {
    const auto text = "select " + std::to_string(i);
    EXPECT_EQ(await(loop, db->exec(soon(), Sql::trusted(text))).one<std::int32_t>(), i);
  }
  const auto kept = await(loop, db->exec(soon(), "select count(*) from pg_prepared_statements")).one<std::int64_t>();
  EXPECT_LE(kept, 5);  // four, and the one whose place this very question took: its deallocation follows it
  EXPECT_GE(kept, 3);
}

TEST_F(ConnectionTest, TableChangedUnderAPreparedStatementHealsAfterOneError) {
  const auto db = connect();
  await(loop, db->script(soon(), "create temp table t (a int); insert into t values (1)"));
  EXPECT_EQ(await(loop, db->exec(soon(), "select * from t")).columns(), 1u);
  await(loop, db->script(soon(), "alter table t add b int"));
  EXPECT_THROW(await(loop, db->exec(soon(), "select * from t")), SqlError);
  EXPECT_EQ(await(loop, db->exec(soon(), "select * from t")).columns(), 2u);
}

TEST_F(ConnectionTest, DeadlinePassesAndTheConnectionSurvives) {
  const auto db = connect();
  const auto deadline = Deadline::after(50ms);
  db->limit(deadline);
  try {
    await(loop, db->exec(deadline, "select pg_sleep(30)"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::deadline_exceeded);
  }
  db->limit(Deadline::never());
  EXPECT_EQ(await(loop, db->exec(soon(), "select 1")).one<std::int32_t>(),
            1);  // statement_timeout ended the sleep
}

TEST_F(ConnectionTest, KilledBackendFailsWhatIsInFlightAtOnce) {
  const auto db = connect();
  std::string why;
  db->on_lost([&](const std::string& text) { why = text; });
  try {
    await(loop, db->exec(soon(), "select pg_terminate_backend(pg_backend_pid())"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unavailable);
  }
  EXPECT_THROW(await(loop, db->exec(soon(), "select 1")), Error);
}

TEST_F(ConnectionTest, ConnectFailureIsUnavailableAndNamesTheDatabase) {
  const auto missing =
      std::make_shared<Connection>(loop, ConnectionOptions{.conninfo = "host=/nonexistent dbname=shop"});
  try {
    await(loop, missing->connect(soon()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("\"shop\" at /nonexistent"));
  }
}

TEST_F(ConnectionTest, LargeParametersAndResultsPassThroughTheNonBlockingSocket) {
  const auto db = connect();
  const Bytes large{std::string(8 << 20, '\x7f')};
  auto echoed = await(loop, db->exec(soon(), Statement(Sql("select $1::bytea"), large).binary()));
  EXPECT_EQ(echoed.one<Bytes>(), large);
}

TEST_F(ConnectionTest, CopyIsRefusedByClosing) {
  const auto db = connect();
  EXPECT_THROW(await(loop, db->exec(soon(), "copy (select 1) to stdout")), Error);
  EXPECT_FALSE(db->is_open());
}

TEST_F(ConnectionTest, DeferredConstraintFailsItsOwnUnitOnly) {
  const auto db = connect();
  await(loop, db->script(soon(),
                         "create temp table p (id int primary key);"
                         "create temp table c (p int references p deferrable initially deferred)"));
  EXPECT_THROW(await(loop, db->exec(soon(), "insert into c values (1)")), SqlError);
  EXPECT_EQ(await(loop, db->exec(soon(), "select count(*) from c")).one<std::int64_t>(), 0);
}

}  // namespace
}  // namespace bascule::pg
