// What an administrator does to queues, on a journal on a simulated disk: nothing happens in the call, and what is not in
// memory is read by jobs of the journal's.
#include "bascule/broker/operations.hpp"

#include "bascule/broker/properties.hpp"
#include "stored_router.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
using Bodies = std::vector<std::string>;

struct OperationsTest : StoredRouter {
  OperationsTest() {
    journal.emplace(disk, JournalOptions{.segment_size = 64U << 10}, clocks());
    router.emplace(RouterSettings{.addresses = {{.match = "tiny", .max_messages = 2},
                                                {.match = "strict", .max_messages = 2, .overflow = Overflow::reject}},
                                  .memory_pages = 0,
                                  .memory_high = 1U << 30,
                                  .wall_ms = [] { return std::int64_t{1'000'000}; }},
                   *journal);
    journal->recover(*router, now);
    journal->listen(this);
    writer.emplace(disk);
    operations.emplace(
        *router, *journal, [this](std::function<void()> work) { soon.push_back(std::move(work)); },
        [this] { return now; }, [] { return std::int64_t{1'000'000}; });
  }
  ~OperationsTest() override {
    operations.reset();
    router.reset();
  }
  void publish(const std::string& address, int count, const std::string& prefix = "") {
    for (int i = 0; i < count; ++i) {
      const auto sent = message({.body = prefix + std::to_string(i), .durable = true}, now);
      ASSERT_EQ(queue(address).publish(sent, now).result, Admission::Result::accepted);
    }
  }
  /// To the disk, and out of memory.
  void page_out() {
    write_commit(*journal, *writer);
    read();
    for (int i = 0; i < 3; ++i)
      router->for_each([](Node& node) {
        if (node.kind() == Node::Kind::queue) static_cast<Queue&>(node).page_out(0);
      });
  }
  /// What the loop would do next; false: nothing.
  bool turn() {
    if (soon.empty()) return false;
    auto work = std::move(soon.front());
    soon.pop_front();
    work();
    return true;
  }
  bool read() {
    const bool any = journal->has_jobs();
    for (JournalJob& job : journal->take_jobs()) {
      job.work(disk);
      job.done();
    }
    return any;
  }
  void settle_down() {
    while (turn() || read()) {
    }
  }
  void pass(int milliseconds) {
    now += std::chrono::milliseconds(milliseconds);
    operations->sweep(now);
    settle_down();
  }
  Bodies bodies(const std::string& address) {
    Bodies found;
    operations->peek({address, 100}, [&](const Verdict&, const std::vector<Peeked>& messages) {
      for (const auto& one : messages) found.push_back(body_of(*one.message));
    });
    settle_down();
    return found;
  }
  std::pair<Verdict, std::uint64_t> move(const JobRequest& request) {
    std::pair<Verdict, std::uint64_t> result{{.status = 0}, 0};
    operations->move(request, [&](const Verdict& verdict, std::uint64_t count) { result = {verdict, count}; });
    EXPECT_EQ(result.first.status, 0) << "nothing is done in the call itself";
    settle_down();
    return result;
  }
  /// Everything in the queue becomes a dead letter.
  void reject_all(const std::string& address) {
    Sink sink(queue(address), 100);
    settle_down();
    for (std::size_t i = 0; i < sink.positions.size(); ++i) sink.settle(i, {.kind = Outcome::Kind::rejected}, now);
  }

  std::deque<std::function<void()>> soon;
  std::optional<Operations> operations;
};

TEST_F(OperationsTest, PeekReadsWhatIsNotInMemoryByAJobOfTheJournals) {
  publish("q", 5);
  page_out();
  const auto before = Message::in_memory();
  Bodies found;
  operations->peek({"q", 3}, [&](const Verdict& verdict, const std::vector<Peeked>& messages) {
    EXPECT_EQ(verdict.status, 200);
    for (const auto& one : messages) found.push_back(body_of(*one.message));
  });
  while (turn()) {
  }
  EXPECT_TRUE(found.empty()) << "nobody reads on the loop";
  EXPECT_TRUE(read());
  settle_down();
  EXPECT_EQ(found, (Bodies{"0", "1", "2"}));
  EXPECT_EQ(Message::in_memory(), before) << "the queue keeps none of what was only looked at";
  EXPECT_EQ(queue("q").available(), 5u);
}

TEST_F(OperationsTest, PeekEndsAtItsBytes) {
  for (int i = 0; i < 8; ++i) queue("q").publish(message({.body = std::string(1U << 20, 'x')}, now), now);
  EXPECT_EQ(bodies("q").size(), 4u);
}

