#include <gtest/gtest.h>

#include "bascule/amqp/message.hpp"
#include "bascule/amqp/nodes_requests.hpp"
#include "bascule/amqp/reader.hpp"
#include "bascule/amqp/url.hpp"

namespace bascule::amqp {
namespace {

using profile::Declaration;

Declaration queue() {
  Declaration made;
  made.name = "events.x::a\"b";
  made.durable = true;
  made.arguments = {{"x-expires", std::int64_t(5)}, {"x-queue-type", "quorum"}, {"x-flag", true}};
  return made;
}

Declaration binding() {
  Declaration made;
  made.kind = Declaration::Kind::binding;
  made.name = "amq.topic";
  made.destination = "q";
  made.key = "events.#";
  return made;
}

TEST(NodeRequests, ForTheManagementPlugin) {
  const auto made = nodes::http_request(queue(), "");
  EXPECT_EQ(made.method, "PUT");
  EXPECT_EQ(made.target, "/api/queues/%2F/events.x%3A%3Aa%22b");
  EXPECT_EQ(
      made.body,
      R"({"durable":true,"auto_delete":false,"arguments":{"x-expires":5,"x-queue-type":"quorum","x-flag":true}})");
  const auto bound = nodes::http_request(binding(), "shop");
  EXPECT_EQ(bound.method, "POST");
  EXPECT_EQ(bound.target, "/api/bindings/shop/e/amq.topic/q/q");
  EXPECT_EQ(bound.body, R"({"routing_key":"events.#","arguments":{}})");
}

TEST(NodeRequests, ForTheManagementNode) {
  std::string encoded;
  nodes::encode_amqp(queue(), 7, encoded);
  const auto view = MessageView::parse(encoded);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->properties().to, "/queues/events.x%3A%3Aa%22b");
  EXPECT_EQ(view->properties().subject, "PUT");
  EXPECT_EQ(view->properties().reply_to, "$me");
  EXPECT_EQ(Reader(view->properties().message_id).unsigned_integer(), 7u);
  encoded.clear();
  nodes::encode_amqp(binding(), 8, encoded);
  EXPECT_EQ(MessageView::parse(encoded)->properties().to, "/bindings");
  EXPECT_EQ(MessageView::parse(encoded)->properties().subject, "POST");
}

TEST(Url, SaysHowTheBrokerIsSpokenTo) {
  const auto url = Url::parse("amqp://guest:guest@host:1234/shop?profile=rabbitmq-3&management=15673");
  EXPECT_EQ(url.vhost, "shop");
  EXPECT_EQ(url.profile, "rabbitmq-3");
  EXPECT_EQ(url.management, "15673");
  EXPECT_TRUE(Url::parse("amqp://host").vhost.empty());
  EXPECT_TRUE(Url::parse("amqp://host/").vhost.empty());
  EXPECT_THROW(Url::parse("amqp://host?profil=x"), std::invalid_argument);
}

}  // namespace
}  // namespace bascule::amqp
