#include "bascule/broker/subscription.hpp"

#include "bascule/broker/address_settings.hpp"
#include "bascule/broker/topic.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
using Bodies = std::vector<std::string>;

TEST(Subscription, DefinitionsComeBackAsTheyWent) {
  for (const char* topic : {"t", "events.#", "with space 7 and\nline"}) {
    EXPECT_EQ(decode_definition(encode_definition({.topic = topic}))->topic, topic);
    const SubscriptionDefinition filtered{
        .topic = topic,
        .filter = {.selector = std::make_shared<const Selector>("kind = 'a b'"), .not_from = origin_of("me")}};
    const auto back = decode_definition(encode_definition(filtered));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->topic, topic);
    EXPECT_TRUE(back->filter.same_as(filtered.filter));
    EXPECT_FALSE(back->filter.same_as({}));
  }
  SubscriptionDefinition owned;
  owned.topic = "t 1";
  owned.owner = "user with 3 words";
  owned.expiry = {Expiry::When::connection_close, 4'000'000'000U};
  const auto back = decode_definition(encode_definition(owned));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->owner, owned.owner);
  EXPECT_EQ(back->expiry, owned.expiry);
  const SubscriptionDefinition bare{.topic = "t"};
  EXPECT_EQ(decode_definition(encode_definition(bare))->expiry.when, Expiry::When::never);
  EXPECT_EQ(decode_definition("subscription-fields t1 az5 later")->topic, "a") << "a field of a later version";
  EXPECT_FALSE(decode_definition("subscription-fields t9 a"));
  EXPECT_FALSE(decode_definition("subscription-fields t1 ae3 9 1"));
  EXPECT_FALSE(decode_definition("subscription-fields u1 a"));
  EXPECT_FALSE(decode_definition(""));
  EXPECT_FALSE(decode_definition("filtered-subscription x"));
  EXPECT_FALSE(decode_definition("filtered-subscription 1 99 t"));
  EXPECT_EQ(decode_definition("subscription orders")->topic, "orders") << "as older brokers wrote it";
  EXPECT_EQ(decode_definition("filtered-subscription 7 2 tta = 1")->filter.selector->text(), "a = 1");
}

TEST(Subscription, OriginsAreStable) {
  EXPECT_EQ(origin_of(""), 0u);
  EXPECT_EQ(origin_of("a"), 0xaf63dc4c8601ec8cU) << "it is in journals";
}

struct Filtered : ::testing::Test {
  Queue& subscription(const std::string& name, SubscriptionFilter filter = {}) {
    queues.push_back(std::make_unique<Queue>(name, QueueSettings{}, storage, events));
    queues.back()->set_filter(std::move(filter));
    topic.bind(*queues.back());
    return *queues.back();
  }
  RecordingStorage storage;
  Events events;
  Topic topic{"t", storage, {.max_age = std::chrono::milliseconds(100), .dedup = {.window = std::chrono::seconds(1)}}};
  std::vector<std::unique_ptr<Queue>> queues;
};

TEST_F(Filtered, OnlyWhatTheSelectorSelectsIsKept) {
  Queue& all = subscription("all");
  Queue& some = subscription("some", {.selector = std::make_shared<const Selector>("kind = 'b'")});
  topic.publish(message({.durable = true, .kind = "a"}), start);
  topic.publish(message({.durable = true, .kind = "b"}), start);
  EXPECT_EQ(all.available(), 2u);
  EXPECT_EQ(some.available(), 1u);
  EXPECT_EQ(storage.log, (Bodies{"declare all", "publish body to 1", "declare some", "publish body to 1 2"}));
}

TEST_F(Filtered, NoLocalLeavesOutOnesOwn) {
  Queue& queue = subscription("mine", {.not_from = 7});
  topic.publish_from(7, message("own"), start);
  topic.publish_from(8, message("other"), start);
  topic.publish(message("nobody's"), start);
  EXPECT_EQ(queue.available(), 2u);
}

TEST_F(Filtered, AFullSubscriptionThatDoesNotTakeItRefusesNothing) {
  Queue& all = subscription("all");
  queues.push_back(
      std::make_unique<Queue>("full", QueueSettings{.max_messages = 1, .overflow = Overflow::reject}, storage, events));
  queues.back()->set_filter({.selector = std::make_shared<const Selector>("kind = 'b'")});
  topic.bind(*queues.back());
  topic.publish(message({.kind = "b"}), start);
  EXPECT_EQ(topic.publish(message({.kind = "a"}), start).result, Admission::Result::accepted);
  EXPECT_EQ(topic.publish(message({.kind = "b"}), start).result, Admission::Result::full);
  EXPECT_EQ(all.available(), 2u);
}

TEST_F(Filtered, ATopicForgetsDuplicatesForAllItsSubscriptions) {
  Queue& queue = subscription("one");
  topic.publish(message({.message_id = "1"}), start);
  topic.publish(message({.message_id = "1"}), start);
  EXPECT_EQ(queue.available(), 1u);
  EXPECT_EQ(topic.duplicates(), 1u);
  queue.sweep(at_ms(300));
  EXPECT_EQ(queue.available(), 0u) << "max_age";
}

TEST(AddressSettings, AllThatMatchApplyInOrder) {
  const std::vector<AddressSettings> rules{{.match = "#", .max_deliveries = 3},
                                           {.match = "orders.#", .max_messages = 5, .priorities = false},
                                           {.match = "orders.urgent", .priorities = true}};
  QueueSettings settings;
  apply(rules, "orders.urgent", settings);
  EXPECT_EQ(settings.max_deliveries, 3u);
  EXPECT_EQ(settings.max_messages, 5u);
  EXPECT_TRUE(settings.priorities);
  QueueSettings other;
  apply(rules, "invoices", other);
  EXPECT_EQ(other.max_messages, QueueSettings{}.max_messages);
  EXPECT_EQ(other.max_deliveries, 3u);
}

}  // namespace
}  // namespace bascule::broker
