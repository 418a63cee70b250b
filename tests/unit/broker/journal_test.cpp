#include "bascule/broker/journal.hpp"

#include <map>

#include "simulated_disk.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

/// What a journal gives back.
struct Kept final : Recovery {
  struct Message {
    std::string body;
    Lsn lsn;
    std::map<std::string, std::uint32_t> queues;
    Time expires, due;
  };
  void restore_queue(QueueId id, const std::string& address, const std::string& definition) override {
    queues[id] = address + "=" + definition;
    addresses[id] = address;
  }
  void restore_message(const MessageRef& message, Lsn lsn, std::span<const QueueCount> to, Time) override {
    Message kept{body_of(*message), lsn, {}, message->expires(), message->due()};
    for (const auto& [id, count] : to) kept.queues[addresses.at(id)] = count;
    messages.push_back(kept);
  }
  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& message : messages) all.push_back(message.body);
    return all;
  }
  std::map<QueueId, std::string> queues, addresses;
  std::vector<Message> messages;
};

using Bodies = std::vector<std::string>;

struct JournalTest : ::testing::Test {
  JournalTest() { open(); }
  void open() {
    journal.reset();
    writer.emplace(disk);
    journal.emplace(disk, JournalOptions{.segment_size = segment_size}, clocks);
    kept = {};
    journal->recover(kept, start);
  }
  void commit() {
    journal::Commit commit = journal->take();
    const Lsn last = commit.last;
    writer->carry_out(commit);
    journal->committed(last);
  }
  void reopen() {
    disk.restart();
    open();
  }
  Lsn publish(const std::string& body, std::vector<QueueId> queues) {
    return journal->publish(*message({.body = body, .durable = true}), queues);
  }

  std::uint64_t segment_size = 4096;
  std::int64_t wall = 1'000'000;
  Clocks clocks{[] { return start; }, [this] { return wall; }};
  SimulatedDisk disk{1};
  std::optional<CommitWriter> writer;
  std::optional<Journal> journal;
  Kept kept;
};

TEST_F(JournalTest, WhatWasCommittedComesBackInOrderAndWhatWasNotDoesNot) {
  const QueueId q = journal->declare("q", "definition");
  publish("a", {q});
  publish("b", {q});
  commit();
  publish("never flushed", {q});
  reopen();
  EXPECT_EQ(kept.bodies(), (Bodies{"a", "b"}));
  EXPECT_EQ(kept.queues, (std::map<QueueId, std::string>{{q, "q=definition"}}));
}

TEST_F(JournalTest, DurableIsKnownOnlyAfterTheCommit) {
  const QueueId q = journal->declare("q", "");
  const Lsn lsn = publish("a", {q});
  EXPECT_LT(journal->durable(), lsn);
  commit();
  EXPECT_GE(journal->durable(), lsn);
}

TEST_F(JournalTest, OneFlushCoversAllThatWasWaiting) {
  const QueueId q = journal->declare("q", "");
  commit();
  const int before = disk.syncs;
  for (int i = 0; i < 10; ++i) publish("m", {q});
  commit();
  EXPECT_EQ(disk.syncs, before + 1);
}

TEST_F(JournalTest, SettledNeverComesBackAndTheOtherQueuesKeepIt) {
  const QueueId one = journal->declare("one", ""), two = journal->declare("two", "");
  const Lsn both = publish("both", {one, two});
  const Lsn gone = publish("gone", {one});
  journal->settle(one, both);
  journal->settle(one, gone);
  commit();
  reopen();
  ASSERT_EQ(kept.bodies(), (Bodies{"both"}));
  EXPECT_EQ(kept.messages[0].queues, (std::map<std::string, std::uint32_t>{{"two", 0}}));
}

