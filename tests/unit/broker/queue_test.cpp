#include "bascule/broker/queue.hpp"

#include <array>
#include <cstdlib>
#include <map>

#include "queue_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
TEST_F(QueueTest, CompetingConsumersGetMessagesInTurnAsFarAsTheirCreditGoes) {
  make();
  Sink one(*queue, 2), two(*queue, 5);
  for (const char* body : {"a", "b", "c", "d", "e", "f", "g", "h"}) publish(body);
  EXPECT_EQ(one.bodies, (Bodies{"a", "c"}));
  EXPECT_EQ(two.bodies, (Bodies{"b", "d", "e", "f", "g"}));
  EXPECT_EQ(queue->available(), 1u);
  EXPECT_EQ(queue->acquired(), 7u);
  one.flow(1);
  EXPECT_EQ(one.bodies.back(), "h");
}

TEST_F(QueueTest, AcceptedIsGone) {
  make();
  Sink sink(*queue, 1);
  publish("a");
  sink.settle(0);
  EXPECT_EQ(queue->acquired() + queue->available(), 0u);
  EXPECT_EQ(queue->bytes(), 0u);
  sink.settle(0);  // again: ignored
  EXPECT_EQ(queue->counters().accepted, 1u);
}

TEST_F(QueueTest, ReleasedComesBackInItsPlaceUncountedAndNotFirstAcquired) {
  make();
  Sink sink(*queue, 2);
  for (const char* body : {"a", "b", "c"}) publish(body);
  EXPECT_TRUE(sink.headers[0].first_acquirer);
  sink.settle(1, {.kind = Outcome::Kind::released});
  sink.settle(0, {.kind = Outcome::Kind::released});
  sink.flow(3);
  EXPECT_EQ(sink.bodies, (Bodies{"a", "b", "a", "b", "c"}));
  EXPECT_EQ(sink.headers[2].delivery_count, 0u);
  EXPECT_FALSE(sink.headers[2].first_acquirer);
  EXPECT_TRUE(sink.headers[4].first_acquirer);
}

TEST_F(QueueTest, ModifiedWithDeliveryFailedCountsAndEndsAtTheBound) {
  make({.max_deliveries = 3});
  Sink sink(*queue, 10);
  publish("a");
  for (std::size_t attempt = 0; attempt < 3; ++attempt) {
    ASSERT_EQ(sink.headers.size(), attempt + 1);
    EXPECT_EQ(sink.headers[attempt].delivery_count, attempt);
    sink.settle(attempt, {.kind = Outcome::Kind::modified, .delivery_failed = true});
  }
  EXPECT_EQ(sink.headers.size(), 3u);
  EXPECT_EQ(events.all, (std::vector<Events::Discarded>{{"a", Discard::undeliverable, 3}}));
  EXPECT_EQ(queue->bytes(), 0u);
}

TEST_F(QueueTest, RejectedIsDiscardedWithItsReason) {
  make();
  Sink sink(*queue, 1);
  publish("bad");
  sink.settle(0, {.kind = Outcome::Kind::rejected, .condition = "app:poison"});
  EXPECT_EQ(events.all, (std::vector<Events::Discarded>{{"bad", Discard::rejected, 0}}));
}

TEST_F(QueueTest, LostCountsAsAnAttemptAndGoesToTheTwin) {
  make();
  auto dying = std::make_unique<Sink>(*queue, 2);
  publish("a");
  publish("b");
  Sink twin(*queue, 10);
  const auto held = dying->positions;
  dying.reset();
  for (const Position at : held) queue->lose(at, start);
  EXPECT_EQ(twin.bodies, (Bodies{"a", "b"}));
  EXPECT_EQ(twin.headers[0].delivery_count, 1u);
  EXPECT_TRUE(events.answered.empty()) << "only an rpc queue answers";
}

TEST_F(QueueTest, LostRequestIsAnsweredOrElseRedelivered) {
  make({.rpc = true});
  Sink sink(*queue, 1);
  publish("once");
  queue->lose(sink.positions[0], start);
  EXPECT_EQ(events.answered, (Bodies{"once"}));
  EXPECT_EQ(queue->available() + queue->acquired(), 0u);
  events.can_answer = false;
  sink.flow(1);
  publish("again");
  queue->lose(sink.positions[1], start);
  EXPECT_EQ(queue->available(), 1u);
}

TEST_F(QueueTest, ExpiredIsNeverHandedOutAndLeavesFromTheMiddleByTime) {
  make();
  publish("stays");
  queue->publish(message({.body = "short", .ttl = 100}), start);
  publish("stays too");
  EXPECT_TRUE(queue->has_timed());
  queue->sweep(at_ms(90));
  EXPECT_EQ(queue->available(), 3u);
  queue->sweep(at_ms(300));
  EXPECT_EQ(queue->available(), 2u);
  EXPECT_EQ(events.all, (std::vector<Events::Discarded>{{"short", Discard::expired, 0}}));

  queue->publish(message({.body = "late", .ttl = 100}), start);
  Sink sink(*queue);
  sink.flow(10, at_ms(101));  // before any sweep
  EXPECT_EQ(sink.bodies, (Bodies{"stays", "stays too"}));
}

