// Promises of the journal that need a case of their own to be seen broken (docs/faults.md, "What breaks which test").
#include "bascule/broker/crc32c.hpp"
#include "bascule/broker/properties.hpp"
#include "bascule/broker/router.hpp"
#include "journal_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

TEST(JournalFormat, WhatBelongsElsewhereIsNoRecordAndNoBatch) {
  std::vector<std::uint8_t> batch(journal::batch_header_size);
  const std::vector<std::uint8_t> body(100, 'x');
  journal::put_record(batch, journal::Type::mark, {}, body, 1000 + journal::batch_header_size);
  journal::seal_batch(batch, {.lsn = 1000, .records = 1});
  EXPECT_TRUE(journal::decode_batch(batch, 1000));
  EXPECT_FALSE(journal::decode_batch(batch, 1008)) << "stale, or misplaced";
  EXPECT_FALSE(journal::decode_batch(Bytes(batch).first(batch.size() - 8), 1000)) << "longer than what is there";
  const Bytes record = Bytes(batch).subspan(journal::batch_header_size);
  EXPECT_TRUE(journal::decode_record(record, 1000 + journal::batch_header_size));
  EXPECT_FALSE(journal::decode_record(record, 1008 + journal::batch_header_size));
  EXPECT_FALSE(journal::decode_record(record.first(record.size() - 8), 1000 + journal::batch_header_size));
}

struct JournalPromise : JournalTest {
  /// Behind all that is there: a batch that says it holds so many records and holds one.
  void append_batch_of_one(std::uint32_t says) {
    std::vector<std::uint8_t> batch(journal::batch_header_size);
    const auto& segment = journal->ledger().segments().front();
    const Lsn at = segment.start + segment.used;
    journal::put_record(batch, journal::Type::mark, {}, {}, at + journal::batch_header_size);
    journal::seal_batch(batch,
                        {.lsn = at, .previous = journal->log().state().last_batch, .flushed = at, .records = says});
    std::copy(batch.begin(), batch.end(),
              disk.bytes(journal::segment_name(64)).begin() + static_cast<long>(segment.used));
  }
  static std::string damage_of(Disk& disk) {
    try {
      journal::recover(disk, {.mend = false});
    } catch (const journal::Damaged& damage) {
      return damage.what();
    }
    return "";
  }
};

TEST_F(JournalPromise, ABatchWithoutAllOfItsRecordsIsTornOrDamaged) {
  const QueueId q = journal->declare("q", "");
  publish("a", {q});
  commit();
  append_batch_of_one(1);
  EXPECT_TRUE(journal::recover(disk, {.mend = false}).torn.empty());
  append_batch_of_one(2);
  EXPECT_EQ(journal::recover(disk, {.mend = false}).torn.size(), 1u);
}

TEST_F(JournalPromise, ABatchWithoutAllOfItsRecordsIsDamagedOnceAnotherSaysThatItWasFlushed) {
  const QueueId q = journal->declare("q", "");
  publish("a", {q});
  commit();
  append_batch_of_one(2);
  std::vector<std::uint8_t> mark(journal::batch_header_size);
  const auto& segment = journal->ledger().segments().front();
  const Lsn bad = segment.start + segment.used;
  const Lsn at = bad + journal::batch_header_size + journal::record_size({}, {});
  journal::put_record(mark, journal::Type::mark, {}, {}, at + journal::batch_header_size);
  journal::seal_batch(mark, {.lsn = at, .previous = bad, .flushed = at, .records = 1});
  std::copy(mark.begin(), mark.end(),
            disk.bytes(journal::segment_name(64)).begin() + static_cast<long>(at - segment.start));
  EXPECT_NE(damage_of(disk).find("holds 1 records and says 2"), std::string::npos) << damage_of(disk);
}