TEST_F(OperationsTest, PeekOfWhatIsNotThere) {
  int status = 0;
  operations->peek({"none"}, [&](const Verdict& verdict, const auto&) { status = verdict.status; });
  settle_down();
  EXPECT_EQ(status, 404);
}

TEST_F(OperationsTest, MovesTheOldestFirstFromTheDiskAPartAtATime) {
  publish("from", 1000);
  page_out();
  queue("to");
  std::size_t most = 0;
  std::uint64_t moved = 0;
  operations->move({.from = "from", .to = "to", .limit = 700},
                   [&](const Verdict&, std::uint64_t count) { moved = count; });
  for (std::uint64_t last = 0; turn() || read();) {
    most = std::max<std::size_t>(most, queue("to").available() - last);
    last = queue("to").available();
  }
  EXPECT_EQ(moved, 700u);
  EXPECT_LE(most, Reads::part_messages) << "in one turn";
  EXPECT_EQ(queue("from").available(), 300u);
  EXPECT_EQ(bodies("from").front(), "700");
  Sink sink(queue("to"), 1000);
  settle_down();
  for (int i = 0; i < 700; ++i) ASSERT_EQ(sink.bodies.at(static_cast<std::size_t>(i)), std::to_string(i));
}

TEST_F(OperationsTest, MovingStopsWhereThereIsNoRoomAndSaysSo) {
  publish("from", 5);
  for (const char* full : {"tiny", "strict"}) {
    queue(full);
    EXPECT_EQ(move({.from = "from", .to = full}).second, 2u);
    const auto [verdict, count] = move({.from = "from", .to = full});
    EXPECT_EQ(verdict.status, 409) << verdict.detail;
    EXPECT_EQ(count, 0u);
  }
  EXPECT_EQ(bodies("from"), (Bodies{"4"}));
}

TEST_F(OperationsTest, MovingToNowhereIsRefused) {
  publish("from", 1);
  EXPECT_EQ(move({.from = "from", .to = "none"}).first.status, 404);
  EXPECT_EQ(move({.from = "from", .to = "from"}).first.status, 409);
  EXPECT_EQ(move({.from = "none", .to = "from"}).first.status, 404);
}

// A receiver that fails at once must not make a redrive go on for ever.
TEST_F(OperationsTest, ARedriveEndsWithWhatWaitedWhenItBegan) {
  publish("orders", 3);
  reject_all("orders");
  Sink failing(queue("orders"), 100);
  std::uint64_t moved = 0;
  operations->move({.from = "dlq.orders"}, [&](const Verdict&, std::uint64_t count) { moved = count; });
  std::size_t settled = 0;
  while (turn() || read()) {
    for (; settled < failing.positions.size(); ++settled) {
      failing.settle(settled, {.kind = Outcome::Kind::rejected}, now);
    }
  }
  EXPECT_EQ(moved, 3u);
  EXPECT_EQ(queue("dlq.orders").available(), 3u);
}

// What a de-duplication window would take for a repetition would be lost.
TEST_F(OperationsTest, DeadLettersAndWhatIsMovedAreNoRepetitions) {
  queue("orders").publish(message({.body = "once", .durable = true, .duplicate_id = "id"}, now), now);
  for (int round = 0; round < 2; ++round) {
    reject_all("orders");
    EXPECT_EQ(bodies("dlq.orders"), (Bodies{"once"})) << round;
    EXPECT_EQ(move({.from = "dlq.orders"}).second, 1u);
    EXPECT_EQ(bodies("orders"), (Bodies{"once"})) << round;
  }
  queue("orders").publish(message({.body = "again", .durable = true, .duplicate_id = "id"}, now), now);
  EXPECT_EQ(bodies("orders"), (Bodies{"once"})) << "a client's repetition is one still";
}

TEST_F(OperationsTest, LettersThatCannotGoArePassedOver) {
  for (const char* address : {"gone", "secret", "orders"}) {
    publish(address, 1, address);
    reject_all(address);
  }
  for (const char* other : {"dlq.gone", "dlq.secret"}) move({.from = other, .to = "dlq.orders"});
  router->remove(queue("gone"));
  const JobRequest redrive{.from = "dlq.orders", .may = [](std::string_view address) { return address != "secret"; }};
  const auto started = operations->jobs().start(redrive);
  ASSERT_NE(started.job, nullptr) << started.why;
  const std::string id = started.job->id;
  settle_down();
  EXPECT_EQ(operations->jobs().find(id)->state, Job::State::done);
  EXPECT_EQ(operations->jobs().find(id)->moved, 1u);
  EXPECT_EQ(operations->jobs().find(id)->passed_over, 2u);
  EXPECT_EQ(bodies("orders"), (Bodies{"orders0"}));
  EXPECT_EQ(bodies("dlq.orders"), (Bodies{"gone0", "secret0"}));
}

