#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <random>
#include <set>

#include "bascule/events/outbox_relay.hpp"
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
using testing::ElementsAre;

/// A broker by script: `verdict` says what becomes of the n-th attempt. Records what it took, in order.
class ScriptedSink final : public EventSink {
 public:
  explicit ScriptedSink(Loop& loop) : loop_(loop), changed_(loop.context()) {}
  std::function<bool(int attempt, const OutboxRow&)> refuses = [](int, const OutboxRow&) { return false; };
  std::vector<OutboxRow> taken;
  int attempts = 0;

  asio::awaitable<void> publish(const OutboxRow& row, Deadline) override {
    const int attempt = attempts++;
    co_await asio::post(loop_.context(), asio::use_awaitable);  // answers come later, and interleaved
    if (refuses(attempt, row)) throw Error(Errc::unavailable, "scripted");
    taken.push_back(row);
    changed_.cancel();
  }
  /// Until `count` events were taken.
  asio::awaitable<void> has(std::size_t count) {
    while (taken.size() < count) {
      boost::system::error_code woken;
      changed_.expires_after(60s);
      co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      if (!woken)
        throw std::runtime_error("only " + std::to_string(taken.size()) + " of " + std::to_string(count) + " came");
    }
  }
  std::vector<std::string> types() const {
    std::vector<std::string> all;
    for (const auto& row : taken) all.push_back(row.type);
    return all;
  }

 private:
  Loop& loop_;
  asio::steady_timer changed_;
};

class OutboxTest : public testing::Test {
 protected:
  void SetUp() override {
    await(loop, pg::migrate(loop, conninfo, {}, soon()));
    pg::PoolOptions options;
    options.connection.conninfo = conninfo;
    options.limits.max = 6;
    options.backoff = {.first = 20ms, .most = 100ms, .floor = 1ms};
    pool = std::make_unique<pg::Pool>(loop, options);
  }
  OutboxRelayOptions relay_options() const {
    OutboxRelayOptions options;
    options.connection.conninfo = conninfo;
    options.order.backoff = {.first = 5ms, .most = 20ms, .floor = 1ms};
    options.standby_poll = 20ms;
    return options;
  }
  asio::awaitable<std::int64_t> rows_left() {
    co_return (co_await pool->exec(soon(), "select count(*) from bascule_outbox")).one<std::int64_t>();
  }
  /// Until the outbox is empty.
  asio::awaitable<void> drained() {
    const auto until = Clock::now() + 60s;
    while (co_await rows_left() > 0) {
      if (Clock::now() > until) throw std::runtime_error("the outbox does not drain");
    }
  }
  std::string conninfo = test::fresh_database();
  Loop loop;
  std::unique_ptr<pg::Pool> pool;
  ScriptedSink sink{loop};
};

asio::awaitable<void> add(pg::Pool& pool, OutboxRelay* relay, std::string type, std::string key = "") {
  auto tx = co_await pool.begin(soon());
  outbox_add(tx, {.topic = "events." + type,
                  .type = type,
                  .key = key,
                  .body = std::string("\0body", 5),
                  .headers = {{"traceparent", "00-\"x\""}}});
  if (relay != nullptr) tx.after_commit([relay] { relay->nudge(); });
  co_await tx.commit();
}

TEST_F(OutboxTest, CommittedRowIsPublishedWholeThenDeleted) {
  OutboxRelay relay(loop, relay_options(), sink);
  relay.start();
  await(loop, add(*pool, &relay, "Placed", "order 1"));
  await(loop, sink.has(1));
  const auto& got = sink.taken.front();
  EXPECT_EQ(got.topic, "events.Placed");
  EXPECT_EQ(got.key, "order 1");
  EXPECT_EQ(got.body, std::string("\0body", 5));
  ASSERT_EQ(got.headers.size(), 1u);
  EXPECT_EQ(got.headers[0].second, "00-\"x\"");
  EXPECT_EQ(got.event_id.size(), 36u);
  await(loop, drained());
  await(loop, relay.stop(soon()));
  EXPECT_EQ(sink.taken.size(), 1u);
}

