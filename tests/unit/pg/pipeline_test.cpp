#include "bascule/pg/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <functional>
#include <set>

namespace bascule::pg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Reply::Kind;

/// A result of one row and one column that holds `text`: what our pretended server answers to the statement
/// `text`.
Result echo(std::string text) {
  auto* const raw = PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK);
  char name[] = "echo";
  PGresAttDesc column{name, 0, 0, 0, 25, -1, -1};
  PQsetResultAttrs(raw, 1, &column);
  PQsetvalue(raw, 0, 0, text.data(), static_cast<int>(text.size()));
  return Result(raw);
}

/// PostgreSQL, as far as the pipeline sees it: keeps prepared statements, skips from an error to the sync
/// point. Fails its `fail_at`-th command (sync points count too), and refuses the `refuse_at`-th send.
class FakeServer final : public Wire {
 public:
  int fail_at = -1;
  int refuse_at = -1;
  std::vector<Reply> replies;
  std::set<std::string> prepared;
  int commands = 0;
  int unprepared = 0;

  bool send_prepare(const std::string& name, std::string_view) override {
    return command([&] { return prepared.insert(name).second ? ok("") : error("42P05"); });
  }
  bool send_prepared(const std::string& name, const Statement& statement) override {
    return command([&] { return prepared.count(name) ? ok(statement.text()) : error("26000"); });
  }
  bool send_unprepared(const Statement& statement) override {
    ++unprepared;
    return command([&] {
      constexpr std::string_view verb = "DEALLOCATE ";
      if (!statement.text().starts_with(verb)) return ok(statement.text());
      return prepared.erase(std::string(statement.text().substr(verb.size()))) ? ok("") : error("26000");
    });
  }
  bool send_sync() override {
    if (refused()) return false;
    if (commands++ == fail_at && !skipping_) {
      replies.push_back(error("23503"));
      replies.push_back({Kind::end});
    }
    skipping_ = false;
    replies.push_back({Kind::synced});
    return true;
  }
  bool send_script(std::string_view text) override {
    EXPECT_TRUE(replies.empty()) << "a script needs the connection for itself";
    if (refused()) return false;
    replies.push_back(commands++ == fail_at ? error("42601") : ok(text));
    replies.push_back({Kind::end});
    return true;
  }

 private:
  static Reply ok(std::string_view text) { return {Kind::done, echo(std::string(text))}; }
  static Reply error(const char* state) { return {Kind::error, {}, {.sqlstate = state, .message = "scripted"}}; }
  bool refused() { return sends_++ == refuse_at; }
  bool command(const std::function<Reply()>& effect) {
    if (refused()) return false;
    const bool fails = commands++ == fail_at;
    if (skipping_)
      replies.push_back({Kind::skipped});
    else
      replies.push_back(fails ? error("P0001") : effect());
    if (replies.back().kind == Kind::error) skipping_ = true;
    replies.push_back({Kind::end});
    return true;
  }
  int sends_ = 0;
  bool skipping_ = false;
};

struct TestUnit final : Unit {
  explicit TestUnit(std::vector<std::string> texts) {
    for (const auto& text : texts) statements.push_back(Statement(Sql::trusted(text)));
  }
  void finished() override { ++times_finished; }
  int times_finished = 0;
  bool ok() const { return std::holds_alternative<std::monostate>(failure); }
  bool broken() const { return std::holds_alternative<Broken>(failure); }
  std::vector<std::string> echoes() const {
    std::vector<std::string> all;
    for (const auto& result : results) all.push_back(result.one<std::string>());
    return all;
  }
};

/// Four units that share statements, on a cache too small for them: prepares, reuses, evictions,
/// deallocations.
std::vector<std::shared_ptr<TestUnit>> exchange_units() {
  std::vector<std::shared_ptr<TestUnit>> units;
  for (const auto& texts : std::vector<std::vector<std::string>>{{"a", "b"}, {"a", "c"}, {"d"}, {"a", "b", "a"}})
    units.push_back(std::make_shared<TestUnit>(texts));
  return units;
}

/// Digests the server's answers, at most `limit` of them. False when the pipeline refused one.
bool digest(Pipeline& pipeline, FakeServer& server, std::size_t limit = SIZE_MAX) {
  std::size_t taken = 0;
  while (taken < server.replies.size() && taken < limit) {
    if (!pipeline.on_reply(std::move(server.replies[taken++]))) return false;
  }
  server.replies.erase(server.replies.begin(), server.replies.begin() + static_cast<std::ptrdiff_t>(taken));
  return true;
}

void expect_right(const TestUnit& unit) {
  EXPECT_EQ(unit.times_finished, 1);
  EXPECT_TRUE(unit.done);
  if (!unit.ok()) return;
  std::vector<std::string> wanted;
  for (const auto& statement : unit.statements) wanted.emplace_back(statement.text());
  EXPECT_EQ(unit.echoes(), wanted);
}

