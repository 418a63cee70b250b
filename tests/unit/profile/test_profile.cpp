#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "bascule/profile/profile.hpp"

namespace bascule::profile {
namespace {

using namespace std::chrono_literals;

const Profile& the(std::string_view name) { return *Profile::named(name); }

Wish calls() { return {.address = "rpc.shop.Catalog", .capabilities = {"queue"}, .link = "r1", .unique = "me.1"}; }
Wish replies() { return {.address = "", .capabilities = {}, .link = "r2", .unique = "me.2"}; }
Wish listening() { return {.address = "bascule.announce", .capabilities = {"topic"}, .link = "r3", .unique = "me.3"}; }
Wish publishing() {
  return {.address = "events.shop.OrderPlaced", .capabilities = {"topic"}, .link = "s1", .unique = "me.4"};
}
Wish subscribing() {
  return {.address = "events.shop.OrderPlaced",
          .capabilities = {"topic", "shared", "global"},
          .link = "orders|orders-1|shop.OrderPlaced",
          .unique = "me.5",
          .durable = true};
}

const Declaration* declared(const Plan& plan, Declaration::Kind kind, std::string_view name) {
  const auto found =
      std::ranges::find_if(plan.declare, [&](const auto& d) { return d.kind == kind && d.name == name; });
  return found == plan.declare.end() ? nullptr : &*found;
}

bool has_argument(const Declaration& declaration, std::string_view name, const Declaration::Argument& value) {
  return std::ranges::find(declaration.arguments, std::pair(std::string(name), value)) != declaration.arguments.end();
}

TEST(Profile, ABrokerIsRecognisedByWhatItSaysOfItself) {
  EXPECT_EQ(Profile::recognise("RabbitMQ", "3.10.8", "h").name(), "rabbitmq-3");
  EXPECT_EQ(Profile::recognise("RabbitMQ", "4.0.5", "h").name(), "rabbitmq-4");
  EXPECT_EQ(Profile::recognise("apache-activemq-artemis", "2.44.0", "h").name(), "artemis");
  EXPECT_EQ(Profile::recognise("", "", "shop.servicebus.windows.net").name(), "servicebus");
  EXPECT_EQ(Profile::recognise("", "", "127.0.0.1").name(), "embedded");
  EXPECT_EQ(Profile::recognise("qpid-dispatch-router", "1.19", "h").name(), "embedded");
}

TEST(Profile, TheEmbeddedBrokerGetsWhatThePlatformSays) {
  const auto& p = Profile::embedded();
  for (const auto& wish : {calls(), listening(), subscribing()}) {
    const auto plan = p.source(wish);
    EXPECT_EQ(plan.address, wish.address);
    EXPECT_EQ(plan.capabilities, wish.capabilities);
    EXPECT_EQ(plan.link, wish.link);
    EXPECT_EQ(plan.durable, wish.durable);
    EXPECT_TRUE(plan.declare.empty() && plan.refusal.empty() && !plan.dynamic);
  }
  EXPECT_TRUE(p.source(replies()).dynamic);
  EXPECT_FALSE(p.target(replies()).by_links);
}

TEST(Profile, ArtemisKeepsTheSubscriptionsOfAGroupApartByTopic) {
  const auto plan = the("artemis").source(subscribing());
  EXPECT_EQ(plan.link, "orders.events.shop.OrderPlaced|orders-1|shop.OrderPlaced");
  EXPECT_EQ(plan.capabilities, subscribing().capabilities);
  EXPECT_EQ(the("artemis").source(calls()).link, "r1");
}

TEST(Profile, RabbitDeclaresWhatALinkNeeds) {
  for (const auto* const name : {"rabbitmq-3", "rabbitmq-4"}) {
    const auto plan = the(name).source(subscribing());
    const std::string queue = "events.shop.OrderPlaced::orders";
    const auto* const made = declared(plan, Declaration::Kind::queue, queue);
    ASSERT_NE(made, nullptr);
    EXPECT_TRUE(made->durable);
    EXPECT_TRUE(has_argument(*made, "x-single-active-consumer", true));
    EXPECT_TRUE(has_argument(*made, "x-delivery-limit", std::int64_t(10)));
    EXPECT_TRUE(has_argument(*made, "x-dead-letter-routing-key", "dlq." + queue));
    EXPECT_LT(declared(plan, Declaration::Kind::queue, "dlq." + queue), made) << "where it dead-letters to comes first";
    const auto* const binding = declared(plan, Declaration::Kind::binding, "amq.topic");
    ASSERT_NE(binding, nullptr);
    EXPECT_EQ(binding->destination, queue);
    EXPECT_EQ(binding->key, "events.shop.OrderPlaced");
    EXPECT_FALSE(plan.durable) << "the queue is what lasts, not the terminus";
    EXPECT_TRUE(plan.capabilities.empty());
    const auto replying = the(name).source(replies());
    EXPECT_FALSE(replying.dynamic);
    EXPECT_EQ(replying.declare.size(), 1u);
    EXPECT_TRUE(the(name).target(publishing()).unrouted_is_taken);
  }
  EXPECT_EQ(the("rabbitmq-4").source(subscribing()).address, "/queues/events.shop.OrderPlaced::orders");
  EXPECT_EQ(the("rabbitmq-3").source(subscribing()).address, "/amq/queue/events.shop.OrderPlaced::orders");
  EXPECT_EQ(the("rabbitmq-4").target(publishing()).address, "/exchanges/amq.topic/events.shop.OrderPlaced");
  EXPECT_EQ(the("rabbitmq-3").target(publishing()).address, "/exchange/amq.topic/events.shop.OrderPlaced");
  EXPECT_TRUE(the("rabbitmq-3").target(replies()).by_links);
  EXPECT_TRUE(the("rabbitmq-3").source(subscribing()).drains);
  EXPECT_FALSE(the("rabbitmq-3").source(calls()).drains);
  EXPECT_FALSE(the("rabbitmq-3").source(listening()).drains);
  EXPECT_TRUE(the("rabbitmq-4").source(calls()).drains);
  EXPECT_FALSE(the("rabbitmq-4").target(replies()).by_links);
}

TEST(Profile, AQueueThatNobodyCallsRpcDoesNotExpire) {
  Wish jobs{.address = "jobs", .capabilities = {"queue"}, .link = "s", .unique = "me.6"};
  for (const auto& plan : {the("rabbitmq-4").target(jobs), the("rabbitmq-4").source(jobs)}) {
    const auto* const made = declared(plan, Declaration::Kind::queue, "jobs");
    ASSERT_NE(made, nullptr);
    for (const auto& [name, value] : made->arguments) EXPECT_NE(name, "x-expires");
  }
}

TEST(Profile, AnAddressOfTheBrokersOwnIsTakenAsItStands) {
  Wish reply{.address = "/queues/bascule.reply.x", .capabilities = {}, .link = "s", .unique = "me.7"};
  const auto plan = the("rabbitmq-4").target(reply);
  EXPECT_EQ(plan.address, reply.address);
  EXPECT_TRUE(plan.declare.empty());
}

TEST(Profile, WhatABrokerCannotDoIsRefusedByName) {
  const auto plan = the("servicebus").source(replies());
  EXPECT_NE(plan.refusal.find("Azure Service Bus"), std::string::npos);
  EXPECT_NE(plan.refusal.find("requests"), std::string::npos);
  EXPECT_FALSE(the("servicebus").source(listening()).refusal.empty());
  EXPECT_TRUE(the("servicebus").source(subscribing()).refusal.empty());
  EXPECT_NE(the("rabbitmq-4").refusal("parallel_ordering"), "");
  EXPECT_EQ(the("artemis").refusal("parallel_ordering"), "");
  EXPECT_NE(the("artemis").refusal("teleportation"), "") << "what nobody has heard of is not there";
}

TEST(Profile, EveryProfileSaysTheSameFeatures) {
  for (const auto& each : Profile::all()) {
    ASSERT_EQ(each.support().size(), Profile::embedded().support().size()) << each.name();
    for (const auto& [feature, how] : each.support()) {
      EXPECT_TRUE(Profile::embedded().support().contains(feature)) << each.name() << ": " << feature;
      EXPECT_TRUE(how == "native" || how.starts_with("built: ") || how.starts_with("partly: ") ||
                  how.starts_with("no: "))
          << each.name() << ": " << feature << " = " << how;
    }
  }
}

TEST(Profile, WhatIsDueLaterGoesThroughHoldingQueuesWhereThereIsNoAnnotation) {
  EXPECT_EQ(the("artemis").scheduled("events.x", 5s)->to, "");
  const auto four = the("rabbitmq-4").scheduled("events.x", 5s);
  EXPECT_TRUE(four->to.starts_with("/exchanges/bascule.delay.27/0.0."));
  EXPECT_EQ(the("rabbitmq-3").scheduled("events.x", 5s)->subject.substr(0, 8), "0.0.0.0.");
  EXPECT_FALSE(the("rabbitmq-4").scheduled("events.x", 24h * 400));
  Wish later = publishing();
  later.scheduled = true;
  EXPECT_GT(the("rabbitmq-4").target(later).declare.size(), 100u);
}

TEST(Profile, AMisspeltKeyIsAnError) {
  EXPECT_THROW(Profile::parse("name = 'x'\ntitle = 'X'\nmanagment = 'amqp'"), std::runtime_error);
  EXPECT_THROW(Profile::parse("name = 'x'\ntitle = 'X'\n[queue]\nadress = 'q'"), std::runtime_error);
  EXPECT_THROW(Profile::parse("name = 'x'\ntitle = 'X'\nmanagement = 'smoke'"), std::runtime_error);
  EXPECT_THROW(Profile::parse("name = "), std::runtime_error);
}

}  // namespace
}  // namespace bascule::profile