TEST_F(JournalPromise, ASegmentUnderAnothersNameIsDamaged) {
  const QueueId q = journal->declare("q", "");
  for (int i = 0; i < 60; ++i) publish(std::string(200, 'x'), {q});
  commit();
  const auto names = disk.list();
  ASSERT_GE(names.size(), 3u);
  disk.bytes(names[1]) = disk.bytes(names[2]);
  EXPECT_NE(damage_of(disk).find(names[1] + " is damaged at offset 0: the segment's header is wrong"),
            std::string::npos)
      << damage_of(disk);
}

TEST(LogPromise, AFileWhoseMessageIsDoneStaysWhenSomebodyInMemoryPublishesItAgain) {
  journal::Log log({}, 4096);
  const QueueId q = log.declare("q", "");
  log.hold_side(1);
  const Lsn first = log.publish({.side = {1, 100}, .queues = {{.queue = q}}}, {});
  log.settle(q, first);
  const Lsn again = log.publish({.side = {1, 100}, .queues = {{.queue = q}}}, {});
  log.let_go_side(1);
  EXPECT_TRUE(log.take(0).removals.empty());
  log.settle(q, again);
  EXPECT_EQ(log.take(0).removals, std::vector<std::string>{journal::side_file_name(1)});
}

/// The broker's core on a journal.
struct StoredNodes : JournalPromise {
  StoredNodes() { start_router(); }
  void start_router() {
    router.reset();
    journal.emplace(disk, JournalOptions{}, clocks);
    router.emplace(RouterSettings{}, *journal);
    journal->recover(*router, start);
  }
  Admission send(const std::string& address, const Parts& parts) {
    return router->open(address, {}).node->publish(message(parts), start);
  }
  std::uint64_t waiting(const std::string& address) {
    return static_cast<Queue&>(*router->open(address, {}).node).size();
  }
  std::optional<Router> router;
};

TEST_F(StoredNodes, WhatWasTakenOnceIsNotTakenAgainAfterARestart) {
  router->subscribe({"events.a", "group", true});
  for (int round = 0; round < 2; ++round) {
    for (const char* address : {"q", "events.a"}) {
      const auto taken = send(address, {.durable = true, .duplicate_id = "one"});
      EXPECT_EQ(taken.result, Admission::Result::accepted) << address;
    }
    commit();
    EXPECT_EQ(waiting("q"), 1u);
    EXPECT_EQ(waiting("events.a::group"), 1u);
    disk.restart();
    start_router();
  }
}

TEST_F(StoredNodes, AFullDiskRefusesWhatIsDurableAndNothingElse) {
  router->subscribe({"events.a", "group", true});
  send("q", {.durable = true});
  journal->disk_full();
  for (const char* address : {"q", "events.a"}) {
    EXPECT_EQ(send(address, {.durable = true}).result, Admission::Result::no_space) << address;
    EXPECT_EQ(send(address, {.durable = false}).result, Admission::Result::accepted) << address;
  }
  auto& q = static_cast<Queue&>(*router->find("q"));
  const MessageRef more = message({.durable = true});
  const std::vector<Transfer> transfers{{.message = &*more}};
  EXPECT_EQ(q.admits(transfers, start), Admission::Result::no_space) << "in a transaction";
  Sink sink(q);
  sink.settles = true;
  sink.flow(10);
  EXPECT_EQ(q.size(), 0u) << "consumers go on";
  journal->segment_made({});
  EXPECT_EQ(send("q", {.durable = true}).result, Admission::Result::accepted);
}

TEST_F(JournalPromise, ATornEndOverSeveralSegmentsCanBeCutOffHoweverOftenThePowerGoes) {
  const QueueId q = journal->declare("q", "");
  publish("old", {q});
  commit();
  journal->begin();
  for (int i = 0; i < 80; ++i) publish(std::string(200, 'x'), {q});
  journal->end();
  journal::Commit whole = journal->take();
  ASSERT_GE(whole.writes.size(), 5u);
  whole.writes.pop_back();
  whole.removals.clear();
  writer->carry_out(whole);
  for (int cut = 0; cut < 12; ++cut) {
    for (int chance = 0; chance < 4; ++chance) {  // what was under way is done or not
      SimulatedDisk again = disk;
      for (int i = 0; i < chance; ++i) again.shuffle();
      again.cut_after(cut);
      try {
        journal::recover(again);
      } catch (const PowerCut&) {
      }
      again.restart();
      const auto recovered = journal::recover(again);
      EXPECT_EQ(recovered.messages.size(), 1u) << cut;
      EXPECT_EQ(recovered.state.ledger.segments().size(), again.files()) << "nothing of it is left";
    }
  }
}