TEST_F(OperationsTest, AJobKeepsToItsRateInEveryWindow) {
  publish("from", 2000);
  page_out();
  queue("to");
  const std::string id = operations->jobs().start({.from = "from", .to = "to", .rate = 100.0}).job->id;
  settle_down();
  std::vector<std::uint64_t> moved{operations->jobs().find(id)->moved};
  for (int tick = 0; tick < 100; ++tick) {
    pass(tick == 50 ? 5000 : 64);  // a loop that was busy for long does not make up for it
    moved.push_back(operations->jobs().find(id)->moved);
  }
  for (std::size_t from = 0; from < 50; ++from) {
    for (std::size_t to = from + 1; to < 50; ++to) {
      const double seconds = 0.064 * static_cast<double>(to - from);
      ASSERT_LE(static_cast<double>(moved[to] - moved[from]), 100 * seconds + 25) << from << " to " << to;
    }
  }
  EXPECT_LE(moved[51] - moved[50], 25u + 1) << "one burst";
  EXPECT_GE(moved[50], 300u) << "and it does go at that rate";
}

TEST_F(OperationsTest, ACancelledJobMovesNotOneMore) {
  publish("from", 1000);
  page_out();
  queue("to");
  auto& jobs = operations->jobs();
  const std::string id = jobs.start({.from = "from", .to = "to", .rate = 50.0, .user = "alice"}).job->id;
  for (int i = 0; i < 10; ++i) pass(100);
  const auto moved = jobs.find(id)->moved;
  EXPECT_GT(moved, 20u);
  EXPECT_EQ(jobs.find(id)->waiting, 1000u);
  EXPECT_EQ(jobs.find(id)->user, "alice");
  operations->sweep(now += std::chrono::seconds(1));  // it is in the middle of a step
  EXPECT_EQ(jobs.cancel(id)->state, Job::State::cancelled);
  for (int i = 0; i < 10; ++i) pass(100);
  EXPECT_EQ(jobs.find(id)->moved, moved);
  EXPECT_EQ(queue("to").available(), moved);
  EXPECT_EQ(queue("from").available() + queue("to").available(), 1000u);
  EXPECT_EQ(bodies("from").front(), std::to_string(moved)) << "oldest first, without a gap";
  EXPECT_EQ(jobs.running(), 0u);
  EXPECT_EQ(jobs.cancel("no such job"), nullptr);
}

TEST_F(OperationsTest, AJobWaitsForRoomAndGoesOn) {
  publish("from", 5);
  queue("tiny");
  auto& jobs = operations->jobs();
  const std::string id = jobs.start({.from = "from", .to = "tiny"}).job->id;
  settle_down();
  EXPECT_EQ(jobs.find(id)->state, Job::State::running);
  EXPECT_EQ(jobs.find(id)->detail, "waits until 'tiny' has room");
  Sink sink(queue("tiny"), 100);
  sink.settles = true;
  for (std::size_t i = 0; i < sink.positions.size(); ++i) sink.settle(i);
  for (int i = 0; i < 5; ++i) pass(64);
  EXPECT_EQ(jobs.find(id)->state, Job::State::done);
  EXPECT_EQ(sink.bodies, (Bodies{"0", "1", "2", "3", "4"}));
}

TEST_F(OperationsTest, AJobEndsWithItsQueueOrItsTarget) {
  auto& jobs = operations->jobs();
  for (const char* deleted : {"from", "to"}) {
    publish("from", 10);
    queue("to");
    const std::string id = jobs.start({.from = "from", .to = "to", .rate = 1.0}).job->id;
    settle_down();
    router->remove(queue(deleted));
    publish("from", 1, "another ");  // another of the same name
    pass(1000);
    pass(1000);
    EXPECT_EQ(jobs.find(id)->state, Job::State::failed) << deleted;
    EXPECT_NE(jobs.find(id)->detail.find("was deleted"), std::string::npos);
    router->remove(queue("from"));
  }
}

