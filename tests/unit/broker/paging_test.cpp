// Messages that leave memory and come back.
#include "paging_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

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

}  // namespace
}  // namespace bascule::broker