TEST_F(JournalPromise, SettlementsOfATransactionAreInItAndNotBehindIt) {
  const QueueId q = journal->declare("q", "");
  const Lsn old = publish("old", {q});
  commit();
  journal->begin();
  publish("in it", {q});
  journal->settle(q, old);
  journal->end();
  publish("behind it", {q});
  commit();
  std::string order;
  journal::recover(disk, {.mend = false, .visit = [&](const journal::Record& record, const std::string&) {
                            order += name_of(record.type) + " ";
                          }});
  EXPECT_TRUE(order.ends_with("publish settle publish ")) << order;
}

TEST_F(JournalPromise, PriorityAndGroupComeBack) {
  const QueueId q = journal->declare("q", "");
  const MessageRef sent = message({.body = "a", .durable = true, .group_id = "g", .priority = 7});
  journal->publish(*sent, {{q}});
  commit();
  reopen();
  ASSERT_EQ(kept.messages.size(), 1u);
  EXPECT_EQ(kept.messages[0].priority, 7);
  EXPECT_EQ(kept.messages[0].group, group_hash(sent->body()));
  EXPECT_NE(kept.messages[0].group, 0u);
}

TEST_F(JournalPromise, NoSegmentIsMadeBehindOneThatIsNotThereYet) {
  const QueueId q = journal->declare("q", "");
  for (int i = 0; i < 10; ++i) publish(std::string(200, 'x'), {q});
  commit();
  const journal::Ahead next = journal->wants_ahead();
  EXPECT_NE(next.start, 0u);
  for (int i = 0; i < 32; ++i) publish(std::string(200, 'x'), {q});
  EXPECT_EQ(journal->wants_ahead().start, 0u) << "a crash would leave a gap";
}

TEST_F(JournalPromise, ASegmentMadeAheadThatIsTooSmallIsMadeAnew) {
  const QueueId q = journal->declare("q", "");
  for (int i = 0; i < 10; ++i) publish(std::string(200, 'x'), {q});
  commit();
  make_ahead(disk, journal->wants_ahead());
  publish(std::string(50'000, 'y'), {q});
  commit();
  reopen();
  ASSERT_EQ(kept.messages.size(), 11u);
  EXPECT_EQ(kept.bodies().back(), std::string(50'000, 'y'));
}

// Without a flush for each commit a power cut may take what was accepted; it is never taken for damage, and what was
// flushed in between is there.
TEST_F(JournalPromise, WithoutAFlushForEachCommitAPowerCutLeavesATornEndAndNoDamage) {
  int torn = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SimulatedDisk weak(seed);
    Journal lazy(weak, JournalOptions{.segment_size = segment_size, .fsync = Fsync::interval}, clocks);
    CommitWriter lazily(weak, Fsync::interval);
    const QueueId q = lazy.declare("q", "");
    for (int i = 0; i < 30; ++i) {
      lazy.publish(*message({.body = std::string(300, 'x'), .durable = true}), {{q}});
      journal::Commit commit = lazy.take();
      const Lsn last = commit.last;
      lazily.carry_out(commit);
      lazy.committed(last);
      if (i == 9) {
        lazily.sync();
        lazy.flushed(last);
      }
    }
    weak.restart();
    const auto recovered = journal::recover(weak);
    EXPECT_GE(recovered.messages.size(), 1u) << seed;
    torn += recovered.torn.empty() ? 0 : 1;
  }
  EXPECT_GT(torn, 50);
}

}  // namespace
}  // namespace bascule::broker
