#include "bascule/broker/router.hpp"

#include <set>

#include "bascule/broker/properties.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

struct RouterTest : ::testing::Test {
  Queue& queue(const std::string& address) { return static_cast<Queue&>(*router.open(address, {}).node); }
  Queue& subscribe(const std::string& topic, const std::string& name, bool durable = true) {
    return static_cast<Queue&>(*router.subscribe({topic, name, durable}).node);
  }
  RecordingStorage storage;
  Router router{{.max_nodes = 50}, storage};
};

TEST_F(RouterTest, CapabilityDecidesElseThePrefix) {
  EXPECT_EQ(router.open("orders", {}).node->kind(), Node::Kind::queue);
  EXPECT_EQ(router.open("events.shop.X", {}).node->kind(), Node::Kind::topic);
  EXPECT_EQ(router.open("bascule.announce", {}).node->kind(), Node::Kind::topic);
  EXPECT_EQ(router.open("news", {.topic = true}).node->kind(), Node::Kind::topic);
  EXPECT_EQ(router.open("news", {}).node->kind(), Node::Kind::topic) << "it exists";
  EXPECT_EQ(router.open("news", {.queue = true}).refusal, Refusal::wrong_kind);
  EXPECT_EQ(router.open("", {}).refusal, Refusal::bad_address);
  EXPECT_EQ(router.open("events.*", {}).refusal, Refusal::bad_address);
  EXPECT_EQ(router.open(std::string(2000, 'x'), {}).refusal, Refusal::bad_address);
}

TEST_F(RouterTest, NodesAreBounded) {
  for (int i = 0; i < 50; ++i) ASSERT_NE(router.open("q" + std::to_string(i), {}).node, nullptr);
  EXPECT_EQ(router.open("q50", {}).refusal, Refusal::too_many);
  EXPECT_EQ(router.subscribe({"events.x", "s", true}).refusal, Refusal::too_many);
}

TEST_F(RouterTest, WithoutAutoCreationAnUnknownAddressIsNotFound) {
  Router strict({.auto_create = false}, storage);
  EXPECT_EQ(strict.open("orders", {}).refusal, Refusal::not_found);
}

