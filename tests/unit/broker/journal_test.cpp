#include <set>

#include "journal_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

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
  journal->update(lsn, {.queue = q, .delivery_count = 3});
  commit();
  wall += 20'000;
  reopen();
  ASSERT_EQ(kept.messages.size(), 1u);
  EXPECT_EQ(kept.messages[0].queues.at("q"), 3u);
  EXPECT_EQ(kept.messages[0].expires, at_ms(40'000));
}

TEST_F(JournalTest, KeysAreKeptUntilTheyRunOutWhateverSegmentTheyWereIn) {
  const QueueId q = journal->declare("q", "");
  const auto key = [this, q](std::string_view text, int until) {
    journal->remember(q, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, at_ms(until));
  };
  key("short", 1'000);
  key("long", 600'000);
  for (int i = 0; i < 500; ++i) {
    journal->settle(q, publish(std::string(200, 'x'), {q}));
    if (i == 250) wall += 2'000;
    if (i % 10 == 0) commit();
  }
  commit();
  EXPECT_LE(disk.files(), 3u);
  EXPECT_EQ(journal->log().state().keys.size(), 1u) << "the other's time is over";
  reopen();
  EXPECT_EQ(kept.keys, (Bodies{"q long 598000"}));
}

TEST_F(JournalTest, WhatIsBetweenBeginAndEndIsKeptWholeOrNotAtAll) {
  const QueueId q = journal->declare("q", "");
  const Lsn old = publish("old", {q});
  commit();
  // More than a segment holds, so that it takes several batches.
  journal->begin();
  for (int i = 0; i < 40; ++i) publish(std::string(200, 'x'), {q});
  journal->settle(q, old);
  journal->end();
  journal::Commit whole = journal->take();
  ASSERT_GE(whole.writes.size(), 3u);
  whole.writes.pop_back();  // the power went before the last part
  whole.removals.clear();
  writer->carry_out(whole);
  reopen();
  EXPECT_EQ(kept.bodies(), Bodies{"old"});
  EXPECT_EQ(journal->torn().size(), 1u);
  publish("next", {q});
  commit();
  reopen();
  EXPECT_EQ(kept.bodies(), (Bodies{"old", "next"}));
}

TEST_F(JournalTest, NotesAndDelaysOfAQueueComeBackWithItsMessage) {
  const QueueId q = journal->declare("q", "");
  const Lsn lsn = publish("a", {q});
  const std::vector<std::uint8_t> notes{1, 2, 3};
  journal->update(lsn, {.queue = q, .delivery_count = 2, .due = at_ms(5'000), .notes = notes});
  commit();
  struct Notes final : Recovery {
    void restore_queue(QueueId, const std::string&, const std::string&) override {}
    void restore_message(const StoredMessage&, std::span<const Holding> to, Time) override {
      EXPECT_EQ(to[0].delivery_count, 2u);
      EXPECT_EQ(to[0].due, at_ms(5'000));
      EXPECT_EQ(std::vector<std::uint8_t>(to[0].notes.begin(), to[0].notes.end()),
                (std::vector<std::uint8_t>{1, 2, 3}));
      ++seen;
    }
    int seen = 0;
  } into;
  disk.restart();
  Journal again(disk, {}, clocks);
  again.recover(into, start);
  EXPECT_EQ(into.seen, 1);
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

// A router-less listener that keeps one queue's messages.
struct Holder final : StorageListener {
  void durable(Lsn) override {}
  void holders(Lsn lsn, std::vector<Holding>& queues) override {
    if (!live.contains(lsn)) return queues.clear();
    for (Holding& one : queues) one.delivery_count = 7;
  }
  std::set<Lsn> live;
};

TEST_F(JournalTest, OldMessagesAreCopiedForwardSoThatOneDoesNotKeepTheJournalAlive) {
  const QueueId q = journal->declare("q", "");
  Holder holder;
  journal->listen(&holder);
  const Lsn ancient = *holder.live.insert(publish("ancient", {q})).first;
  holder.live.insert(publish("old", {q}));
  for (int i = 0; i < 2000; ++i) {
    journal->settle(q, publish(std::string(200, 'x'), {q}));
    if (i % 10 == 0) commit();
  }
  commit();
  commit();
  EXPECT_LE(disk.files(), 12u) << "of 110 that were written";
  holder.live.insert(publish("new", {q}));
  commit();
  EXPECT_EQ(body_of(*read(ancient)), "ancient") << "its name is for life";
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
  int bodies = 0;
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
    if (recovered->spoilt.size() == 1) {  // a message's body, and nothing else
      EXPECT_NE(recovered->spoilt[0].why.find("/simulated/" + name), std::string::npos);
      EXPECT_EQ(recovered->spoilt[0].queues, std::vector<QueueId>{1});
      ++bodies;
      continue;
    }
    // Only what nothing follows can pass for a flush that never ended, and then it is reported.
    ASSERT_GE(at, used[1]) << "a flip at " << at << " was not noticed";
    ASSERT_EQ(recovered->torn.size(), 1u) << at;
    ASSERT_EQ(recovered->messages.size(), 2u) << at;
  }
  EXPECT_GT(bodies, 50) << "of the two messages that a good batch follows";
}

TEST_F(DamageTest, BehindAMarkEvenTheLastFlushIsTold) {
  journal->idle();
  commit();
  const auto good = disk.bytes(name);
  for (std::uint64_t at = 0; at < used.back(); ++at) {
    disk.bytes(name) = good;
    disk.bytes(name)[at] ^= 0x10;
    try {
      EXPECT_EQ(journal::recover(disk, {.mend = false}).spoilt.size(), 1u) << at;
    } catch (const journal::Damaged&) {
    }
  }
}

TEST_F(DamageTest, ADamagedBodyStopsItsQueuesAndNoOther) {
  const QueueId other = journal->declare("other", "");
  publish("good", {other});
  const std::uint64_t from = used.back();
  publish("damaged", {1});
  commit();
  journal->idle();
  commit();
  auto& bytes = disk.bytes(name);
  const auto at = std::search(bytes.begin() + static_cast<long>(from), bytes.end(), "damaged", "damaged" + 7);
  *at ^= 1;
  open();
  ASSERT_EQ(kept.stopped.size(), 1u);
  EXPECT_NE(kept.stopped.at("q").find("offset"), std::string::npos);
  EXPECT_EQ(kept.bodies().back(), "") << "it cannot be read back";
  EXPECT_EQ(kept.bodies()[3], "good");
}

TEST_F(DamageTest, DamageInASettledMessageHarmsNobody) {
  const Lsn lsn = publish("damaged", {1});
  commit();
  journal->settle(1, lsn);
  commit();
  journal->idle();
  commit();
  auto& bytes = disk.bytes(name);
  *std::search(bytes.begin(), bytes.end(), "damaged", "damaged" + 7) ^= 1;
  open();
  EXPECT_TRUE(kept.stopped.empty());
  ASSERT_EQ(journal->spoilt().size(), 1u) << "but it is noticed";
  EXPECT_EQ(kept.bodies(), (Bodies{"first", "second", "third"}));
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
  const std::string gone = disk.list()[1];
  disk.remove(gone);
  try {
    journal::recover(disk, {.mend = false});
    FAIL();
  } catch (const journal::Damaged& damage) {
    EXPECT_NE(std::string(damage.what()).find(gone + ", is missing"), std::string::npos) << damage.what();
  }
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
