// A full disk: a message is taken only while there is room for it and, behind it, for settlements; so reading goes on
// whatever the disk refuses, the writer never waits for space, and what is read empty goes.
#include "bascule/broker/transaction.hpp"
#include "journal_fixture.hpp"
#include "stored_router.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

/// The broker's core on a journal whose segments are made as in the daemon.
struct FullDisk : StoredRouter {
  FullDisk() { open(); }
  ~FullDisk() override { close(); }
  void close() {
    router.reset();
    maker.reset();
    journal.reset();
  }
  void open() {
    close();
    journal.emplace(disk, JournalOptions{.segment_size = segment_size}, clocks());
    maker.emplace(*journal, disk);
    router.emplace(RouterSettings{.queue = {.max_deliveries = 0}, .memory_pages = 0}, *journal);
    journal->recover(*router, start);
    journal->listen(this);
    writer.emplace(disk);
  }
  void reopen() {
    disk.restart();
    open();
  }
  bool send(const std::string& body, const std::string& address = "q", bool durable = true) {
    const MessageRef sent = message({.body = body, .durable = durable});
    return router->open(address, {}).node->publish(sent, start).result == Admission::Result::accepted;
  }
  /// As many as go in.
  int fill(std::size_t size, const std::string& address = "q") {
    int count = 0;
    for (; send(std::to_string(next) + std::string(size, '.'), address); ++next, ++count) {
      if (count % 3 == 0) commit();
    }
    commit();
    return count;
  }
  /// DiskFull out of here is what must never be.
  void commit() {
    write_commit(*journal, *writer);
    maker->look();
    router->relieve_memory();
    jobs();
  }
  /// Reads and settles, each message in a commit of its own; how many.
  int drain(const std::string& address = "q", int most = 1 << 30) {
    int count = 0;
    Sink sink(queue(address));
    for (; count < most; ++count) {
      sink.messages.clear();
      sink.flow(1);
      jobs();
      if (sink.bodies.size() != static_cast<std::size_t>(count) + 1) break;
      sink.settle(static_cast<std::size_t>(count));
      commit();
    }
    sink.queue->not_ready(sink);
    return count;
  }
  std::size_t segments() const {
    const auto names = const_cast<SimulatedDisk&>(disk).list();
    return static_cast<std::size_t>(
        std::count_if(names.begin(), names.end(), [](const auto& name) { return journal::is_segment_name(name); }));
  }

  std::uint64_t segment_size = 4096;
  int next = 0;
  std::optional<SegmentMaker> maker;
};

TEST_F(FullDisk, MostOfItIsUsedAndThenMessagesAreRefusedWithRoomLeftForSettlements) {
  disk.free_files = 8;
  const int sent = fill(400);
  EXPECT_GT(sent * 400, 5 * 4096);
  EXPECT_GE(journal->log().left(), journal->log().settlement_room());
  EXPECT_TRUE(send("not durable", "q", false));
  fill(1);
  EXPECT_FALSE(journal->accepts());
  EXPECT_FALSE(send(std::string(400, 'x')));
  reopen();
  EXPECT_GE(queue().size(), static_cast<std::size_t>(sent));
}

TEST_F(FullDisk, RoomIsLeftBehindEveryMessageThatIsTaken) {
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    disk.free_files = 1 + static_cast<int>(random() % 6);
    int taken = 0;
    while (send(std::string(random() % 3000, '.'))) {
      ASSERT_GE(journal->log().left(), journal->log().settlement_room());
      if (random() % 4 == 0) commit();
      ASSERT_LT(++taken, 1000);
    }
    disk.free_files = 100;
    drain();
  }
}

