#include "bascule/broker/dedup.hpp"

#include "queue_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

using Dedup = QueueTest;

constexpr QueueSettings remembering{.dedup = {.window = std::chrono::milliseconds(1000), .most = 3}};

TEST_F(Dedup, ARepeatedMessageIdIsAcceptedAndNotEnqueued) {
  make(remembering);
  EXPECT_EQ(send({.body = "a", .durable = true, .message_id = "1"}).lsn, 1u);
  const Admission again = send({.body = "a again", .durable = true, .message_id = "1"});
  EXPECT_EQ(again.result, Admission::Result::accepted);
  EXPECT_EQ(again.lsn, 1u) << "accepted when the first is durable, not before";
  send({.body = "b", .message_id = "2"});
  Sink sink(*queue, 10);
  EXPECT_EQ(sink.bodies, (Bodies{"a", "b"}));
  EXPECT_EQ(queue->counters().duplicates, 1u);
}

TEST_F(Dedup, WithoutAWindowTheMessageIdIsNotLookedAt) {
  make();
  send({.message_id = "1"});
  send({.message_id = "1"});
  EXPECT_EQ(queue->available(), 2u);
}

TEST_F(Dedup, TheDuplicateIdPropertyNeedsNoSetting) {
  make();
  send({.duplicate_id = "x"});
  send({.duplicate_id = "x"});
  send({.duplicate_id = "y"});
  EXPECT_EQ(queue->available(), 2u);
  EXPECT_EQ(queue->counters().duplicates, 1u);
}

TEST_F(Dedup, TheTwoKindsOfIdentifiersAreApart) {
  make(remembering);
  send({.message_id = "x"});
  send({.duplicate_id = "x"});
  EXPECT_EQ(queue->available(), 2u);
}

TEST_F(Dedup, WithoutAnIdentifierNothingIsRemembered) {
  make(remembering);
  publish("a");
  publish("a");
  EXPECT_EQ(queue->available(), 2u);
}

TEST_F(Dedup, TheWindowEndsByTime) {
  make(remembering);
  send({.message_id = "1"}, at_ms(0));
  send({.message_id = "1"}, at_ms(999));
  EXPECT_EQ(queue->available(), 1u);
  send({.message_id = "1"}, at_ms(1000));
  EXPECT_EQ(queue->available(), 2u);
}

TEST_F(Dedup, TheWindowEndsByCount) {
  make(remembering);
  for (const char* id : {"1", "2", "3", "4"}) send({.message_id = id});
  send({.message_id = "2"});
  EXPECT_EQ(queue->available(), 4u);
  send({.message_id = "1"});
  EXPECT_EQ(queue->available(), 5u);
}

TEST_F(Dedup, WhatWasRefusedIsNotRemembered) {
  make({.max_messages = 1, .overflow = Overflow::reject, .dedup = remembering.dedup});
  Sink sink(*queue);
  publish("fills it");
  EXPECT_EQ(send({.body = "a", .message_id = "1"}).result, Admission::Result::full);
  sink.flow(1);
  sink.settle(0);
  EXPECT_EQ(send({.body = "a", .message_id = "1"}).result, Admission::Result::accepted);
  EXPECT_EQ(queue->available(), 1u);
}

TEST_F(Dedup, AnEndlessIdentifierIsNotRemembered) {
  make(remembering);
  send({.message_id = std::string(2000, 'x')});
  send({.message_id = std::string(2000, 'x')});
  EXPECT_EQ(queue->available(), 2u);
}

TEST_F(Dedup, MaxAgeBoundsTheTimeToLive) {
  make({.max_age = std::chrono::milliseconds(500)});
  publish("a");
  send({.body = "b", .ttl = 100});
  send({.body = "c", .ttl = 10'000});
  queue->sweep(at_ms(200));
  EXPECT_EQ(queue->available(), 2u);
  queue->sweep(at_ms(600));
  EXPECT_EQ(queue->available(), 0u);
}

}  // namespace
}  // namespace bascule::broker
