#include <gtest/gtest.h>

#include "bascule/amqp/message.hpp"
#include "bascule/events/event.hpp"

namespace bascule::events {
namespace {

Event sample() {
  Event event;
  event.topic = "events.shop.OrderPlaced";
  event.type = "shop.OrderPlaced";
  event.id = "0190-1";
  event.source = "orders";
  event.key = "42";
  event.time_ms = 1'767'225'600'123;
  event.body = "thrift";
  event.trace = telemetry::TraceContext::make();
  return event;
}

TEST(Event, ComesBackAsItWas) {
  std::string bytes;
  encode_event(sample(), bytes);
  const auto incoming = decode_event(bytes);
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->event.id, "0190-1");
  EXPECT_EQ(incoming->event.type, "shop.OrderPlaced");
  EXPECT_EQ(incoming->event.source, "orders");
  EXPECT_EQ(incoming->event.key, "42");
  EXPECT_EQ(incoming->event.time_ms, 1'767'225'600'123);
  EXPECT_EQ(incoming->event.body, "thrift");
  EXPECT_TRUE(incoming->event.trace.valid());
}

TEST(Event, IsADurableCloudEvent) {
  std::string bytes;
  encode_event(sample(), bytes);
  const auto view = amqp::MessageView::parse(bytes);
  EXPECT_TRUE(view->header().durable);
  EXPECT_EQ(view->properties().group_id, "42");
  EXPECT_EQ(amqp::Reader(view->properties().message_id).text(), "0190-1");
  EXPECT_EQ(std::get<std::string_view>(*view->application_property("cloudEvents_specversion")), "1.0");
  EXPECT_EQ(std::get<std::string_view>(*view->application_property("cloudEvents_subject")), "42");
}

TEST(Event, TheOtherSpellingOfThePrefixIsUnderstood) {
  amqp::OutgoingMessage message;
  message.content_type = "application/vnd.apache.thrift.compact";
  message.application_properties = {{"cloudEvents:id", amqp::Value(std::string_view("x"))},
                                    {"cloudEvents:type", amqp::Value(std::string_view("t"))}};
  std::string bytes;
  message.encode(bytes);
  ASSERT_TRUE(decode_event(bytes));
}

TEST(Event, WhatIsNoEventIsRefused) {
  EXPECT_FALSE(decode_event("garbage"));
  amqp::OutgoingMessage message;
  message.content_type = "application/vnd.apache.thrift.compact";
  std::string no_id;
  message.encode(no_id);
  EXPECT_FALSE(decode_event(no_id));
  auto event = sample();
  std::string bytes;
  encode_event(event, bytes);
  EXPECT_FALSE(decode_event(bytes.substr(0, bytes.size() - 3)));
}

}  // namespace
}  // namespace bascule::events