// The promise: whichever allocation is refused, and whether what is freed comes back or goes to somebody else.
TEST_F(FullDisk, WhateverIsRefusedAllIsReadAndWhatIsReadEmptyGoes) {
  for (int allocations = 1; allocations < 16; ++allocations) {
    for (const bool ours : {true, false}) {
      for (const std::size_t size : {std::size_t{1}, std::size_t{150}, std::size_t{1500}, std::size_t{6000}}) {
        SCOPED_TRACE(std::to_string(allocations) + (ours ? " ours " : " others' ") + std::to_string(size));
        close();
        disk = SimulatedDisk(static_cast<unsigned>(allocations));
        disk.free_files = allocations;
        disk.removal_frees = ours;
        next = 0;
        open();
        const int sent = fill(size);
        ASSERT_EQ(drain("q", sent / 2), sent / 2);
        if (!ours) {
          reopen();  // what was settled in memory alone comes again, and nothing is lost
          ASSERT_GE(queue().size(), static_cast<std::size_t>(sent - sent / 2));
        }
        const auto left = static_cast<int>(queue().size());
        ASSERT_EQ(drain(), left);
        ASSERT_LE(journal->ledger().segments().size(), 1u) << "but the newest all are gone";
        if (!ours || allocations == 1) {
          disk.free_files = 100;
          maker->look();
        }
        ASSERT_TRUE(send("again"));
        commit();
        EXPECT_EQ(journal->log().waiting(), 0u);
        reopen();
        ASSERT_EQ(queue().size(), 1u) << "nothing that was settled comes again";
      }
    }
  }
}

TEST_F(FullDisk, SettlementsBeyondTheRoomWaitInMemoryAndWhatTheySettledGoesAllTheSame) {
  segment_size = 2048;  // 512 bytes for settlements: five, each in a commit of its own
  open();
  disk.free_files = 6;
  const int sent = fill(1);
  ASSERT_GT(sent, 80);
  const std::size_t full = segments();
  std::size_t most = 0;
  for (int i = 0; i < sent / 2; ++i) {
    ASSERT_EQ(drain("q", 1), 1);
    most = std::max(most, journal->log().waiting());
  }
  EXPECT_GT(most, 3u) << "they wait";
  EXPECT_LT(most, static_cast<std::size_t>(sent / 2)) << "not those of segments that are gone";
  EXPECT_LT(segments(), full);
  EXPECT_EQ(journal->size().settlements_waiting, journal->log().waiting());
  EXPECT_FALSE(journal->dirty()) << "nothing to do until there is space";
  disk.free_files = 1;
  maker->look();
  commit();
  EXPECT_EQ(journal->log().waiting(), 0u);
  reopen();
  EXPECT_EQ(queue().size(), static_cast<std::size_t>(sent - sent / 2));
}

struct FullDiskBodies : FullDisk {
  FullDiskBodies() {
    segment_size = 2048;
    open();
    disk.free_files = 4;
    while (send_large()) commit();
    EXPECT_GT(queue().size(), 30u);
  }
  bool send_large() {
    const std::vector<std::uint8_t> tail(100);
    const auto body = journal->new_body();
    bool taken = false;
    body->append(tail);
    body->finish(true, [&](SideBody* written) {
      const MessageRef large = message({.body = "x", .durable = true});
      large->set_tail(written);
      taken = queue().publish(large, start).result == Admission::Result::accepted;
    });
    jobs();
    return taken;
  }
  /// Messages without their bodies, when the power fails now.
  std::size_t spoilt_by_a_power_cut() {
    SimulatedDisk after = disk;
    after.restart();
    return journal::recover(after).spoilt.size();
  }
};

TEST_F(FullDiskBodies, AFileGoesBehindTheSettlementThatSaysSo) {
  std::size_t waited = 0;
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(drain("q", 1), 1);
    waited = std::max(waited, journal->log().waiting());
    ASSERT_EQ(spoilt_by_a_power_cut(), 0u) << i;
  }
  EXPECT_GT(waited, 3u);
  const auto left = static_cast<int>(queue().size());
  EXPECT_EQ(drain(), left);
  disk.free_files = 10;
  maker->look();
  commit();
  EXPECT_EQ(disk.files(), segments()) << "all of them are gone";
}

TEST_F(FullDiskBodies, TheFilesOfAQueueGoBehindItsRemoval) {
  while (journal->log().waiting() == 0) ASSERT_EQ(drain("q", 1), 1);
  router->remove(queue());
  commit();
  EXPECT_EQ(spoilt_by_a_power_cut(), 0u);
  disk.free_files = 10;
  maker->look();
  commit();
  EXPECT_EQ(spoilt_by_a_power_cut(), 0u);
  EXPECT_EQ(disk.files(), segments());
}