TEST_F(OperationsTest, WhatAJobIsRefusedFor) {
  auto& jobs = operations->jobs();
  publish("from", 10);
  queue("to");
  EXPECT_EQ(jobs.start({.from = "none"}).status, 404);
  EXPECT_EQ(jobs.start({.from = "from", .to = "none"}).status, 404);
  EXPECT_EQ(jobs.start({.from = "from", .to = "from"}).status, 409);
  ASSERT_NE(jobs.start({.from = "from", .to = "to", .rate = 0.1}).job, nullptr);
  const auto second = jobs.start({.from = "from", .to = "to"});
  EXPECT_EQ(second.status, 409) << "two would spoil the order";
  for (std::size_t i = 1; i < Jobs::max_running; ++i) {
    publish("other" + std::to_string(i), 10);
    ASSERT_NE(jobs.start({.from = "other" + std::to_string(i), .to = "to", .rate = 0.1}).job, nullptr);
  }
  publish("one more", 1);
  EXPECT_EQ(jobs.start({.from = "one more", .to = "to"}).status, 503);
}

TEST_F(OperationsTest, OfJobsThatEndedTheLastAreRemembered) {
  auto& jobs = operations->jobs();
  queue("from"), queue("to");
  std::string first;
  for (std::size_t i = 0; i <= Jobs::max_ended; ++i) {
    const auto started = jobs.start({.from = "from", .to = "to"});
    if (first.empty()) first = started.job->id;
    settle_down();
  }
  EXPECT_EQ(jobs.all().size(), Jobs::max_ended);
  EXPECT_EQ(jobs.find(first), nullptr);
}

TEST_F(OperationsTest, OperationsThatReadAreBoundedInNumberAndInLine) {
  publish("q", 300);
  page_out();
  std::vector<int> statuses;
  const std::size_t all = Operations::max_at_once + Operations::max_waiting + 5;
  for (std::size_t i = 0; i < all; ++i) {
    operations->peek({"q", 1}, [&](const Verdict& verdict, const auto&) { statuses.push_back(verdict.status); });
  }
  EXPECT_EQ(operations->at_once(), Operations::max_at_once);
  EXPECT_EQ(operations->waiting(), Operations::max_waiting);
  settle_down();
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 503), 5);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), static_cast<std::ptrdiff_t>(all - 5));
  EXPECT_EQ(operations->at_once(), 0u);
}

TEST_F(OperationsTest, PurgeDiscardsWhatWaitsAndNotWhatComesMeanwhile) {
  publish("q", 10'000);
  std::uint64_t purged = 0;
  operations->purge("q", [&](const Verdict&, std::uint64_t count) { purged = count; });
  ASSERT_TRUE(turn());
  EXPECT_GT(queue("q").available(), 0u) << "a part at a time";
  publish("q", 1, "late");
  settle_down();
  EXPECT_EQ(purged, 10'000u);
  EXPECT_EQ(bodies("q"), (Bodies{"late0"}));
}

TEST_F(OperationsTest, ScheduledMessagesAreCancelledByTheirIdFromTheDisk) {
  for (const char* id : {"a", "b", "a"}) {
    const auto later = message({.durable = true, .message_id = id}, now);
    later->set_due(now + std::chrono::seconds(100));
    queue("q").publish(later, now);
  }
  page_out();
  std::pair<int, std::uint64_t> result{};
  const auto note = [&](const Verdict& verdict, std::uint64_t count) { result = {verdict.status, count}; };
  operations->cancel("q", "a", note);
  settle_down();
  EXPECT_EQ(result, (std::pair<int, std::uint64_t>{200, 2}));
  EXPECT_EQ(queue("q").scheduled(), 1u);
  operations->cancel("q", "a", note);
  settle_down();
  EXPECT_EQ(result.first, 404);
  operations->cancel("q", Position{1}, note);
  settle_down();
  EXPECT_EQ(result, (std::pair<int, std::uint64_t>{200, 1}));
}

TEST_F(OperationsTest, ADeclaredNodeIsMadeOnce) {
  EXPECT_EQ(operations->declare("made", false).status, 201);
  EXPECT_EQ(operations->declare("made", false).status, 200);
  EXPECT_EQ(operations->declare("made", true).status, 409);
  EXPECT_EQ(operations->declare("a.*", false).status, 400);
  EXPECT_EQ(operations->remove("made").status, 200);
  EXPECT_EQ(operations->remove("made").status, 404);
}

}  // namespace
}  // namespace bascule::broker