TEST(Pipeline, PreparesOnceThenReuses) {
  FakeServer server;
  Pipeline pipeline(server, 16);
  for (int round = 0; round < 3; ++round) {
    auto unit = std::make_shared<TestUnit>(std::vector<std::string>{"a", "b", "a"});
    pipeline.enqueue(unit);
    ASSERT_TRUE(pipeline.send());
    ASSERT_TRUE(digest(pipeline, server));
    EXPECT_THAT(unit->echoes(), ElementsAre("a", "b", "a"));
  }
  EXPECT_EQ(server.commands, 2 + 3 * 4);
  EXPECT_EQ(server.unprepared, 0);
  EXPECT_EQ(pipeline.in_flight(), 0u);
}

TEST(Pipeline, UnitDoesNotDependOnAnUnconfirmedPreparationOfAnother) {
  FakeServer server;
  server.fail_at = 0;  // the first unit's preparation
  Pipeline pipeline(server, 16);
  auto first = std::make_shared<TestUnit>(std::vector<std::string>{"a"});
  auto second = std::make_shared<TestUnit>(std::vector<std::string>{"a"});
  pipeline.enqueue(first);
  pipeline.enqueue(second);
  ASSERT_TRUE(pipeline.send());
  ASSERT_TRUE(digest(pipeline, server));
  EXPECT_FALSE(first->ok());
  EXPECT_TRUE(second->ok());
}

TEST(Pipeline, PreparationThatWasSkippedIsMadeUpForLater) {
  FakeServer server;
  server.fail_at = 0;  // "a"; the preparation of "b" is skipped
  Pipeline pipeline(server, 16);
  for (int round = 0; round < 2; ++round) {
    auto unit = std::make_shared<TestUnit>(std::vector<std::string>{"a", "b"});
    pipeline.enqueue(unit);
    ASSERT_TRUE(pipeline.send());
    ASSERT_TRUE(digest(pipeline, server));
    EXPECT_EQ(unit->ok(), round == 1);
  }
  EXPECT_EQ(server.unprepared, 0);
  EXPECT_EQ(server.prepared.size(), 2u);
}

/// Every command of the exchange fails once: only its unit fails, and afterwards the connection serves as
/// before.
TEST(Pipeline, FailureAtEveryCommandStaysInItsUnit) {
  int points = 1;
  for (int fail_at = 0; fail_at < points; ++fail_at) {
    for (const bool at_once : {true, false}) {
      SCOPED_TRACE("command " + std::to_string(fail_at) + (at_once ? ", pipelined" : ", one unit at a time"));
      FakeServer server;
      server.fail_at = fail_at;
      Pipeline pipeline(server, 2);
      const auto units = exchange_units();
      for (const auto& unit : units) {
        pipeline.enqueue(unit);
        if (at_once) continue;
        ASSERT_TRUE(pipeline.send());
        ASSERT_TRUE(digest(pipeline, server));
      }
      ASSERT_TRUE(pipeline.send());
      ASSERT_TRUE(digest(pipeline, server));
      int failed = 0;
      for (const auto& unit : units) {
        expect_right(*unit);
        failed += unit->ok() ? 0 : 1;
      }
      EXPECT_LE(failed, 1);
      points = std::max(points, server.commands);
      server.fail_at = -1;
      const auto again = exchange_units();
      for (const auto& unit : again) pipeline.enqueue(unit);
      ASSERT_TRUE(pipeline.send());
      ASSERT_TRUE(digest(pipeline, server));
      for (const auto& unit : again) {
        expect_right(*unit);
        EXPECT_TRUE(unit->ok());  // what the cache believes is what the server has
      }
      EXPECT_EQ(pipeline.in_flight(), 0u);
      EXPECT_LE(server.prepared.size(), 2u);  // nothing is left behind on the server
    }
  }
  EXPECT_GT(points, 20);
}

/// The connection is lost after every possible number of answers.
TEST(Pipeline, LossAfterEveryAnswerEndsEveryUnitOnce) {
  for (std::size_t answered = 0;; ++answered) {
    SCOPED_TRACE("after " + std::to_string(answered) + " answers");
    FakeServer server;
    Pipeline pipeline(server, 2);
    const auto units = exchange_units();
    for (const auto& unit : units) pipeline.enqueue(unit);
    ASSERT_TRUE(pipeline.send());
    const auto all = server.replies.size();
    ASSERT_TRUE(digest(pipeline, server, answered));
    std::vector<bool> done;
    for (const auto& unit : units) done.push_back(unit->done);
    pipeline.fail({Errc::unavailable, "gone"});
    for (std::size_t i = 0; i < units.size(); ++i) {
      expect_right(*units[i]);
      EXPECT_EQ(units[i]->ok(), done[i]);
      EXPECT_EQ(units[i]->broken(), !done[i]);
    }
    EXPECT_EQ(pipeline.in_flight(), 0u);
    if (answered >= all) break;
  }
}