TEST_F(OutboxTest, RolledBackRowIsNeverPublished) {
  OutboxRelay relay(loop, relay_options(), sink);
  relay.start();
  const auto work = [](pg::Pool& db, OutboxRelay& with, ScriptedSink& to) -> asio::awaitable<void> {
    {
      auto tx = co_await db.begin(soon());
      outbox_add(tx, {.topic = "t", .type = "never", .body = ""});
      co_await tx.exec("select 1");
    }
    co_await add(db, &with, "second");
    co_await to.has(1);
  };
  await(loop, work(*pool, relay, sink));
  EXPECT_THAT(sink.types(), ElementsAre("second"));
  await(loop, relay.stop(soon()));
}

/// The classic loss: a transaction takes a low id and commits after a higher one was published.
TEST_F(OutboxTest, RowThatCommitsLateWithALowerIdIsNotLostAndKeepsItsPlace) {
  OutboxRelay relay(loop, relay_options(), sink);
  relay.start();
  const auto work = [](pg::Pool& db, OutboxRelay& with, ScriptedSink& to) -> asio::awaitable<void> {
    co_await add(db, &with, "first");
    co_await to.has(1);
    auto slow = co_await db.begin(soon());
    outbox_add(slow, {.topic = "t", .type = "low id", .key = "k", .body = ""});
    co_await slow.exec("select 1");  // the id is taken
    co_await add(db, &with, "high id", "k");
    // It looks several times while the row is in flight: had it been going to pass it by, it would have.
    for (const auto until = with.stats().reads + 3; with.stats().reads < until;) {
      with.nudge();
      co_await db.exec(soon(), "select 1");
    }
    EXPECT_THAT(to.types(), ElementsAre("first"));
    slow.after_commit([&with] { with.nudge(); });
    co_await slow.commit();
    co_await to.has(3);
  };
  await(loop, work(*pool, relay, sink));
  EXPECT_THAT(sink.types(), ElementsAre("first", "low id", "high id"));
  await(loop, relay.stop(soon()));
}

asio::awaitable<void> committer(pg::Pool& pool, OutboxRelay& relay, int number, int count) {
  std::mt19937 random(static_cast<unsigned>(number));
  for (int i = 0; i < count; ++i) {
    auto tx = co_await pool.begin(soon());
    // A key of its own: its events must come in the order of its commits.
    outbox_add(tx, {.topic = "t", .type = std::to_string(i), .key = "c" + std::to_string(number), .body = ""});
    if (random() % 2) co_await tx.exec("select pg_sleep($1)", static_cast<double>(random() % 3) / 1000);
    if (random() % 5 == 0) {
      co_await tx.rollback();
      --i;
      continue;
    }
    if (random() % 2) tx.after_commit([&relay] { relay.nudge(); });
    co_await tx.commit();
  }
}

TEST_F(OutboxTest, ConcurrentCommittersAndAFailingBrokerLoseNothingAndKeepTheOrderOfEachKey) {
  std::mt19937 random(1);
  sink.refuses = [&](int, const OutboxRow&) { return random() % 5 == 0; };
  OutboxRelay relay(loop, relay_options(), sink);
  relay.start();
  await(loop, committer(*pool, relay, 1, 30) && committer(*pool, relay, 2, 30) && committer(*pool, relay, 3, 30) &&
                  committer(*pool, relay, 4, 30));
  await(loop, drained());
  await(loop, relay.stop(soon()));
  std::map<std::string, std::vector<int>> order;
  for (const auto& row : sink.taken) order[row.key].push_back(std::stoi(row.type));
  ASSERT_EQ(order.size(), 4u);
  for (const auto& [key, seen] : order) {
    EXPECT_EQ(seen.size(), 30u) << key;  // the relay and its database lived: no duplicates either
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end())) << key;
  }
}

/// The broker fails at every single attempt once.
TEST_F(OutboxTest, FailureAtEveryAttemptIsTriedAgain) {
  for (int fail_at = 0; fail_at < 6; ++fail_at) {
    SCOPED_TRACE(fail_at);
    sink.taken.clear();
    sink.attempts = 0;
    sink.refuses = [=](int attempt, const OutboxRow&) { return attempt == fail_at; };
    for (const auto* const type : {"1", "2", "3"}) await(loop, add(*pool, nullptr, type, "one key"));
    OutboxRelay relay(loop, relay_options(), sink);
    relay.start();
    await(loop, sink.has(3));
    await(loop, drained());
    EXPECT_THAT(sink.types(), ElementsAre("1", "2", "3"));
    await(loop, relay.stop(soon()));
  }
}