TEST_F(FullDisk, OneThatNobodyReadsDoesNotKeepTheRestOnTheDisk) {
  segment_size = 16U << 10;
  open();
  disk.free_files = 8;
  disk.removal_frees = true;
  ASSERT_TRUE(send("straggler", "old"));
  const int sent = fill(400);
  const std::size_t full = segments();
  ASSERT_EQ(drain(), sent);
  EXPECT_LE(segments(), full / 2);
  EXPECT_GT(fill(400), sent / 2) << "the disk can be used again";
  reopen();
  Sink sink(queue("old"), 1);
  jobs();
  EXPECT_EQ(sink.bodies, Bodies{"straggler"});
}

TEST_F(FullDisk, WhatWasMadeAheadIsThereAfterARestart) {
  while (journal->log().left() < segment_size) {
    ASSERT_TRUE(send(std::string(300, 'x')));
    commit();
  }
  const std::uint64_t room = journal->log().left();
  disk.free_files = 0;
  for (int i = 0; i < 3; ++i) reopen();
  EXPECT_GE(journal->log().left() + 100, room) << "but for a mark";
  EXPECT_TRUE(send(std::string(2500, 'x')));
  commit();
  EXPECT_EQ(maker->was_full, 0);
}

TEST_F(FullDisk, ASegmentMadeAheadThatIsTooSmallForAMessageIsPassedOver) {
  while (journal->log().left() < segment_size) {
    ASSERT_TRUE(send(std::string(300, 'x')));
    commit();
  }
  const auto before = queue().size();
  ASSERT_TRUE(send(std::string(50'000, 'y')));
  commit();
  ASSERT_TRUE(send("behind"));
  commit();
  reopen();
  EXPECT_TRUE(journal->torn().empty());
  EXPECT_EQ(queue().size(), before + 2);
  EXPECT_EQ(drain(), static_cast<int>(before + 2));
  EXPECT_LE(segments(), 2u);
}

TEST_F(FullDisk, AQueueIsRemovedAndNothingOfItComesBackOnceThereIsSpace) {
  segment_size = 2048;
  open();
  disk.free_files = 4;
  send("stays", "other");
  fill(1);
  drain("q", 30);
  ASSERT_GT(journal->log().waiting(), 0u);
  router->remove(queue());
  commit();
  EXPECT_EQ(drain("other"), 1);
  disk.free_files = 10;
  maker->look();
  commit();
  EXPECT_EQ(journal->log().waiting(), 0u);
  reopen();
  EXPECT_EQ(router->find("q"), nullptr);
  EXPECT_EQ(queue("other").size(), 0u);
}

TEST_F(FullDisk, CountsOfAttemptsLeaveTheRoomToSettlements) {
  disk.free_files = 3;
  const int sent = fill(400);
  Sink sink(queue(), 1);
  jobs();
  for (int i = 0; i < 500; ++i) {
    sink.settle(sink.positions.size() - 1, {.kind = Outcome::Kind::modified, .delivery_failed = true});
    commit();
    sink.flow(1);
    jobs();
  }
  EXPECT_GT(journal->size().updates_dropped, 400u);
  EXPECT_GE(journal->log().left(), journal->log().settlement_room() - 100);
  sink.settle(sink.positions.size() - 1);
  sink.messages.clear();
  EXPECT_EQ(drain(), sent - 1);
}

TEST_F(FullDisk, NothingDurableIsMade) {
  disk.free_files = 3;
  fill(400);
  fill(1);
  EXPECT_EQ(router->subscribe({"events.a", "group", true}).refusal, Refusal::disk_full);
  EXPECT_EQ(router->find("events.a::group"), nullptr);
  EXPECT_FALSE(router->keep(*router->open("kept", {.queue = true, .declared = true}).node));
  disk.free_files = 10;
  maker->look();
  EXPECT_EQ(router->subscribe({"events.a", "group", true}).refusal, Refusal::none);
  EXPECT_TRUE(router->keep(*router->find("kept")));
}

// Whether it was rejected, failed too often, or refused by all who read.
TEST_F(FullDisk, WhatWouldBeADeadLetterStaysUntilThereIsRoomForIt) {
  for (const Outcome& outcome : {Outcome{.kind = Outcome::Kind::rejected},
                                 Outcome{.kind = Outcome::Kind::modified, .undeliverable_here = true}}) {
    disk.free_files = 3;
    const int sent = fill(400);
    Queue& q = queue();
    {
      Sink sink(q, 1);
      jobs();
      sink.settle(0, outcome);
      commit();
      EXPECT_EQ(q.size(), static_cast<std::size_t>(sent)) << "it is not lost";
      EXPECT_EQ(q.counters().rejected + q.counters().undeliverable, 0u);
    }
    disk.free_files = 20;
    maker->look();
    q.sweep(start + std::chrono::seconds(2));
    Sink sink(q, 1);
    jobs();
    sink.settle(0, outcome);
    commit();
    EXPECT_EQ(queue("dlq.q").size(), 1u);
    EXPECT_EQ(q.size(), static_cast<std::size_t>(sent - 1));
    sink.messages.clear();
    router->remove(queue("dlq.q"));
    router->remove(q);
    sink.queue = nullptr;
    commit();
  }
}

struct FullDiskTransactions : FullDisk {
  TransactionId declare() {
    TransactionId id = 0;
    EXPECT_EQ(transactions().declare(&session, &coordinator, start, id).condition, nullptr);
    return id;
  }
  std::string discharge(TransactionId id) {
    const auto error = transactions().discharge(id, &session, false, start, durable_at);
    return error.condition == nullptr ? "" : error.condition;
  }
  Transactions& transactions() {
    if (!all) all.emplace(TransactionLimits{}, *router, *journal, counters);
    return *all;
  }
  void TearDown() override { all.reset(); }
  int session = 0, coordinator = 0;
  Lsn durable_at = 0;
  TransactionCounters counters;
  std::optional<Transactions> all;
};

TEST_F(FullDiskTransactions, ATransactionIsTakenWholeOrNotAtAll) {
  for (int files = 2; files < 8; ++files) {
    disk.free_files = files;
    const auto before = queue().size();
    const auto id = declare();
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(transactions()
                    .send(id, &session, queue(), 0, message({.body = std::string(700, 'x'), .durable = true}))
                    .condition,
                nullptr);
    }
    const std::string error = discharge(id);
    commit();
    EXPECT_EQ(queue().size(), before + (error.empty() ? 20 : 0)) << files;
    EXPECT_TRUE(error.empty() == (files == 7) || (files > 2 && files < 7)) << files;
    disk.free_files = 100;
    maker->look();
    drain();
  }
}

TEST_F(FullDiskTransactions, OneThatOnlySettlesNeedsItsRoomToo) {
  segment_size = 2048;
  open();
  disk.free_files = 3;
  fill(1);
  Sink sink(queue(), 200);
  jobs();
  ASSERT_GT(sink.positions.size(), 55u);
  const auto settle = [&](std::size_t from, std::size_t count) {
    const auto id = declare();
    for (std::size_t i = from; i < from + count; ++i) {
      EXPECT_EQ(transactions().settle(id, &session, queue(), sink.positions[i], {}).condition, nullptr);
    }
    return discharge(id);
  };
  EXPECT_EQ(settle(0, 10), "") << "of the room that messages left";
  commit();
  EXPECT_EQ(journal->durable(), journal->ledger().newest()->start + journal->ledger().newest()->used);
  EXPECT_EQ(settle(10, 45), "amqp:transaction:rollback") << "it could not be kept whole";
  EXPECT_EQ(counters.failed, 1u);
}

TEST(Room, RecordsAreNotCutAndTheEndsOfSegmentsAreWasted) {
  using journal::Room;
  Room room({{.start = 1000, .capacity = 1000}, {.start = 2000, .capacity = 1000}});
  const auto of = [](std::uint64_t content) { return Demand().record(content); };
  EXPECT_TRUE(room.fits(500, 100, of(400), 0));
  EXPECT_TRUE(room.fits(0, 100, of(800), 0));
  EXPECT_FALSE(room.fits(500, 100, of(900), 0)) << "in no single one";
  EXPECT_TRUE(room.fits(0, 100, of(800), 900));
  EXPECT_FALSE(room.fits(0, 100, of(800), 910));
  EXPECT_EQ(room.left(500, 100), 2300u);
  Demand many = of(200);
  for (int i = 0; i < 3; ++i) many += of(200);  // 296 bytes each
  EXPECT_TRUE(room.fits(0, 100, many, 0));
  EXPECT_FALSE(Room().fits(1000, 100, many, 0));
  EXPECT_TRUE(room.fits(0, 100, Demand().settlements(120), 0)) << "these can be";
}

}  // namespace
}  // namespace bascule::broker
