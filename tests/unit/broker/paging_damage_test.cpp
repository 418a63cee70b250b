// What cannot be read back stops its queue, and no other; where it goes when its segment does.
#include "paging_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

TEST_F(PagingTest, AMessageThatCannotBeReadBackStopsItsQueueAndNoOther) {
  publish(500, true);
  queue("other").publish(message({.body = "whole", .durable = true}), now);
  commit();
  relieve();
  damage("400....");
  Sink sink(queue(), 10'000);
  jobs();
  EXPECT_LT(sink.bodies.size(), 401u);
  EXPECT_NE(queue().stopped().find("damaged at offset"), std::string::npos);
  EXPECT_EQ(queue().publish(message("more"), now).result, Admission::Result::stopped);
  Sink others(queue("other"), 1);
  jobs();
  EXPECT_EQ(others.bodies, std::vector<std::string>{"whole"});
}

TEST_F(PagingTest, WhatIsDamagedInAScratchFileStopsItsQueue) {
  publish(500, false);
  relieve();
  const std::string name = *scratch_files().begin();
  disk.open(name)->sync();
  damage("400....");
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
  churn();
  EXPECT_NE(queue("old").stopped(), "");
  EXPECT_EQ(disk.list().front(), first);
  EXPECT_THROW(journal::recover(disk, {.mend = false, .tolerate = true}), DiskError) << "a tool cannot pass over it";
  disk.unreadable.clear();
  EXPECT_EQ(journal::recover(disk, {.mend = false}).spoilt.size(), 0u);
}

struct DamagedStragglersTest : PagingTest {
  DamagedStragglersTest() {
    queue("bad").publish(message({.body = "to be damaged", .durable = true}), now);
    queue("good").publish(message({.body = "whole", .durable = true}), now);
    commit();
    damage("to be damaged");
  }
  void churn() {
    PagingTest::churn();
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

}  // namespace
}  // namespace bascule::broker