TEST_F(OutboxTest, OneRelayIsActiveAndAnotherTakesOverWithoutLoss) {
  ScriptedSink other{loop};
  auto first = std::make_unique<OutboxRelay>(loop, relay_options(), sink);
  first->start();
  await(loop, add(*pool, first.get(), "1"));
  await(loop, sink.has(1));
  auto patient = relay_options();
  patient.poll = 1h;  // it must be told
  OutboxRelay second(loop, patient, other);
  second.start();
  EXPECT_TRUE(first->stats().active);
  EXPECT_FALSE(second.stats().active);
  await(loop, add(*pool, first.get(), "2"));
  await(loop, sink.has(2));
  await(loop, first->stop(soon()));
  await(loop, add(*pool, &second, "3"));
  await(loop, other.has(1));
  EXPECT_TRUE(second.stats().active);
  EXPECT_THAT(sink.types(), ElementsAre("1", "2"));
  EXPECT_THAT(other.types(), ElementsAre("3"));
  await(loop, second.stop(soon()));
}

TEST_F(OutboxTest, StandbyPassesItsNudgesOnToTheActiveRelay) {
  auto patient = relay_options();
  patient.poll = 1h;
  OutboxRelay active(loop, patient, sink);
  active.start();
  await(loop, add(*pool, &active, "1"));
  await(loop, sink.has(1));
  ScriptedSink unused{loop};
  patient.standby_poll = 1h;
  OutboxRelay standby(loop, patient, unused);
  standby.start();
  await(loop, drained());
  await(loop, add(*pool, &standby, "2"));
  await(loop, sink.has(2));
  EXPECT_EQ(unused.taken.size(), 0u);
  await(loop, active.stop(soon()));
  await(loop, standby.stop(soon()));
}

/// The relay's session is killed again and again while it publishes: nothing is lost, what comes twice has
/// the same event id.
TEST_F(OutboxTest, KilledSessionsLoseNothing) {
  OutboxRelay relay(loop, relay_options(), sink);
  relay.start();
  const auto killer = [](pg::Pool& db) -> asio::awaitable<void> {
    for (int tries = 0, killed = 0; tries < 10 || killed < 2; ++tries) {
      const auto sessions =
          co_await db.exec(soon(),
                           "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
                           " and database = (select oid from pg_database where datname = current_database())");
      killed += static_cast<int>(sessions.size());
      co_await db.exec(soon(), "select pg_sleep(0.01)");
    }
  };
  await(loop, committer(*pool, relay, 1, 40) && committer(*pool, relay, 2, 40) && killer(*pool));
  await(loop, drained());
  await(loop, relay.stop(soon()));
  EXPECT_GE(relay.stats().sessions, 2u);
  std::map<std::string, std::vector<int>> first_seen;
  std::set<std::string> ids;
  for (const auto& row : sink.taken) {
    if (ids.insert(row.event_id).second) first_seen[row.key].push_back(std::stoi(row.type));
  }
  for (const auto& [key, seen] : first_seen) {
    EXPECT_EQ(seen.size(), 40u) << key;
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end())) << key;
  }
}

TEST_F(OutboxTest, DatabaseRestartHealsByItself) {
  OutboxRelay relay(loop, relay_options(), sink);
  relay.start();
  await(loop, add(*pool, &relay, "before"));
  await(loop, sink.has(1));
  test::cluster().crash();
  test::cluster().start();
  const auto again = [](pg::Pool& db, OutboxRelay& with) -> asio::awaitable<void> {
    co_await db.ready(soon());
    co_await add(db, &with, "after");
  };
  // The pool may not have noticed yet that its idle connections are gone: its first answer may be
  // `unavailable`.
  for (bool done = false; !done;) {
    try {
      await(loop, again(*pool, relay));
      done = true;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), Errc::unavailable);
    }
  }
  await(loop, sink.has(2));
  EXPECT_EQ(sink.taken.back().type, "after");
  await(loop, relay.stop(soon()));
}

}  // namespace
}  // namespace bascule::events
