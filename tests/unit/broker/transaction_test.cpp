#include "bascule/broker/transaction.hpp"

#include "bascule/broker/transaction_wire.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
using Bodies = std::vector<std::string>;

struct TransactionTest : ::testing::Test {
  Queue& queue(const std::string& address = "q") {
    return static_cast<Queue&>(*router.open(address, {.queue = true}).node);
  }
  TransactionId declare() {
    TransactionId id = 0;
    EXPECT_EQ(transactions.declare(&session, &coordinator, start, id).condition, nullptr);
    return id;
  }
  std::string discharge(TransactionId id, bool fail = false, Time now = start) {
    const auto error = transactions.discharge(id, &session, fail, now, durable_at);
    return error.condition == nullptr ? "" : error.condition;
  }
  std::string send(TransactionId id, Node& node, const Parts& parts) {
    const auto error = transactions.send(id, &session, node, 0, message(parts));
    return error.condition == nullptr ? "" : error.condition;
  }
  RecordingStorage storage;
  RouterSettings settings;
  Router router{settings, storage};
  TransactionCounters counters;
  int session = 0, other_session = 0, coordinator = 0;
  Lsn durable_at = 0;
  Transactions transactions{
      {.open = 2, .messages = 5, .bytes = 10'000, .timeout = std::chrono::seconds(10)}, router, storage, counters};
};

TEST_F(TransactionTest, WhatIsSentIsThereAtTheCommitAndNotBefore) {
  const auto id = declare();
  send(id, queue(), {.body = "a", .durable = true});
  send(id, queue("r"), {.body = "b", .durable = true});
  EXPECT_EQ(queue().size() + queue("r").size(), 0u);
  EXPECT_TRUE(storage.log.empty());
  EXPECT_EQ(discharge(id), "");
  EXPECT_EQ(queue().available(), 1u);
  EXPECT_EQ(storage.log, (Bodies{"begin", "declare q", "publish a to 1", "declare r", "publish b to 2", "end"}))
      << "one record";
  EXPECT_EQ(durable_at, 2u);
  EXPECT_EQ(discharge(id), "amqp:transaction:unknown-id");
}

TEST_F(TransactionTest, WhatIsSettledStaysAcquiredUntilTheCommit) {
  queue().publish(message({.body = "a", .durable = true}), start);
  storage.log.clear();
  Sink sink(queue(), 1);
  const auto id = declare();
  EXPECT_EQ(transactions.settle(id, &session, queue(), sink.positions[0], {}).condition, nullptr);
  EXPECT_EQ(queue().acquired(), 1u);
  EXPECT_EQ(discharge(id), "");
  EXPECT_EQ(queue().size(), 0u);
  EXPECT_EQ(storage.log, (Bodies{"begin", "settle 1 1", "end"}));
}

TEST_F(TransactionTest, ARollbackGivesBackWhatWasSettledAsAFailedAttemptAndForgetsWhatWasSent) {
  queue().publish(message("a"), start);
  Sink sink(queue(), 1);
  const auto id = declare();
  transactions.settle(id, &session, queue(), sink.positions[0], {});
  send(id, queue("r"), {.body = "b"});
  EXPECT_EQ(discharge(id, true), "");
  EXPECT_EQ(queue("r").size(), 0u);
  sink.flow(1);
  ASSERT_EQ(sink.bodies, (Bodies{"a", "a"}));
  EXPECT_EQ(sink.headers[1].delivery_count, 1u);
  EXPECT_EQ(counters.rolled_back, 1u);
}

TEST_F(TransactionTest, EveryOutcomeKeepsItsReasonUntilTheCommit) {
  queue().publish(message("a"), start);
  Sink sink(queue(), 1);
  const auto id = declare();
  {
    std::string condition = "app:poison";
    transactions.settle(id, &session, queue(), sink.positions[0],
                        {.kind = Outcome::Kind::rejected, .condition = condition});
  }
  EXPECT_EQ(discharge(id), "");
  ASSERT_NE(router.find("dlq.q"), nullptr);
  EXPECT_EQ(queue("dlq.q").available(), 1u);
}

TEST_F(TransactionTest, ACommitIsAllOrNothing) {
  queue("full").publish(message("x"), start);
  Router small{{.queue = {.max_messages = 2, .overflow = Overflow::reject}}, storage};
  Transactions own{{}, small, storage, counters};
  auto& a = static_cast<Queue&>(*small.open("a", {.queue = true}).node);
  auto& b = static_cast<Queue&>(*small.open("b", {.queue = true}).node);
  b.publish(message("x"), start);
  TransactionId id = 0;
  own.declare(&session, &coordinator, start, id);
  own.send(id, &session, a, 0, message("1"));
  own.send(id, &session, b, 0, message("2"));
  own.send(id, &session, b, 0, message("3"));  // one too many, together
  Lsn lsn = 0;
  EXPECT_STREQ(own.discharge(id, &session, false, start, lsn).condition, "amqp:transaction:rollback");
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(b.size(), 1u);
  EXPECT_EQ(counters.failed, 1u);
}

TEST_F(TransactionTest, ADeletedQueueFailsTheCommitAndOneMadeAnewIsNotTouched) {
  queue().publish(message("a"), start);
  auto sink = std::make_unique<Sink>(queue(), 1);
  const auto id = declare();
  transactions.settle(id, &session, queue(), sink->positions[0], {});
  sink.reset();
  router.remove(queue());
  queue().publish(message("another"), start);
  Sink other(queue(), 1);
  EXPECT_EQ(discharge(id), "amqp:transaction:rollback");
  EXPECT_EQ(queue().acquired(), 1u);
}

TEST_F(TransactionTest, ItBelongsToItsSession) {
  const auto id = declare();
  Lsn lsn = 0;
  EXPECT_STREQ(transactions.discharge(id, &other_session, false, start, lsn).condition, "amqp:transaction:unknown-id");
  EXPECT_STREQ(transactions.send(id, &other_session, queue(), 0, message("a")).condition,
               "amqp:transaction:unknown-id");
  transactions.end(&other_session, start);
  EXPECT_EQ(discharge(id), "");
}

TEST_F(TransactionTest, OpenOnesAndSizeAreBounded) {
  const auto id = declare();
  declare();
  TransactionId third = 0;
  EXPECT_STREQ(transactions.declare(&session, &coordinator, start, third).condition, "amqp:resource-limit-exceeded");
  EXPECT_EQ(transactions.declare(&other_session, &coordinator, start, third).condition, nullptr);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(id, queue(), {}), "");
  EXPECT_EQ(send(id, queue(), {}), "amqp:resource-limit-exceeded");
  EXPECT_EQ(discharge(id), "amqp:resource-limit-exceeded") << "never half of it";
  EXPECT_EQ(queue().size(), 0u);
  EXPECT_EQ(send(third, queue(), {.body = std::string(11'000, 'x')}), "amqp:transaction:unknown-id");
}

TEST_F(TransactionTest, BytesAreBounded) {
  const auto id = declare();
  EXPECT_EQ(send(id, queue(), {.body = std::string(11'000, 'x')}), "amqp:resource-limit-exceeded");
}

TEST_F(TransactionTest, OneThatLastsTooLongIsRolledBackAndItsOwnerHears) {
  queue().publish(message("a"), start);
  Sink sink(queue(), 1);
  const auto id = declare();
  transactions.settle(id, &session, queue(), sink.positions[0], {});
  transactions.sweep(at_ms(9'999));
  EXPECT_EQ(queue().acquired(), 1u);
  transactions.sweep(at_ms(10'000));
  EXPECT_EQ(queue().available(), 1u);
  EXPECT_EQ(send(id, queue(), {}), "amqp:transaction:timeout");
  EXPECT_EQ(discharge(id), "amqp:transaction:timeout");
  EXPECT_EQ(discharge(id), "amqp:transaction:unknown-id");
  EXPECT_EQ(counters.timed_out, 1u);
}

TEST_F(TransactionTest, ALostCoordinatorRollsBack) {
  const auto id = declare();
  send(id, queue(), {});
  transactions.end(&coordinator, start);
  EXPECT_EQ(transactions.open(), 0u);
  EXPECT_EQ(queue().size(), 0u);
}

TEST(TransactionWire, RequestsAndStates) {
  const auto bytes = [](std::initializer_list<int> values) {
    return std::vector<std::uint8_t>(values.begin(), values.end());
  };
  const auto declare = bytes({0x00, 0x53, 0x77, 0x00, 0x53, 0x31, 0x45});
  const auto declaring = read_coordinator_request(declare);
  ASSERT_TRUE(declaring);
  EXPECT_FALSE(declaring->discharge);
  const auto discharge =
      bytes({0x00, 0x53, 0x77, 0x00, 0x53, 0x32, 0xc0, 0x0c, 0x02, 0xa0, 8, 0, 0, 0, 0, 0, 0, 1, 2, 0x41});
  const auto discharging = read_coordinator_request(discharge);
  ASSERT_TRUE(discharging);
  EXPECT_EQ(discharging->id, 0x102u);
  EXPECT_TRUE(discharging->fail);
  EXPECT_FALSE(read_coordinator_request(bytes({0x00, 0x53, 0x77, 0x40})));
  EXPECT_FALSE(read_coordinator_request(bytes({0x00, 0x53, 0x77, 0x00, 0x53, 0x32, 0x45})));
  EXPECT_FALSE(read_coordinator_request({}));

  const auto state = bytes({0xc0, 0x0f, 0x02, 0xa0, 8, 0, 0, 0, 0, 0, 0, 0, 5, 0x00, 0x53, 0x24, 0x45});
  const auto found = read_transactional_state(state);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, 5u);
  EXPECT_EQ(found->outcome, 0x24u);
  EXPECT_FALSE(read_transactional_state(bytes({0x45})));
  EXPECT_EQ(decode_transaction_id("short"), 0u);
  EXPECT_EQ(decode_transaction_id(encode_transaction_id(0x0102030405060708U)), 0x0102030405060708U);
}

}  // namespace
}  // namespace bascule::broker