TEST_F(QueueTest, TimeLeftIsWhatTheReceiverSees) {
  make();
  queue->publish(message({.body = "a", .ttl = 1000}), start);
  Sink sink(*queue);
  sink.flow(1, at_ms(250));
  EXPECT_EQ(sink.headers[0].ttl, 750u);
}

TEST_F(QueueTest, HandedOutAndReleasedStillExpires) {
  make();
  Sink sink(*queue, 1);
  queue->publish(message({.body = "a", .ttl = 100}), start);
  EXPECT_FALSE(queue->has_timed()) << "what is handed out at once costs no index";
  sink.settle(0, {.kind = Outcome::Kind::released}, at_ms(50));
  queue->sweep(at_ms(300));
  EXPECT_EQ(queue->available(), 0u);
}

TEST_F(QueueTest, ExpiryIndexStaysProportionalToWhatIsQueued) {
  make();
  for (int i = 0; i < 20'000; ++i) {
    queue->publish(message({.body = "a", .ttl = 60'000}), start);
    Sink sink(*queue, 1);
    sink.settle(0);
  }
  queue->publish(message({.body = "a", .ttl = 60'000}), start);
  queue->sweep(at_ms(61'000));
  EXPECT_EQ(queue->counters().expired, 1u);
}

TEST_F(QueueTest, BoundRejects) {
  make({.max_messages = 2, .overflow = Overflow::reject});
  EXPECT_EQ(publish("a").result, Admission::Result::accepted);
  EXPECT_EQ(publish("b").result, Admission::Result::accepted);
  EXPECT_EQ(publish("c").result, Admission::Result::full);
  EXPECT_TRUE(queue->has_room());
  EXPECT_EQ(queue->counters().refused, 1u);
}

TEST_F(QueueTest, BoundInBytesRejects) {
  make({.max_bytes = 2000, .overflow = Overflow::reject});
  EXPECT_EQ(publish(std::string(1500, 'x')).result, Admission::Result::accepted);
  EXPECT_EQ(publish(std::string(1500, 'x')).result, Admission::Result::full);
}

TEST_F(QueueTest, BoundDropsTheOldestThatNobodyHolds) {
  make({.max_messages = 2, .overflow = Overflow::drop_head});
  Sink sink(*queue, 1);
  for (const char* body : {"held", "old", "new"}) EXPECT_EQ(publish(body).result, Admission::Result::accepted);
  EXPECT_EQ(events.all, (std::vector<Events::Discarded>{{"old", Discard::dropped, 0}}));
  sink.flow(1);
  EXPECT_EQ(sink.bodies, (Bodies{"held", "new"}));
  EXPECT_EQ(publish("no room").result, Admission::Result::full) << "everything is held";
}

struct Watcher final : Producer {
  void room_made() override { ++told; }
  void node_deleted() override { deleted = true; }
  int told = 0;
  bool deleted = false;
};

TEST_F(QueueTest, BoundBlocksProducersAndWakesThemOnceThereIsRoomForABatch) {
  make({.max_messages = 4, .overflow = Overflow::block});
  Watcher producer;
  queue->attach(producer);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(publish("x").result, Admission::Result::accepted) << "already on its way";
  EXPECT_FALSE(queue->has_room());
  EXPECT_EQ(publish("x").result, Admission::Result::full) << "the hard bound is twice the soft one";
  Sink sink(*queue, 8);
  for (std::size_t i = 0; i < 4; ++i) sink.settle(i);
  EXPECT_EQ(producer.told, 0);
  sink.settle(4);
  EXPECT_EQ(producer.told, 1);
  EXPECT_TRUE(queue->has_room());
  queue.reset();
  EXPECT_TRUE(producer.deleted);
}

TEST_F(QueueTest, DurableGoesToTheStorageAndIsSettledThere) {
  make();
  Sink sink(*queue, 10);
  EXPECT_EQ(publish("volatile").lsn, 0u);
  EXPECT_EQ(queue->publish(message({.body = "kept", .durable = true}), start).lsn, 1u);
  sink.settle(1, {.kind = Outcome::Kind::modified, .delivery_failed = true});
  sink.settle(2);
  EXPECT_EQ(storage.log, (Bodies{"declare q", "publish kept to 1", "count 1 1 1", "settle 1 1"}));
}

TEST_F(QueueTest, PurgeTakesWhatNobodyHolds) {
  make();
  Sink sink(*queue, 1);
  for (const char* body : {"a", "b", "c"}) publish(body);
  EXPECT_EQ(queue->purge(start), 2u);
  EXPECT_EQ(queue->acquired(), 1u);
}

TEST_F(QueueTest, SettlingInsideDeliverIsFine) {
  make();
  Sink sink(*queue);
  sink.settles = true;
  for (int i = 0; i < 1000; ++i) publish("x");
  sink.flow(2000);
  EXPECT_EQ(sink.bodies.size(), 1000u);
  EXPECT_EQ(queue->counters().accepted, 1000u);
  EXPECT_EQ(queue->bytes(), 0u);
}

TEST_F(QueueTest, ScheduledIsHandedOutWhenItIsDueAndNotBefore) {
  make();
  Sink sink(*queue, 10);
  const MessageRef later = message("later");
  later->set_due(at_ms(500));
  queue->publish(later, start);
  publish("now");
  EXPECT_EQ(sink.bodies, (Bodies{"now"}));
  EXPECT_EQ(queue->scheduled(), 1u);
  queue->sweep(at_ms(490));
  EXPECT_EQ(sink.bodies.size(), 1u);
  queue->sweep(at_ms(600));
  EXPECT_EQ(sink.bodies, (Bodies{"now", "later"}));
  EXPECT_EQ(queue->scheduled(), 0u);
}

MessageRef of_group(const std::string& group, const std::string& body) {
  return message({.body = body, .group_id = group});
}

TEST_F(QueueTest, OneConsumerAtATimeHasAGroupAndItsOrderHolds) {
  make();
  Sink one(*queue, 1), two(*queue, 10);
  for (const char* body : {"a1", "a2", "a3"}) queue->publish(of_group("a", body), start);
  queue->publish(of_group("b", "b1"), start);
  EXPECT_EQ(one.bodies, (Bodies{"a1"}));
  EXPECT_EQ(two.bodies, (Bodies{"b1"})) << "a2 waits for a1, and nobody waits for it";
  one.settle(0);
  EXPECT_EQ(two.bodies, (Bodies{"b1", "a2", "a3"}));
  one.flow(5);
  queue->publish(of_group("a", "a4"), start);
  EXPECT_EQ(two.bodies.back(), "a4") << "while two holds some of the group, it gets all of it";
}

TEST_F(QueueTest, WhoIsAtWorkOnAGroupGetsMoreOfItBeforeItSettles) {
  make();
  Sink one(*queue, 10), two(*queue, 10);
  for (const char* body : {"a1", "a2", "a3", "b1", "b2", "a4"}) queue->publish(of_group({body, 1}, body), start);
  EXPECT_EQ(one.bodies, (Bodies{"a1", "a2", "a3", "a4"}));
  EXPECT_EQ(two.bodies, (Bodies{"b1", "b2"}));
}

TEST_F(QueueTest, ABacklogOfAGroupGoesToWhoIsAtWorkOnIt) {
  make();
  for (const char* body : {"a1", "a2", "a3", "b1", "b2", "a4"}) queue->publish(of_group({body, 1}, body), start);
  Sink one(*queue, 1), two(*queue, 10);
  EXPECT_EQ(one.bodies, (Bodies{"a1"}));
  EXPECT_EQ(two.bodies, (Bodies{"b1", "b2"}));
  one.flow(2);
  EXPECT_EQ(one.bodies, (Bodies{"a1", "a2", "a3"})) << "as soon as it has credit again";
  one.flow(2);
  EXPECT_EQ(one.bodies, (Bodies{"a1", "a2", "a3", "a4"}));
  for (std::size_t i = 0; i < 4; ++i) one.settle(i);
  queue->publish(of_group("a", "a5"), start);
  EXPECT_EQ(one.bodies.size() + two.bodies.size(), 7u);
}

TEST_F(QueueTest, AReturnedMessageOfAGroupComesBeforeTheRestOfIt) {
  make();
  Sink one(*queue, 1);
  for (const char* body : {"a1", "a2", "a3"}) queue->publish(of_group("a", body), start);
  Sink two(*queue, 10);
  EXPECT_TRUE(two.bodies.empty());
  one.settle(0, {.kind = Outcome::Kind::released});
  EXPECT_EQ(two.bodies, (Bodies{"a1", "a2", "a3"}));
}

TEST_F(QueueTest, ADyingConsumerFreesItsGroups) {
  make();
  auto dying = std::make_unique<Sink>(*queue, 2);
  for (const char* body : {"a1", "a2", "a3"}) queue->publish(of_group("a", body), start);
  Sink twin(*queue, 10);
  EXPECT_TRUE(twin.bodies.empty());
  const auto held = dying->positions;
  dying.reset();
  for (const Position at : held) queue->lose(at, start);
  EXPECT_EQ(twin.bodies, (Bodies{"a1", "a2", "a3"}));
}

}  // namespace
}  // namespace bascule::broker
