// What receivers decide: undeliverable-here, annotations of modified, errors kept, rest after a failed attempt.
#include "queue_fixture.hpp"

#include "bascule/broker/properties.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

using QueueOutcome = QueueTest;

TEST_F(QueueOutcome, UndeliverableHereGoesToAnyOtherConsumerOnly) {
  make();
  Sink one(*queue, 10), two(*queue);
  publish("a");
  one.settle(0, not_here);
  publish("b");
  EXPECT_EQ(one.bodies, (Bodies{"a", "b"}));
  two.flow(10);
  EXPECT_EQ(two.bodies, (Bodies{"a"}));
  two.settle(0);
  EXPECT_EQ(queue->available(), 0u);
}

TEST_F(QueueOutcome, WhatEveryConsumerRefusedIsDiscarded) {
  make();
  Sink one(*queue, 10), two(*queue, 10), browser(*queue, 0, {.browses = true});
  publish("a");
  one.settle(0, not_here);
  ASSERT_EQ(two.bodies, (Bodies{"a"}));
  two.settle(0, {.kind = Outcome::Kind::modified, .delivery_failed = true, .undeliverable_here = true});
  EXPECT_EQ(events.all, (std::vector<Events::Discarded>{{"a", Discard::refused, 1}}));
  EXPECT_EQ(queue->size(), 0u);
}

TEST_F(QueueOutcome, ARefusedMessageWithoutDeadLettersWaitsForSomebodyElse) {
  make({.dead_letters = false});
  Sink one(*queue, 10);
  publish("a");
  one.settle(0, not_here);
  EXPECT_EQ(queue->available(), 1u);
  EXPECT_EQ(one.bodies.size(), 1u);
  Sink later(*queue, 1);
  EXPECT_EQ(later.bodies, (Bodies{"a"}));
}

TEST_F(QueueOutcome, ARefusedMessageKeepsItsPlaceForTheOthers) {
  make();
  Sink one(*queue, 2), two(*queue);
  for (const char* body : {"a", "b", "c"}) publish(body);
  one.settle(0, not_here);
  one.settle(1, released);
  two.flow(3);
  EXPECT_EQ(two.bodies, (Bodies{"a", "b", "c"}));
}

