// Messages that leave memory and come back: a router on a journal on a simulated disk.
#include <set>

#include "bascule/broker/journal.hpp"
#include "bascule/broker/router.hpp"
#include "simulated_disk.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

struct PagingTest : ::testing::Test, StorageListener {
  PagingTest() { open(); }
  ~PagingTest() override {
    router.reset();
    EXPECT_EQ(Message::in_memory(), before);
  }
  void open() {
    router.reset();
    journal.emplace(disk, JournalOptions{.segment_size = 64U << 10},
                    Clocks{[this] { return now; }, [] { return std::int64_t{0}; }});
    router.emplace(RouterSettings{.memory_pages = 16U << 10, .memory_high = 64U << 10}, *journal);
    journal->recover(*router, now);
    journal->listen(this);
    writer.emplace(disk);
  }
  void durable(Lsn) override {}
  void holders(Lsn lsn, std::vector<Holding>& queues) override { router->holders(lsn, queues); }
  void spoilt(Lsn lsn, const std::string& why) override { router->spoilt(lsn, why); }
  void paged_out() override { ++told_paged_out; }

  Queue& queue(const std::string& address = "q") { return static_cast<Queue&>(*router->open(address, {}).node); }
  void publish(int count, bool durable, std::optional<std::uint32_t> ttl = {}) {
    for (int i = 0; i < count; ++i) {
      const std::string body = std::to_string(next++) + std::string(200, '.');
      ASSERT_EQ(queue().publish(message({.body = body, .durable = durable, .ttl = ttl}, now), now).result,
                Admission::Result::accepted);
    }
  }
  void commit() {
    journal::Commit taken = journal->take();
    const Lsn last = taken.last;
    writer->carry_out(taken);
    journal->committed(last);
    jobs();
  }
  void jobs() {
    while (journal->has_jobs()) {
      for (JournalJob& job : journal->take_jobs()) {
        job.work(disk);
        job.done();
      }
    }
  }
  void relieve() {
    for (int i = 0; i < 3; ++i) {
      router->relieve_memory();
      jobs();
    }
  }
  std::uint64_t in_memory() const { return Message::in_memory() - before; }
  void expect_all(Sink& sink, int count) {
    while (sink.bodies.size() < static_cast<std::size_t>(count) && journal->has_jobs()) jobs();
    ASSERT_EQ(sink.bodies.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) ASSERT_EQ(std::stoi(sink.bodies[static_cast<std::size_t>(i)]), i);
  }
  std::set<std::string> scratch_files() {
    std::set<std::string> found;
    for (const std::string& name : disk.list()) {
      if (name.find("scratch") != std::string::npos) found.insert(name);
    }
    return found;
  }

  int told_paged_out = 0;
  const std::uint64_t before = Message::in_memory();
  Time now = start;
  int next = 0;
  SimulatedDisk disk{1};
  std::optional<Journal> journal;
  std::optional<CommitWriter> writer;
  std::optional<Router> router;
};

