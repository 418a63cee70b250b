#include "bascule/broker/topic.hpp"

#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
using Bodies = std::vector<std::string>;

struct TopicTest : ::testing::Test {
  Queue& subscription(const std::string& name, QueueSettings settings = {}) {
    queues.push_back(std::make_unique<Queue>(name, settings, storage, events));
    topic.bind(*queues.back());
    return *queues.back();
  }
  RecordingStorage storage;
  Events events;
  Topic topic{"t", storage};
  std::vector<std::unique_ptr<Queue>> queues;
};

TEST_F(TopicTest, EverySubscriptionGetsEachMessageOnce) {
  Queue& one = subscription("one");
  Queue& two = subscription("two");
  topic.bind(one);  // again: no second copy
  Sink a(one, 10), b1(two, 10), b2(two, 10);
  topic.publish(message("x"), start);
  topic.publish(message("y"), start);
  EXPECT_EQ(a.bodies, (Bodies{"x", "y"}));
  EXPECT_EQ(b1.bodies, (Bodies{"x"}));
  EXPECT_EQ(b2.bodies, (Bodies{"y"}));
}

TEST_F(TopicTest, OneRecordHoldsAllDurableSubscriptions) {
  subscription("one");
  subscription("volatile", {.durable = false});
  subscription("two");
  EXPECT_EQ(topic.publish(message({.body = "x", .durable = true}), start).lsn, 1u);
  EXPECT_EQ(storage.log, (Bodies{"declare one", "declare two", "publish x to 1 2"}));
}

TEST_F(TopicTest, WithoutSubscriptionsIsAcceptedAndGone) {
  EXPECT_EQ(topic.publish(message("x"), start).result, Admission::Result::accepted);
}

TEST_F(TopicTest, AFullSubscriptionRefusesForAll) {
  Queue& roomy = subscription("roomy");
  subscription("full", {.max_messages = 1, .overflow = Overflow::reject});
  EXPECT_EQ(topic.publish(message("x"), start).result, Admission::Result::accepted);
  EXPECT_EQ(topic.publish(message("y"), start).result, Admission::Result::full);
  EXPECT_EQ(roomy.available(), 1u);
}

TEST_F(TopicTest, ABlockedSubscriptionTakesTheTopicsCreditAndGivesItBack) {
  struct Watcher final : Producer {
    void room_made() override { ++told; }
    void node_deleted() override {}
    int told = 0;
  } producer;
  topic.attach(producer);
  Queue& slow = subscription("slow", {.max_messages = 4});
  for (int i = 0; i < 4; ++i) topic.publish(message("x"), start);
  EXPECT_FALSE(topic.has_room());
  Sink sink(slow, 2);
  sink.settle(0);
  sink.settle(1);
  EXPECT_TRUE(topic.has_room());
  EXPECT_EQ(producer.told, 1);
  topic.detach(producer);
}

TEST_F(TopicTest, ADyingSubscriptionTakesItselfOff) {
  subscription("one");
  subscription("two");
  queues.erase(queues.begin());
  EXPECT_EQ(topic.subscriptions().size(), 1u);
  topic.publish(message("x"), start);
  EXPECT_EQ(queues[0]->available(), 1u);
}

}  // namespace
}  // namespace bascule::broker