/// The wire refuses every possible send.
TEST(Pipeline, RefusalAtEverySendEndsEveryUnitOnce) {
  for (int refuse_at = 0;; ++refuse_at) {
    SCOPED_TRACE("send " + std::to_string(refuse_at));
    FakeServer server;
    server.refuse_at = refuse_at;
    Pipeline pipeline(server, 2);
    const auto units = exchange_units();
    for (const auto& unit : units) pipeline.enqueue(unit);
    const bool sent = pipeline.send();
    pipeline.fail({Errc::unavailable, "gone"});
    for (const auto& unit : units) {
      expect_right(*unit);
      EXPECT_TRUE(unit->broken());
    }
    if (sent) break;
  }
}

/// Any answer in the place of any other: never a crash, never a unit that succeeds without its results.
TEST(Pipeline, WrongAnswerAtEveryPointIsNoticedOrHarmless) {
  for (std::size_t at = 0;; ++at) {
    std::size_t all = 0;
    for (const auto kind : {Kind::done, Kind::error, Kind::skipped, Kind::end, Kind::synced}) {
      FakeServer server;
      Pipeline pipeline(server, 2);
      const auto units = exchange_units();
      for (const auto& unit : units) pipeline.enqueue(unit);
      ASSERT_TRUE(pipeline.send());
      all = server.replies.size();
      if (at >= all) return;
      server.replies[at] = Reply{kind, kind == Kind::done ? echo("?") : Result()};
      digest(pipeline, server);
      pipeline.fail({Errc::unavailable, "gone"});
      for (const auto& unit : units) {
        EXPECT_EQ(unit->times_finished, 1);
        EXPECT_TRUE(!unit->ok() || unit->results.size() == unit->statements.size());
      }
    }
  }
}

TEST(Pipeline, ErrorAtTheSyncPointFailsTheUnit) {
  FakeServer server;
  server.fail_at = 2;  // prepare, execute, sync: a deferred constraint
  Pipeline pipeline(server, 2);
  auto unit = std::make_shared<TestUnit>(std::vector<std::string>{"a"});
  pipeline.enqueue(unit);
  ASSERT_TRUE(pipeline.send());
  ASSERT_TRUE(digest(pipeline, server));
  EXPECT_EQ(std::get<ErrorFields>(unit->failure).sqlstate, "23503");
}

TEST(Pipeline, ErrorNamesTheStatementThatFailed) {
  FakeServer server;
  server.fail_at = 3;
  Pipeline pipeline(server, 4);
  auto unit = std::make_shared<TestUnit>(std::vector<std::string>{"a", "b"});
  pipeline.enqueue(unit);
  ASSERT_TRUE(pipeline.send());
  ASSERT_TRUE(digest(pipeline, server));
  EXPECT_EQ(std::get<ErrorFields>(unit->failure).statement, "b");
}

TEST(Pipeline, ScriptWaitsForTheRestAndTheRestForIt) {
  FakeServer server;
  Pipeline pipeline(server, 4);
  auto before = std::make_shared<TestUnit>(std::vector<std::string>{"a"});
  auto script = std::make_shared<TestUnit>(std::vector<std::string>{});
  script->script = "x; y";
  auto behind = std::make_shared<TestUnit>(std::vector<std::string>{"a"});
  for (const auto& unit : {before, script, behind}) pipeline.enqueue(unit);
  ASSERT_TRUE(pipeline.send());
  EXPECT_EQ(pipeline.waiting(), 2u);
  ASSERT_TRUE(digest(pipeline, server));
  ASSERT_TRUE(pipeline.send());
  EXPECT_EQ(pipeline.waiting(), 1u);
  ASSERT_TRUE(digest(pipeline, server));
  EXPECT_TRUE(script->done && script->ok());
  ASSERT_TRUE(pipeline.send());
  ASSERT_TRUE(digest(pipeline, server));
  EXPECT_TRUE(behind->done && behind->ok());
}

TEST(Pipeline, WithdrawnBeforeItWasSentIsNeverSent) {
  FakeServer server;
  Pipeline pipeline(server, 4);
  auto unit = std::make_shared<TestUnit>(std::vector<std::string>{"a"});
  pipeline.enqueue(unit);
  EXPECT_TRUE(pipeline.withdraw(*unit));
  ASSERT_TRUE(pipeline.send());
  EXPECT_EQ(server.commands, 0);
  EXPECT_FALSE(pipeline.withdraw(*unit));
}

TEST(Pipeline, EmptyUnitIsABarrier) {
  FakeServer server;
  Pipeline pipeline(server, 4);
  auto unit = std::make_shared<TestUnit>(std::vector<std::string>{});
  pipeline.enqueue(unit);
  ASSERT_TRUE(pipeline.send());
  ASSERT_TRUE(digest(pipeline, server));
  EXPECT_TRUE(unit->done && unit->ok());
}

}  // namespace
}  // namespace bascule::pg