TEST_F(PagingTest, WhatIsOnTheDiskLeavesMemoryAndComesBackInOrder) {
  publish(3000, true);
  relieve();
  EXPECT_GT(in_memory(), 3000u * 200) << "what was not flushed cannot be read back";
  commit();
  relieve();
  EXPECT_LT(in_memory(), 48U << 10);
  EXPECT_EQ(queue().size(), 3000u);
  Sink sink(queue(), 10'000);
  sink.messages.clear();
  expect_all(sink, 3000);
}

TEST_F(PagingTest, ABacklogIsDrainedInBoundedMemory) {
  publish(5000, true);
  commit();
  relieve();
  Sink sink(queue(), 1);
  sink.settles = true;
  std::uint64_t most = 0;
  for (int i = 0; i < 20'000 && sink.bodies.size() < 5000; ++i) {
    jobs();
    sink.messages.clear();
    if (sink.credit == 0) sink.flow(1);
    if (i % 100 == 0) relieve();
    most = std::max(most, in_memory());
  }
  expect_all(sink, 5000);
  EXPECT_LT(most, 400U << 10) << "of 1.2 MB: what is read ahead, twice";
  commit();
  commit();
  EXPECT_LE(disk.files(), 3u);
}

TEST_F(PagingTest, AfterARestartNothingIsInMemoryUntilSomebodyWantsIt) {
  publish(1000, true);
  commit();
  disk.restart();
  open();
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(queue().size(), 1000u);
  Sink sink(queue(), 10'000);
  expect_all(sink, 1000);
}

TEST_F(PagingTest, WhatIsInNoJournalGoesToAFileThatGoesWithIt) {
  publish(3000, false);
  relieve();
  EXPECT_LT(in_memory(), 48U << 10);
  EXPECT_FALSE(scratch_files().empty());
  {
    Sink sink(queue(), 10'000);
    sink.settles = true;
    expect_all(sink, 3000);
    EXPECT_FALSE(sink.headers.back().durable);
  }
  jobs();
  EXPECT_TRUE(scratch_files().empty());
  EXPECT_EQ(journal->scratch().messages(), 0u);
  publish(3000, false);
  relieve();
  router->remove(queue());
  jobs();
  EXPECT_TRUE(scratch_files().empty()) << "with its queue";
}

TEST_F(PagingTest, ManySmallOnesGoOutInOneWriteEachQuarterOfAMegabyte) {
  publish(3000, false);
  const int operations = disk.operations;
  router->relieve_memory();
  jobs();
  EXPECT_LT(in_memory(), 48U << 10);
  EXPECT_LE(disk.operations - operations, 5) << "and the file's creation";
  EXPECT_EQ(told_paged_out, 0) << "they were never too many at once";
}

TEST_F(PagingTest, NoMoreThanEightMegabytesAreOnTheirWayOutAndThenItIsSaidThatMoreMayFollow) {
  for (int i = 0; i < 200; ++i) queue().publish(message({.body = std::string(64U << 10, 'x')}), now);
  router->relieve_memory();
  EXPECT_EQ(journal->scratch().messages(), 128u);
  jobs();
  EXPECT_EQ(told_paged_out, 1);
  EXPECT_GT(in_memory(), 70U * (64U << 10));
  router->relieve_memory();
  jobs();
  EXPECT_LT(in_memory(), 128U << 10);
}

TEST_F(PagingTest, WithoutSpaceForItWhatIsInNoJournalStaysInMemory) {
  disk.free_files = 0;
  publish(500, false);
  relieve();
  EXPECT_GT(in_memory(), 500u * 200);
  Sink sink(queue(), 10'000);
  expect_all(sink, 500);
}

TEST_F(PagingTest, WhatExpiresLeavesWhereverItIs) {
  publish(500, true, 1000);
  commit();
  relieve();
  disk.restart();
  open();
  now += std::chrono::seconds(2);
  router->sweep(now);
  EXPECT_EQ(queue().size(), 0u);
  EXPECT_EQ(queue().counters().expired, 500u);
}

TEST_F(PagingTest, TheMemoryWatermarkStopsCreditUntilFourFifths) {
  disk.free_files = 0;  // nothing can leave
  Queue& q = queue();
  publish(150, false);
  router->relieve_memory();
  EXPECT_TRUE(q.has_room());
  publish(150, false);
  router->relieve_memory();
  EXPECT_FALSE(q.has_room());
  EXPECT_TRUE(router->create_dynamic().has_room()) << "replies go on";
  struct Told final : Producer {
    void room_made() override { ++count; }
    void node_deleted() override {}
    int count = 0;
  } producer;
  q.attach(producer);
  Sink sink(q);
  sink.settles = true;
  const auto take = [&sink](int count) {
    for (int i = 0; i < count; ++i) {
      sink.flow(1);
      sink.messages.clear();
    }
  };
  const auto much = static_cast<int>((in_memory() - 58'000) / (in_memory() / 300));
  take(much);
  ASSERT_LT(in_memory(), 64U << 10);
  router->relieve_memory();
  EXPECT_FALSE(q.has_room()) << "less than the watermark, more than four fifths of it";
  take(200 - much);
  router->relieve_memory();
  EXPECT_TRUE(q.has_room());
  EXPECT_EQ(producer.count, 1);
  q.detach(producer);
}

TEST_F(PagingTest, TheDiskWatermarkStopsCreditForWhatMayBeStored) {
  Queue& requests = queue("rpc.shop.Catalog");
  journal->set_disk_low(true);
  EXPECT_FALSE(queue().has_room());
  EXPECT_TRUE(requests.has_room());
  EXPECT_TRUE(router->create_dynamic().has_room());
  journal->set_disk_low(false);
  EXPECT_TRUE(queue().has_room());
}

TEST_F(PagingTest, AMessageThatCannotBeReadBackStopsItsQueueAndNoOther) {
  publish(500, true);
  queue("other").publish(message({.body = "whole", .durable = true}), now);
  commit();
  relieve();
  for (const std::string& name : disk.list()) {
    auto& bytes = disk.bytes(name);
    const std::string_view wanted = "400....";
    const auto at = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
    if (at != bytes.end()) *at ^= 1;
  }
  Sink sink(queue(), 10'000);
  jobs();
  EXPECT_LT(sink.bodies.size(), 401u);
  EXPECT_NE(queue().stopped().find("damaged at offset"), std::string::npos);
  EXPECT_EQ(queue().publish(message("more"), now).result, Admission::Result::stopped);
  Sink others(queue("other"), 1);
  jobs();
  EXPECT_EQ(others.bodies, std::vector<std::string>{"whole"});
}

TEST_F(PagingTest, StragglersThatAreCopiedForwardCanBeReadBack) {
  Queue& old = queue("old");
  for (int i = 0; i < 20; ++i) old.publish(message({.body = "old " + std::to_string(i), .durable = true}), now);
  Sink sink(queue(), 1'000'000);
  sink.settles = true;
  for (int i = 0; i < 400; ++i) {
    publish(20, true);
    sink.messages.clear();
    commit();
    relieve();
  }
  EXPECT_LT(disk.files(), 25u) << "of 36 that were written";
  EXPECT_EQ(journal->log().state().places.size(), 20u);
  Sink late(old, 100);
  jobs();
  ASSERT_EQ(late.bodies.size(), 20u);
  EXPECT_EQ(late.bodies.front(), "old 0");
  for (std::size_t i = 0; i < 20; ++i) late.settle(i);
  commit();
  disk.restart();
  open();
  EXPECT_EQ(queue("old").size(), 0u);
}

TEST_F(PagingTest, WhatIsBeingMovedIsReadBackOnceItHasArrived) {
  const Lsn lsn = queue("old").publish(message({.body = "old", .durable = true}), now).lsn;
  Sink sink(queue(), 1'000'000);
  sink.settles = true;
  for (int i = 0; i < 400 && journal->has(lsn); ++i) {
    publish(20, true);
    sink.messages.clear();
    commit();
  }
  ASSERT_FALSE(journal->has(lsn)) << "its copy is not on the disk yet";
  std::vector<std::string> bodies;
  journal->load({lsn}, [&bodies](std::span<MessageRef> messages, Time) {
    for (const MessageRef& one : messages) bodies.push_back(one ? body_of(*one) : "not there");
  });
  jobs();
  EXPECT_TRUE(bodies.empty());
  commit();
  EXPECT_EQ(bodies, std::vector<std::string>{"old"});
  EXPECT_EQ(queue("old").stopped(), "");
}

TEST_F(PagingTest, WhatWasTakenWhileItWasOnItsWayOutLeavesNothingBehind) {
  publish(500, false);
  router->relieve_memory();
  {
    Sink sink(queue(), 1000);
    sink.settles = true;
  }
  jobs();
  jobs();
  EXPECT_EQ(journal->scratch().messages(), 0u);
  EXPECT_TRUE(scratch_files().empty());
}

TEST_F(PagingTest, WhatIsDamagedInAScratchFileStopsItsQueue) {
  publish(500, false);
  relieve();
  const std::string name = *scratch_files().begin();
  auto& bytes = disk.bytes(name);
  const std::string_view wanted = "400....";
  disk.open(name)->sync();
  *std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) ^= 1;
  Sink sink(queue(), 10'000);
  jobs();
  EXPECT_LT(sink.bodies.size(), 401u);
  EXPECT_NE(queue().stopped().find(name + " is damaged at offset"), std::string::npos) << queue().stopped();
}

TEST_F(PagingTest, ASegmentThatTheDiskRefusesToReadStays) {
  queue("old").publish(message({.body = "old", .durable = true}), now);
  commit();
  const std::string first = disk.list().front();
  disk.unreadable = first;
  Sink sink(queue(), 1'000'000);
  sink.settles = true;
  for (int i = 0; i < 400; ++i) {
    publish(20, true);
    sink.messages.clear();
    commit();
  }
  EXPECT_NE(queue("old").stopped(), "");
  EXPECT_EQ(disk.list().front(), first);
  disk.unreadable.clear();
  EXPECT_EQ(journal::recover(disk, {.mend = false}).spoilt.size(), 0u);
}

struct DamagedStragglersTest : PagingTest {
  DamagedStragglersTest() {
    queue("bad").publish(message({.body = "to be damaged", .durable = true}), now);
    queue("good").publish(message({.body = "whole", .durable = true}), now);
    commit();
    auto& bytes = disk.bytes(disk.list().front());
    const std::string_view wanted = "to be damaged";
    *std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) ^= 1;
  }
  /// 2.5 MB in and out: 36 segments.
  void churn() {
    Sink sink(queue(), 1'000'000);
    sink.settles = true;
    for (int i = 0; i < 400; ++i) {
      publish(20, true);
      sink.messages.clear();
      commit();
    }
    commit();
    relieve();
  }
  void expect_as_it_should_be() {
    EXPECT_NE(queue("bad").stopped().find("damaged"), std::string::npos);
    EXPECT_NE(queue("bad").stopped().find("offset"), std::string::npos);
    EXPECT_EQ(queue("good").stopped(), "");
    Sink sink(queue("good"), 1);
    jobs();
    EXPECT_EQ(sink.bodies, std::vector<std::string>{"whole"});
    if (!sink.positions.empty()) sink.settle(0, {.kind = Outcome::Kind::released});
  }
};

TEST_F(DamagedStragglersTest, ADamagedMessageKeepsNeitherItsSegmentNorThoseBehind) {
  for (const bool found_at_start : {false, true}) {
    if (found_at_start) open();
    const std::string first = disk.list().front();
    churn();
    EXPECT_LT(disk.files(), 25u);
    EXPECT_NE(disk.list().front(), first);
    expect_as_it_should_be();
  }
  disk.restart();
  open();
  expect_as_it_should_be();
  EXPECT_EQ(journal::recover(disk, {.mend = false}).spoilt.size(), 1u);
  router->remove(queue("bad"));
  churn();
  churn();
  EXPECT_TRUE(journal::recover(disk, {.mend = false}).spoilt.empty()) << "it goes with its queue";
}

TEST_F(DamagedStragglersTest, TheFlushThatMovesItIsNotTakenForATornOne) {
  const std::string first = disk.list().front();
  Sink sink(queue(), 1'000'000);
  sink.settles = true;
  for (int i = 0; i < 400 && disk.list().front() == first; ++i) {
    publish(20, true);
    sink.messages.clear();
    commit();
    disk.restart();  // a look at every state in between
    const auto recovered = journal::recover(disk, {.mend = false});
    ASSERT_TRUE(recovered.torn.empty());
    ASSERT_EQ(recovered.spoilt.size(), 1u);
    ASSERT_EQ(recovered.spoilt[0].queues.size(), 1u);
  }
  EXPECT_NE(disk.list().front(), first);
}

struct BodiesTest : PagingTest {
  void SetUp() override {
    const auto file = journal->new_body();
    for (std::size_t at = 0; at < tail.size(); ++at) tail[at] = static_cast<std::uint8_t>(at * 7);
    for (std::size_t at = 0; at < tail.size(); at += 10'000) {
      file->append(Bytes(tail).subspan(at, std::min<std::size_t>(10'000, tail.size() - at)));
    }
    file->finish(true, [this](SideBody* body) {
      const MessageRef large = message({.body = "front", .durable = true});
      large->set_tail(body);
      queue().publish(large, now);
    });
    jobs();
    commit();
    name = body_files().front();
  }
  std::vector<std::string> body_files() {
    auto names = disk.list();
    std::erase_if(names, [](const std::string& one) { return !journal::is_side_file_name(one); });
    return names;
  }
  /// All of the body; what is wrong with it.
  std::string read(std::vector<std::uint8_t>& into) {
    Sink sink(queue(), 1);
    jobs();
    std::string wrong;
    for (std::uint64_t block = 0; block * body_block < tail.size(); ++block) {
      journal->read_body(*sink.messages.at(0)->tail(), block, 1, [&](Bytes bytes, const std::string& why) {
        into.insert(into.end(), bytes.begin(), bytes.end());
        wrong += why;
      });
      jobs();
    }
    sink.settle(0, {.kind = Outcome::Kind::released});
    return wrong;
  }
  std::vector<std::uint8_t> tail = std::vector<std::uint8_t>(150'000);
  std::string name;
};

TEST_F(BodiesTest, ALargeBodyIsInAFileUntilItsMessageIsSettled) {
  for (const bool restarted : {false, true}) {
    if (restarted) {
      disk.restart();
      open();
    }
    std::vector<std::uint8_t> found;
    EXPECT_EQ(read(found), "");
    EXPECT_EQ(found, tail);
  }
  Sink sink(queue(), 1);
  jobs();
  sink.settle(0);
  sink.messages.clear();
  commit();
  jobs();
  EXPECT_TRUE(body_files().empty());
}

TEST_F(BodiesTest, AnyFlippedByteOfItIsNoticedByFileAndOffset) {
  const auto good = disk.bytes(name);
  std::mt19937 random(3);
  for (int i = 0; i < 60; ++i) {
    const std::size_t at = i < 8 ? static_cast<std::size_t>(i) : random() % good.size();
    disk.bytes(name) = good;
    disk.bytes(name)[at] ^= 0x10;
    std::vector<std::uint8_t> found;
    EXPECT_NE(read(found).find("/simulated/" + name + " is damaged at offset"), std::string::npos) << at;
  }
  disk.bytes(name) = good;
}

TEST_F(BodiesTest, ATruncatedOrMissingOneStopsItsQueue) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, disk.bytes(name).size() - 1}) {
    disk.bytes(name).resize(size);
    open();
    EXPECT_NE(queue().stopped().find(name), std::string::npos) << size;
  }
  disk.remove(name);
  open();
  EXPECT_NE(queue().stopped().find("missing"), std::string::npos);
}

TEST_F(BodiesTest, WhatWasNeverPublishedGoes) {
  {
    const auto file = journal->new_body();
    file->append(tail);
    file->append(tail);
    jobs();
    EXPECT_EQ(body_files().size(), 2u);
  }
  jobs();
  EXPECT_EQ(body_files().size(), 1u) << "given up while it came";
  const auto file = journal->new_body();
  file->append(tail);
  file->append(tail);
  jobs();
  disk.restart();
  open();
  EXPECT_EQ(body_files(), std::vector<std::string>{name}) << "left by a crash";
}

TEST_F(BodiesTest, TheFileIsSharedByTheDeadLetter) {
  Sink sink(queue(), 1);
  jobs();
  sink.settle(0, {.kind = Outcome::Kind::rejected});
  commit();
  disk.restart();
  open();
  ASSERT_EQ(body_files().size(), 1u);
  Sink letters(queue("dlq.q"), 1);
  jobs();
  ASSERT_NE(letters.messages.at(0)->tail(), nullptr);
  EXPECT_EQ(letters.messages[0]->tail()->size(), tail.size());
  letters.settle(0);
  letters.messages.clear();
  commit();
  EXPECT_TRUE(body_files().empty());
}

TEST_F(BodiesTest, WhoStillReadsItCanReadItToItsEndThoughAnotherSettledIt) {
  Sink browser(queue(), 1, {.browses = true});
  jobs();
  MessageRef reading = browser.messages.at(0);
  browser.messages.clear();
  Sink taker(queue(), 1);
  jobs();
  taker.settle(0);
  taker.messages.clear();
  commit();
  commit();
  std::string found;
  journal->read_body(*reading->tail(), 1, 1, [&found](Bytes bytes, const std::string& why) {
    EXPECT_EQ(why, "");
    found = as_text(bytes);
  });
  jobs();
  EXPECT_EQ(found, as_text(Bytes(tail).subspan(body_block, body_block)));
  EXPECT_FALSE(journal->dirty()) << "nothing to do until then";
  reading = {};
  EXPECT_EQ(body_files().size(), 1u) << "the settlement is flushed first";
  commit();
  EXPECT_TRUE(body_files().empty());
}

struct VolatileBodiesTest : BodiesTest {
  void SetUp() override {
    for (int i = 0; i < 20; ++i) {
      const auto file = journal->new_body();
      file->append(tail);
      file->finish(false, [&](SideBody* body) {
        const MessageRef large = message({.body = std::to_string(i) + std::string(50'000, '.'), .durable = i == 7});
        large->set_tail(body);
        queue().enqueue(large, 0, now);
      });
      jobs();
    }
  }
};

TEST_F(VolatileBodiesTest, WhatIsInMemoryOfALargeMessageLeavesItTooAndComesBackWithTheRest) {
  relieve();
  EXPECT_LT(in_memory(), 100'000u) << "of a million bytes";
  EXPECT_EQ(body_files().size(), 20u);
  EXPECT_GT(journal->scratch().messages(), 17u);
  {
    Sink sink(queue(), 100);
    expect_all(sink, 20);
    for (std::size_t i = 0; i < 20; ++i) {
      ASSERT_NE(sink.messages[i]->tail(), nullptr);
      EXPECT_EQ(sink.messages[i]->tail()->size(), tail.size());
      EXPECT_EQ(sink.headers[i].durable, i == 7) << "as it was sent, though its queue is not";
      sink.settle(i);
    }
    EXPECT_EQ(body_files().size(), 20u) << "they may still be sent";
  }
  jobs();
  EXPECT_TRUE(body_files().empty());
  EXPECT_TRUE(scratch_files().empty());
}

TEST_F(VolatileBodiesTest, TheFilesOfBothGoWithTheirQueue) {
  relieve();
  router->remove(queue());
  jobs();
  EXPECT_TRUE(body_files().empty());
  EXPECT_TRUE(scratch_files().empty());
}

TEST_F(BodiesTest, AFullDiskSaysSo) {
  disk.free_files = 0;
  bool failed = false;
  const auto file = journal->new_body();
  file->append(tail);
  file->finish(true, [&failed](SideBody* body) { failed = body == nullptr; });
  jobs();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace bascule::broker
