#include "bascule/pg/migrate.hpp"

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

class MigrateTest : public testing::Test {
 protected:
  asio::awaitable<std::size_t> migrate_to(Migrations wanted) { return migrate(loop, options.conninfo, wanted, soon()); }
  Loop loop;
  ConnectionOptions options{.conninfo = test::fresh_database()};
  const std::size_t own = platform_migrations().size();
};

constexpr Migration list[] = {
    {"0001_t", "create table t (x int); insert into t values (1);"},
    {"0002_u", "insert into t values (2); -- a comment; with a semicolon\ncreate table u ()"}};
constexpr Migration broken[] = {list[0], {"0002_u", "insert into t values (2); create table t ()"}};
constexpr Migration changed[] = {{"0001_t", "create table t (x bigint)"}};

TEST_F(MigrateTest, AppliesEachOnce) {
  EXPECT_EQ(await(loop, migrate_to({list, 1})), own + 1);
  EXPECT_EQ(await(loop, migrate_to(list)), 1u);
  EXPECT_EQ(await(loop, migrate_to(list)), 0u);
}

TEST_F(MigrateTest, OneThatFailsLeavesNothingBehindAndIsNamed) {
  try {
    await(loop, migrate_to(broken));
    FAIL();
  } catch (const SqlError& error) {
    EXPECT_EQ(error.sqlstate(), "42P07");
    EXPECT_THAT(error.what(), HasSubstr("migration 0002_u"));
  }
  const auto db = std::make_shared<Connection>(loop, options);
  await(loop, db->connect(soon()));
  EXPECT_EQ(await(loop, db->exec(soon(), "select sum(x) from t")).one<std::int64_t>(), 1);
  EXPECT_EQ(await(loop, migrate_to(list)), 1u);
}

TEST_F(MigrateTest, ChangedAfterItWasAppliedStopsTheStart) {
  await(loop, migrate_to(list));
  try {
    await(loop, migrate_to(changed));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("0001_t was changed"));
  }
}

TEST_F(MigrateTest, TwoInstancesThatStartTogetherDoNotCollide) {
  const auto [first, second] = await(loop, migrate_to(list) && migrate_to(list));
  EXPECT_EQ(first + second, own + 2);
}

}  // namespace
}  // namespace bascule::pg