TEST_F(QueueOutcome, ManyRefusedMessagesCostTheRestNothing) {
  make();
  Sink refusing(*queue, 50'000), other(*queue);
  for (int i = 0; i < 50'000; ++i) publish("x");
  for (std::size_t i = 0; i < 50'000; ++i) refusing.settle(i, not_here);
  for (int i = 0; i < 50'000; ++i) publish("y");
  refusing.flow(50'000);
  ASSERT_EQ(refusing.bodies.size(), 100'000u);
  EXPECT_EQ(refusing.bodies.back(), "y");
  other.flow(50'000);
  EXPECT_EQ(other.bodies.size(), 50'000u);
}

TEST_F(QueueOutcome, AnnotationsOfModifiedJoinTheMessageAndReplaceItsOwn) {
  make();
  Sink sink(*queue, 1);
  send({.body = "a", .ttl = 1000});
  Annotations added;
  added.string("x-opt-note", "first");
  sink.settle(0, {.kind = Outcome::Kind::modified, .annotations = &added});
  added = {};
  added.string("x-opt-note", "second");
  added.uint("x-opt-n", 7);
  sink.flow(1);
  sink.settle(1, {.kind = Outcome::Kind::modified, .annotations = &added});
  std::vector<Queue::Waiting> found;
  Position from = 0;
  queue->look_over(false, from, queue->end(), 10, 1000, found);
  ASSERT_EQ(found.size(), 1u);
  const auto note = find_in_map(found[0].message->body(), Section::message_annotations, "x-opt-note");
  EXPECT_EQ(Reader(note).text(), "second");
  const auto number = find_in_map(found[0].message->body(), Section::message_annotations, "x-opt-n");
  EXPECT_EQ(Reader(number).unsigned_integer(), 7u);
  EXPECT_EQ(queue->bytes(), found[0].message->cost());
  EXPECT_EQ(found[0].message->expires(), at_ms(1000));
}

TEST_F(QueueOutcome, AnnotationsDoNotGrowAMessageWithoutBound) {
  make({.max_deliveries = 0});
  Sink sink(*queue, 1);
  publish("a");
  for (int i = 0; i < 200; ++i) {
    Annotations added;
    added.string("x-opt-" + std::to_string(i), std::string(1000, 'x'));
    sink.settle(static_cast<std::size_t>(i), {.kind = Outcome::Kind::modified, .annotations = &added});
    sink.flow(1);
  }
  EXPECT_LT(queue->bytes(), 70'000u);
  EXPECT_GT(queue->bytes(), 60'000u);
}

TEST_F(QueueOutcome, TheFirstAndTheLastErrorAreKept) {
  make({.max_deliveries = 3});
  Sink sink(*queue, 10);
  publish("a");
  Outcome why = failed;
  why.description = "no route";
  sink.settle(0, why);
  queue->lose(sink.positions[1], start);
  why.condition = "app:timeout";
  why.description = "gave up";
  sink.settle(2, why);
  ASSERT_EQ(events.all, (std::vector<Events::Discarded>{{"a", Discard::undeliverable, 3}}));
  EXPECT_EQ(events.errors[0].first, "amqp:modified: no route");
  EXPECT_EQ(events.errors[0].last, "app:timeout: gave up");
}

TEST_F(QueueOutcome, ErrorsOfOneMessageAreNotAnothers) {
  make({.max_deliveries = 3});
  Sink sink(*queue, 1000);
  Outcome why = failed;
  why.description = "a's";
  publish("a");
  sink.settle(0, why);
  sink.settle(1);
  // Until the entry's place in memory is used again.
  while (sink.positions.back() < 2 * Entries::page_size - 1) {
    publish("between");
    sink.settle(sink.positions.size() - 1);
  }
  publish("b");
  why.description = "b's";
  for (int attempt = 0; attempt < 3; ++attempt) sink.settle(sink.positions.size() - 1, why);
  ASSERT_EQ(events.errors.size(), 1u);
  EXPECT_EQ(events.errors[0].first, "amqp:modified: b's");
}

TEST_F(QueueOutcome, AFailedAttemptRestsLongerEachTime) {
  make({.max_deliveries = 0,
        .redelivery = {.delay = std::chrono::milliseconds(100),
                       .multiplier = 3,
                       .most = std::chrono::milliseconds(1000),
                       .jitter = 0}});
  Sink sink(*queue, 10);
  publish("a");
  int now = 0;
  for (const int rest : {100, 300, 900, 1000, 1000}) {
    sink.settle(sink.positions.size() - 1, failed, at_ms(now));
    const std::size_t before = sink.positions.size();
    EXPECT_EQ(queue->scheduled(), 1u);
    queue->sweep(at_ms(now + rest));
    EXPECT_EQ(sink.positions.size(), before) << "never early";
    now += rest + 128;
    queue->sweep(at_ms(now));
    ASSERT_EQ(sink.positions.size(), before + 1) << rest;
  }
}

TEST_F(QueueOutcome, RestIsSpreadByJitterWithinItsBounds) {
  make({.redelivery = {.delay = std::chrono::milliseconds(10'000), .jitter = 0.5}});
  Sink sink(*queue, 100);
  for (int i = 0; i < 100; ++i) publish("a");
  for (std::size_t i = 0; i < 100; ++i) sink.settle(i, failed);
  sink.flow(1000);
  queue->sweep(at_ms(5'000));
  EXPECT_EQ(sink.bodies.size(), 100u);
  queue->sweep(at_ms(10'000));
  EXPECT_GT(sink.bodies.size(), 120u);
  EXPECT_LT(sink.bodies.size(), 180u);
  queue->sweep(at_ms(15'100));
  EXPECT_EQ(sink.bodies.size(), 200u);
}

TEST_F(QueueOutcome, TheReceiverMaySayWhenItComesAgain) {
  make();
  Sink sink(*queue, 10);
  publish("a");
  sink.settle(0, {.kind = Outcome::Kind::modified, .not_before = at_ms(500)});
  EXPECT_EQ(queue->scheduled(), 1u);
  EXPECT_FALSE(queue->cancel(0, start)) << "only what its sender scheduled is cancelled";
  queue->sweep(at_ms(700));
  ASSERT_EQ(sink.bodies.size(), 2u);
  EXPECT_EQ(sink.headers[1].delivery_count, 0u);
}

TEST_F(QueueOutcome, AGroupRestsWithItsFirst) {
  make({.redelivery = {.delay = std::chrono::milliseconds(100), .jitter = 0}});
  Sink one(*queue, 10), two(*queue, 10);
  send({.body = "a1", .group_id = "a"});
  Sink& holder = one.bodies.empty() ? two : one;
  send({.body = "a2", .group_id = "a"});
  send({.body = "b1", .group_id = "b"});
  const auto all = [&] {
    Bodies both = one.bodies;
    both.insert(both.end(), two.bodies.begin(), two.bodies.end());
    return both;
  };
  const bool second_was_out = all().size() == 3;
  holder.settle(0, failed);
  if (second_was_out) {
    for (Sink* sink : {&one, &two}) {
      for (std::size_t i = 0; i < sink->bodies.size(); ++i) {
        if (sink->bodies[i] == "a2") sink->settle(i, released);
      }
    }
  }
  send({.body = "a3", .group_id = "a"});
  const auto seen = all().size();
  queue->sweep(at_ms(300));
  ASSERT_GE(one.bodies.size() + two.bodies.size(), seen + 1);
  for (int round = 0; round < 4; ++round) {
    for (Sink* sink : {&one, &two}) {
      for (std::size_t i = 0; i < sink->bodies.size(); ++i) sink->settle(i, {}, at_ms(300));
    }
  }
  EXPECT_EQ(queue->size(), 0u);
}

TEST_F(QueueOutcome, AMessageThatRestsAndIsPurgedFreesItsGroup) {
  make({.redelivery = {.delay = std::chrono::milliseconds(100), .jitter = 0}});
  Sink sink(*queue, 1);
  send({.body = "a1", .group_id = "a"});
  sink.settle(0, failed);
  queue->purge(start);
  sink.flow(10);
  send({.body = "a2", .group_id = "a"});
  EXPECT_EQ(sink.bodies, (Bodies{"a1", "a2"}));
}

TEST_F(QueueOutcome, AScheduledMessageIsCancelledByItsPosition) {
  make();
  const MessageRef later = message("later");
  later->set_due(at_ms(500));
  queue->publish(later, start);
  std::vector<Queue::Waiting> found;
  Position from = 0;
  queue->look_over(true, from, queue->end(), 10, 1000, found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(queue->cancel(found[0].at, start));
  EXPECT_FALSE(queue->cancel(found[0].at, start));
  Sink sink(*queue, 10);
  queue->sweep(at_ms(1000));
  EXPECT_TRUE(sink.bodies.empty());
  EXPECT_EQ(queue->size(), 0u);
}

struct Rereading final : RecordingStorage {
  bool has(Lsn) const noexcept override { return true; }
  void load(std::vector<Lsn> lsns, Loaded done) override {
    ASSERT_EQ(lsns.size(), 1u);
    waiting = std::move(done);
  }
  void answer(Time now) {
    std::vector messages{message({.body = "a", .durable = true})};
    std::exchange(waiting, nullptr)(messages, now);
  }
  Loaded waiting;
};

TEST(QueueRestored, WhatReceiversAddedTheErrorsAndTheRestComeBackAfterARestart) {
  Rereading storage;
  Events events;
  Queue queue("q", {.max_deliveries = 2}, storage, events);
  Extra extra{.errors = {"first", "last"}};
  extra.annotations.string("x-opt-note", "kept");
  const auto notes = encode_notes(extra);
  queue.restore_id(1);
  queue.restore({.lsn = 7, .cost = 100}, {.queue = 1, .delivery_count = 1, .due = at_ms(500), .notes = notes}, start);
  EXPECT_EQ(queue.scheduled(), 1u);
  Holding held;
  ASSERT_TRUE(queue.holding(7, held));
  EXPECT_EQ(held.due, at_ms(500));
  EXPECT_EQ(std::vector<std::uint8_t>(held.notes.begin(), held.notes.end()), notes);
  std::vector<Queue::Waiting> found;
  Position from = 0;
  queue.look_over(true, from, queue.end(), 1, 1000, found);
  ASSERT_EQ(found.size(), 1u);
  ASSERT_TRUE(queue.waits_unread(found[0]));
  found[0].message = message({.body = "a", .durable = true});
  const auto seen = queue.message_of(found[0]);
  EXPECT_EQ(Reader(find_in_map(seen->body(), Section::message_annotations, "x-opt-note")).text(), "kept");
  Sink sink(queue, 1);
  EXPECT_TRUE(sink.bodies.empty());
  queue.sweep(at_ms(700));
  storage.answer(at_ms(700));
  ASSERT_EQ(sink.bodies.size(), 1u);
  EXPECT_EQ(queue.bytes(), sink.messages[0]->cost()) << "with what was added to it";
  sink.settle(0, failed);
  EXPECT_EQ(events.errors.at(0).first, "first");
  EXPECT_EQ(events.errors.at(0).last, "amqp:modified");
}

}  // namespace
}  // namespace bascule::broker