TEST_F(RouterTest, PatternsBindWhatExistsAndWhatComes) {
  router.open("events.shop.A", {});
  Queue& all = subscribe("events.shop.*", "audit");
  router.open("events.shop.B", {});
  router.find("events.shop.A")->publish(message("a"), start);
  router.find("events.shop.B")->publish(message("b"), start);
  router.route("events.shop.C")->publish(message("c"), start);
  router.route("events.stock.D")->publish(message("d"), start);
  Sink sink(all, 10);
  EXPECT_EQ(sink.bodies, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(RouterTest, AStrayAddressMakesNoNode) {
  const auto before = router.size();
  EXPECT_EQ(router.route("temporary.gone"), nullptr);
  EXPECT_NE(router.route("events.nobody.Listens"), nullptr);
  EXPECT_EQ(router.size(), before);
}

TEST_F(RouterTest, DynamicNodesHaveNamesNobodyGuesses) {
  std::set<std::string> names;
  for (int i = 0; i < 40; ++i) names.insert(router.create_dynamic().address());
  EXPECT_EQ(names.size(), 40u);
  EXPECT_EQ(names.begin()->size(), std::string("temporary.").size() + 32);
}

TEST_F(RouterTest, UnusedNodesGoWithTheirLastLinkAndSubscriptionsByTheirDurability) {
  router.left(*router.open("scratch", {}).node);
  EXPECT_EQ(router.find("scratch"), nullptr);

  Queue& kept = queue("kept");
  kept.publish(message("x"), start);
  router.left(kept);
  EXPECT_NE(router.find("kept"), nullptr) << "it holds a message";

  Queue& durable = subscribe("events.x", "group");
  Queue& fleeting = subscribe("events.y", "listener", false);
  router.left(durable);
  router.left(fleeting);
  EXPECT_NE(router.find("events.x::group"), nullptr);
  EXPECT_EQ(router.find("events.y::listener"), nullptr);
  EXPECT_EQ(router.find("events.y"), nullptr) << "and its topic, which nothing else used";
  router.remove(durable);
  EXPECT_EQ(router.find("events.x"), nullptr);
}

TEST_F(RouterTest, ASubscriptionOnAQueueIsRefused) {
  queue("orders");
  EXPECT_EQ(router.subscribe({"orders", "s", true}).refusal, Refusal::wrong_kind);
}

TEST_F(RouterTest, LostRequestIsAnsweredToItsCaller) {
  Queue& service = queue("rpc.shop.Catalog");
  Queue& replies = router.create_dynamic();
  Sink caller(replies, 10);
  Sink instance(service, 1);
  service.publish(message({.reply_to = replies.address(), .correlation_id = 5}), start);
  service.lose(instance.positions[0], start);
  ASSERT_EQ(caller.bodies.size(), 1u);
  EXPECT_EQ(service.available() + service.acquired(), 0u);
}

TEST_F(RouterTest, LostIdempotentRequestGoesToTheTwin) {
  Queue& service = queue("rpc.shop.Catalog");
  Sink instance(service, 1);
  service.publish(message({.reply_to = "x", .correlation_id = 5, .idempotent = true}), start);
  Sink twin(service, 1);
  service.lose(instance.positions[0], start);
  ASSERT_EQ(twin.headers.size(), 1u);
  EXPECT_EQ(twin.headers[0].delivery_count, 1u);
}

std::string annotation(const Message& message, const char* key) {
  return std::string(Reader(find_in_map(message.body(), Section::message_annotations, key)).text().value_or("(none)"));
}

struct Keeper final : Consumer {
  bool deliver(Queue&, const Delivery& delivery) override {
    messages.push_back(delivery.message);
    return true;
  }
  void queue_deleted() override {}
  std::vector<MessageRef> messages;
};

TEST_F(RouterTest, DeadLettersAreKeptWithWhyAndWhence) {
  Queue& work = queue("orders");
  Sink sink(work, 20);
  work.publish(message({.body = "bad", .durable = true, .ttl = 60'000}), start);
  sink.settle(0, {.kind = Outcome::Kind::rejected, .condition = "app:poison", .description = "cannot be"});
  work.publish(message("crashes"), start);
  for (std::size_t i = 1; i <= 10; ++i) {
    sink.settle(i, {.kind = Outcome::Kind::modified, .delivery_failed = true});
  }
  auto* dead = static_cast<Queue*>(router.find("dlq.orders"));
  ASSERT_NE(dead, nullptr);
  Keeper keeper;
  dead->attach(keeper);
  dead->ready(keeper, start);
  ASSERT_EQ(keeper.messages.size(), 2u);
  const Message& bad = *keeper.messages[0];
  EXPECT_EQ(body_of(bad), "bad");
  EXPECT_TRUE(bad.durable());
  EXPECT_EQ(bad.expires(), Time::max());
  EXPECT_EQ(annotation(bad, "x-opt-dead-letter-reason"), "rejected");
  EXPECT_EQ(annotation(bad, "x-opt-dead-letter-source"), "orders");
  EXPECT_EQ(annotation(bad, "x-opt-dead-letter-condition"), "app:poison");
  EXPECT_EQ(annotation(bad, "x-opt-dead-letter-description"), "cannot be");
  EXPECT_EQ(annotation(*keeper.messages[1], "x-opt-dead-letter-reason"), "max-deliveries");
  dead->detach(keeper);
}

TEST_F(RouterTest, RequestsAndDeadLettersThemselvesMakeNoDeadLetters) {
  for (const char* address : {"rpc.shop.Catalog", "dlq.orders"}) {
    Queue& from = queue(address);
    Sink sink(from, 1);
    from.publish(message("x"), start);
    sink.settle(0, {.kind = Outcome::Kind::rejected});
    EXPECT_EQ(router.find(std::string("dlq.") + address), nullptr) << address;
  }
}

TEST_F(RouterTest, ADeclaredNodeStays) {
  Queue& made = queue("declared");
  router.keep(made);
  router.left(made);
  EXPECT_NE(router.find("declared"), nullptr);
}

// A subscription without links, `left` after an event.
struct Lasting : RouterTest {
  bool there() { return router.find("events.x::s") != nullptr; }
  void leave(Expiry expiry, Expiry::When event) {
    Queue& made = static_cast<Queue&>(*router.subscribe({.topic = "events.x", .name = "s", .expiry = expiry}).node);
    router.left(made, start);
    if (event != Expiry::When::link_detach) router.ended("events.x::s", event, start);
  }
};

TEST_F(Lasting, EachPolicyCountsFromItsOwnEvent) {
  using When = Expiry::When;
  constexpr When all[] = {When::link_detach, When::session_end, When::connection_close, When::never};
  for (const When policy : all) {
    for (const When event : {When::link_detach, When::session_end, When::connection_close}) {
      leave({policy, 0}, event);
      EXPECT_EQ(there(), event < policy) << int(policy) << " " << int(event);
      if (there()) router.remove(*router.find("events.x::s"));
      leave({policy, 1}, event);
      router.sweep(at_ms(999));
      EXPECT_TRUE(there());
      router.sweep(at_ms(1001));
      EXPECT_EQ(there(), event < policy) << int(policy) << " " << int(event);
      if (there()) router.remove(*router.find("events.x::s"));
    }
  }
}

TEST_F(Lasting, WhoComesBackInTimeFindsItAndStopsTheClock) {
  leave({Expiry::When::link_detach, 1}, Expiry::When::link_detach);
  auto& again = static_cast<Queue&>(*router.subscribe({.topic = "events.x", .name = "s"}).node);
  {
    Sink sink(again, 1);
    router.sweep(at_ms(2000));
    EXPECT_TRUE(there());
  }
  router.left(again, at_ms(5000));
  router.sweep(at_ms(5900));
  EXPECT_TRUE(there()) << "its time begins anew";
  router.sweep(at_ms(6001));
  EXPECT_FALSE(there());
}

TEST_F(Lasting, ARestartBeginsItsTimeAnew) {
  router.restore_queue(5, "events.x::s",
                       encode_definition({.topic = "events.x", .expiry = {Expiry::When::session_end, 10}}));
  router.sweep(at_ms(20'000));
  router.sweep(at_ms(29'000));
  EXPECT_TRUE(there());
  router.sweep(at_ms(30'001));
  EXPECT_FALSE(there());
}

TEST_F(Lasting, OnlyTheOwnerOrWhoeverMayUseIt) {
  const auto as = [&](std::string owner, bool may) {
    return router
        .subscribe({.topic = "events.x",
                    .name = "s",
                    .durable = true,
                    .owner = std::move(owner),
                    .may_use = [may](std::string_view) { return may; }})
        .refusal;
  };
  EXPECT_EQ(as("alice", false), Refusal::none);
  EXPECT_EQ(as("bob", false), Refusal::not_owner);
  EXPECT_EQ(as("bob", true), Refusal::none);
  EXPECT_EQ(router.owner_of(*router.find("events.x::s")), "alice");
  EXPECT_EQ(router.subscribe({.topic = "events.x", .name = "s"}).refusal, Refusal::none) << "security is off";
}

}  // namespace
}  // namespace bascule::broker
