// What nobody reads is copied forward, so that it does not keep the journal alive.
#include "paging_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

TEST_F(PagingTest, StragglersThatAreCopiedForwardCanBeReadBack) {
  Queue& old = queue("old");
  for (int i = 0; i < 20; ++i) old.publish(message({.body = "old " + std::to_string(i), .durable = true}), now);
  churn([this] {
    relieve();
    return false;
  });
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
  churn([&] { return !journal->has(lsn); });
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

}  // namespace
}  // namespace bascule::broker
