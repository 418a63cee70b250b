#include <gtest/gtest.h>

#include "bascule/amqp/message.hpp"

namespace bascule::amqp {
namespace {

std::string sample() {
  OutgoingMessage m;
  m.header.durable = true;
  m.header.ttl = 1500;
  m.header.delivery_count = 2;
  m.to = "rpc.shop.Catalog";
  m.subject = "get_product";
  m.reply_to = "reply/7";
  m.correlation_number = 1ull << 40;
  m.content_type = "application/vnd.apache.thrift.compact";
  m.group_id = "order-9";
  m.message_id = "id-1";
  m.message_annotations = {{"x-opt-test", Value(std::int64_t{5})}};
  m.application_properties = {{"traceparent", Value(std::string_view("00-abc"))}, {"bascule-idempotent", Value(true)}};
  m.body = "\x82\x21\x00payload";
  std::string out;
  m.encode(out);
  return out;
}

TEST(AmqpMessage, WhatIsWrittenIsRead) {
  const auto bytes = sample();
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  const auto header = view->header();
  EXPECT_TRUE(header.durable);
  EXPECT_EQ(header.ttl, 1500u);
  EXPECT_EQ(header.delivery_count, 2u);
  EXPECT_EQ(header.priority, 4);
  const auto p = view->properties();
  EXPECT_EQ(p.to, "rpc.shop.Catalog");
  EXPECT_EQ(p.subject, "get_product");
  EXPECT_EQ(p.reply_to, "reply/7");
  EXPECT_EQ(p.content_type, "application/vnd.apache.thrift.compact");
  EXPECT_EQ(p.group_id, "order-9");
  EXPECT_EQ(Reader(p.correlation_id).unsigned_integer(), 1ull << 40);
  EXPECT_EQ(Reader(p.message_id).text(), "id-1");
  EXPECT_EQ(std::get<bool>(*view->application_property("bascule-idempotent")), true);
  EXPECT_FALSE(view->application_property("absent"));
  EXPECT_EQ(std::get<std::int64_t>(*view->message_annotation("x-opt-test")), 5);
  std::string scratch;
  EXPECT_EQ(view->body(scratch), std::string_view("\x82\x21"));
}

TEST(AmqpMessage, EveryTruncationIsRefusedOrHarmless) {
  const auto bytes = sample();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const std::string cut = bytes.substr(0, n);
    const auto view = MessageView::parse(cut);
    if (!view) continue;  // a cut between two sections is a shorter message
    std::string scratch;
    (void)view->header();
    (void)view->properties();
    (void)view->body(scratch);
  }
  EXPECT_FALSE(MessageView::parse(bytes.substr(0, bytes.size() - 1)));
}

TEST(AmqpMessage, SectionsOutOfOrderOrTwiceAreRefused) {
  std::string header;
  Header{}.encode(header);
  EXPECT_FALSE(MessageView::parse(header + header));
  std::string data = {0x00, 0x53, 0x75, '\xa0', 0x01, 'x'};
  EXPECT_FALSE(MessageView::parse(data + header));
  EXPECT_TRUE(MessageView::parse(header + data + data));
}

TEST(AmqpMessage, SeveralDataSectionsAreJoined) {
  const std::string data = {0x00, 0x53, 0x75, '\xa0', 0x02, 'a', 'b'};
  const std::string both = data + data;
  const auto view = MessageView::parse(both);
  std::string scratch;
  EXPECT_EQ(view->body(scratch), "abab");
}

TEST(AmqpMessage, TheBarePartIsUntouched) {
  const auto bytes = sample();
  const auto view = MessageView::parse(bytes);
  Header changed = view->header();
  changed.delivery_count = 3;
  std::string next;
  changed.encode(next);
  next.append(view->bare_and_annotations());
  const auto again = MessageView::parse(next);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->header().delivery_count, 3u);
  EXPECT_EQ(again->bare_and_annotations(), view->bare_and_annotations());
}

}  // namespace
}  // namespace bascule::amqp