TEST_F(JournalTest, DeliveryCountsAndTimeToLiveGoOn) {
  const QueueId q = journal->declare("q", "");
  const Lsn lsn = journal->publish(*message({.body = "a", .durable = true, .ttl = 60'000}), {{q}});
  journal->count_delivery(q, lsn, 3);
  commit();
  wall += 20'000;
  reopen();
  ASSERT_EQ(kept.messages.size(), 1u);
  EXPECT_EQ(kept.messages[0].queues.at("q"), 3u);
  EXPECT_EQ(kept.messages[0].expires, at_ms(40'000));
}

TEST_F(JournalTest, ScheduledStaysScheduled) {
  const QueueId q = journal->declare("q", "");
  const MessageRef later = message({.body = "a", .durable = true});
  later->set_due(at_ms(60'000));
  journal->publish(*later, {{q}});
  commit();
  wall += 20'000;
  reopen();
  ASSERT_EQ(kept.messages.size(), 1u);
  EXPECT_EQ(kept.messages[0].due, at_ms(40'000));
}

TEST_F(JournalTest, SegmentsGoAsTheyEmptyAndTheQueuesStayKnown) {
  const QueueId q = journal->declare("q", "");
  for (int i = 0; i < 1000; ++i) {
    const Lsn lsn = publish(std::string(200, 'x'), {q});
    journal->settle(q, lsn);
    if (i % 10 == 0) commit();
  }
  commit();
  commit();
  EXPECT_LE(disk.files(), 2u);
  publish("last", {q});
  commit();
  reopen();
  EXPECT_EQ(kept.bodies(), (Bodies{"last"}));
  EXPECT_EQ(kept.queues.size(), 1u);
}

TEST_F(JournalTest, ARemovedQueuesNumberIsNotGivenAgainWhileItsMessagesAreThere) {
  const QueueId gone = journal->declare("gone", "");
  publish("old", {gone});
  journal->remove(gone);
  commit();
  reopen();
  EXPECT_TRUE(kept.messages.empty());
  const QueueId fresh = journal->declare("fresh", "");
  EXPECT_NE(fresh, gone);
  commit();
  reopen();
  EXPECT_TRUE(kept.messages.empty());
}

TEST_F(JournalTest, AMessageLargerThanASegmentHasOneOfItsOwn) {
  const QueueId q = journal->declare("q", "");
  publish("small", {q});
  publish(std::string(50'000, 'y'), {q});
  publish("behind", {q});
  commit();
  reopen();
  EXPECT_EQ(kept.bodies(), (Bodies{"small", std::string(50'000, 'y'), "behind"}));
}

// A router-less listener that keeps one queue's messages by their place.
struct Mover final : StorageListener {
  void durable(Lsn) override {}
  void move_out(Lsn from, Lsn to) override {
    std::map<Lsn, std::string> moved;
    for (auto& [lsn, body] : live) {
      if (lsn < from || lsn >= to) {
        moved[lsn] = body;
        continue;
      }
      const QueueCount count{queue, 7};
      moved[journal->copy(lsn, *message({.body = body, .durable = true}), {&count, 1})] = body;
    }
    live = moved;
  }
  Journal* journal = nullptr;
  QueueId queue = 0;
  std::map<Lsn, std::string> live;
};

TEST_F(JournalTest, OldMessagesAreCopiedForwardSoThatOneDoesNotKeepTheJournalAlive) {
  const QueueId q = journal->declare("q", "");
  Mover mover;
  mover.journal = &*journal;
  mover.queue = q;
  journal->listen(&mover);
  mover.live[publish("ancient", {q})] = "ancient";
  mover.live[publish("old", {q})] = "old";
  for (int i = 0; i < 2000; ++i) {
    journal->settle(q, publish(std::string(200, 'x'), {q}));
    if (i % 10 == 0) commit();
  }
  commit();
  commit();
  EXPECT_LE(disk.files(), 12u) << "of 110 that were written";
  mover.live[publish("new", {q})] = "new";
  commit();
  journal->listen(nullptr);
  reopen();
  EXPECT_EQ(kept.bodies(), (Bodies{"ancient", "old", "new"})) << "in the order in which they came first";
  EXPECT_EQ(kept.messages[0].queues.at("q"), 7u);
  EXPECT_EQ(kept.messages[2].queues.at("q"), 0u);
}

TEST_F(JournalTest, AFullDiskWaitsWithItsCommitAndLosesNothing) {
  const QueueId q = journal->declare("q", "");
  publish("a", {q});
  commit();
  disk.free_files = 0;
  for (int i = 0; i < 30; ++i) publish(std::string(200, 'x'), {q});
  journal::Commit waiting = journal->take();
  const Lsn last = waiting.last;
  EXPECT_THROW(writer->carry_out(waiting), DiskFull);
  EXPECT_THROW(writer->carry_out(waiting), DiskFull);
  disk.free_files = 100;
  writer->carry_out(waiting);
  journal->committed(last);
  reopen();
  EXPECT_EQ(kept.messages.size(), 31u);
}

struct DamageTest : JournalTest {
  DamageTest() {
    const QueueId q = journal->declare("q", "");
    for (const char* body : {"first", "second", "third"}) {
      publish(body, {q});
      commit();
      used.push_back(journal->ledger().segments().front().used);
    }
    name = journal::segment_name(64);
  }
  std::string name;
  std::vector<std::uint64_t> used;  // behind each commit
};

TEST_F(DamageTest, EveryFlippedByteIsNoticed) {
  const auto good = disk.bytes(name);
  for (std::uint64_t at = 0; at < used.back(); ++at) {
    disk.bytes(name) = good;
    disk.bytes(name)[at] ^= 0x10;
    std::optional<journal::Recovered> recovered;
    try {
      recovered = journal::recover(disk, {.mend = false});
    } catch (const journal::Damaged& damage) {
      EXPECT_NE(std::string(damage.what()).find("/simulated/" + name), std::string::npos);
      continue;
    }
    // Only what nothing follows can pass for a flush that never ended, and then it is reported.
    ASSERT_GE(at, used[1]) << "a flip at " << at << " was not noticed";
    ASSERT_EQ(recovered->torn.size(), 1u) << at;
    ASSERT_EQ(recovered->messages.size(), 2u) << at;
  }
}

TEST_F(DamageTest, EveryTruncationIsNoticed) {
  const auto good = disk.bytes(name);
  for (std::uint64_t size = 0; size < good.size(); size += 7) {
    disk.bytes(name) = good;
    disk.bytes(name).resize(size);
    EXPECT_THROW(journal::recover(disk, {.mend = false}), journal::Damaged) << size;
  }
}

TEST_F(DamageTest, AMissingSegmentIsNoticed) {
  const QueueId q = 1;
  for (int i = 0; i < 60; ++i) publish(std::string(200, 'x'), {q});
  commit();
  ASSERT_GE(disk.files(), 3u);
  disk.remove(disk.list()[1]);
  EXPECT_THROW(journal::recover(disk, {.mend = false}), journal::Damaged);
}

TEST_F(DamageTest, ALostBatchBetweenGoodOnesIsNoticed) {
  auto& bytes = disk.bytes(name);
  std::fill(bytes.begin() + static_cast<long>(used[0]), bytes.begin() + static_cast<long>(used[1]), std::uint8_t{0});
  EXPECT_THROW(journal::recover(disk, {.mend = false}), journal::Damaged);
}

TEST_F(DamageTest, ALostBatchAtASegmentsEndIsNoticedByTheNextSegment) {
  std::uint64_t last = 0, begin = 0;
  while (journal->ledger().segments().size() < 2) {
    last = begin;
    begin = journal->ledger().segments().front().used;
    publish(std::string(200, 'x'), {1});
    commit();
  }
  auto& bytes = disk.bytes(name);
  std::fill(bytes.begin() + static_cast<long>(last), bytes.end(), std::uint8_t{0});
  EXPECT_THROW(journal::recover(disk, {.mend = false}), journal::Damaged);
}

TEST_F(DamageTest, DamageNamesTheOffsetAndAllThatIsWholeCanStillBeRead) {
  disk.bytes(name)[used[0] + 40] ^= 1;
  try {
    journal::recover(disk);
    FAIL();
  } catch (const journal::Damaged& damage) {
    EXPECT_NE(std::string(damage.what()).find("offset " + std::to_string(used[0])), std::string::npos) << damage.what();
  }
  int heard = 0;
  const auto rest =
      journal::recover(disk, {.mend = false, .tolerate = true, .damage = [&](const journal::Damaged&) { ++heard; }});
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(rest.messages.size(), 2u);
}

TEST_F(DamageTest, ATornEndIsCutOffOnceAndForAll) {
  disk.bytes(name)[used[1] + 40] ^= 1;
  open();
  EXPECT_EQ(journal->torn().size(), 1u);
  EXPECT_EQ(kept.bodies(), (Bodies{"first", "second"}));
  publish("fourth", {1});
  commit();
  reopen();
  EXPECT_TRUE(journal->torn().empty());
  EXPECT_EQ(kept.bodies(), (Bodies{"first", "second", "fourth"}));
}

}  // namespace
}  // namespace bascule::broker
